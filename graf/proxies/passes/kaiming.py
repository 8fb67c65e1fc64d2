"""The pass with Kaiming normal weights: what blocks make of noise (AZ-NAS)."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd import grad
from torch.nn import functional as F  # noqa: N812 - its usual name

from graf.proxies.batch import normal
from graf.proxies.network import LAYER_MODULES, Network, first_tensor
from graf.proxies.observe import Sequences, outputs_of
from graf.proxies.passes.redrawn import fresh_buffers, noise, redrawn
from graf.proxies.passes.results import Results
from graf.proxies.undefined import Undefined

__all__ = ["blocks_of", "run"]

SEQUENCES = (nn.Sequential, nn.ModuleList)


def run(network: Network, wanted: frozenset[str], results: Results) -> None:
    """One forward, and one backward between each two consecutive blocks, in training mode."""
    network.module.train()
    x, generator = noise(network, 4), network.generator(3)

    def kaiming(weight: Tensor) -> Tensor:
        return (normal(weight, generator) * (2 / weight[0].numel()) ** 0.5).requires_grad_()

    outputs: list[Tensor] = []

    def see(block: nn.Module, output: Any) -> Any:
        outputs.append(first_tensor(output))
        return output.clone() if isinstance(output, Tensor) else None  # what follows may write over it

    sequences = Sequences()
    with outputs_of(blocks_of(network.module), see), sequences:
        if isinstance(x, Tensor):
            x.requires_grad_()  # so that blocks without weights are differentiated too
        network(redrawn(network, kaiming), x, fresh_buffers(network))
    if len(outputs) < 2:
        raise Undefined(f"the network has {len(outputs)} blocks; expected at least two")
    results["block_outputs"] = [by_position(output.detach(), sequences) for output in outputs]
    if "block_gradients" in wanted:
        with results.attempt(["block_gradients"]):
            signs = network.generator(5)
            results["block_gradients"] = [_between(*pair, sequences, signs) for pair in pairwise(outputs)]


def blocks_of(module: nn.Module) -> list[nn.Module]:
    """The blocks of a network, in the order of its modules.

    These are the modules with parts of their own that the outermost `nn.Sequential` or
    `nn.ModuleList` around them holds; if there are not two, its convolutions; if there are not two
    of these, its linear layers too.
    """
    blocks = list(_in_sequences(module))
    for kinds in (LAYER_MODULES[:1], LAYER_MODULES):
        if len(blocks) < 2:
            blocks = [part for part in module.modules() if isinstance(part, kinds)]
    return blocks


def _in_sequences(module: nn.Module) -> list[nn.Module]:
    if isinstance(module, SEQUENCES):
        return [child for child in module if any(True for _ in child.children())]
    return [block for child in module.children() for block in _in_sequences(child)]


def by_position(x: Tensor, sequences: Sequences) -> Tensor:
    """(positions of all inputs, channels): pixels of images, places or tokens of sequences."""
    if x.ndim not in (2, 3, 4):
        raise Undefined(f"a block gives shape {tuple(x.shape)}; expected images, tokens or vectors")
    return (x.movedim(1, -1) if sequences.channels_first(x) else x).flatten(0, -2)


def _between(
    before: Tensor, after: Tensor, sequences: Sequences, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Random signs at the output of a block, and their gradient at its input."""
    signs = torch.randint(0, 2, after.shape, generator=generator, device=after.device)
    signs = (2 * signs - 1).to(after.dtype)
    (found,) = grad(after, [before], signs, retain_graph=True, materialize_grads=True)
    if found.ndim == 4 and found.shape[2:] != signs.shape[2:] and signs.ndim == 4:
        found = F.pixel_unshuffle(found, max(1, found.shape[2] // signs.shape[2]))
    at_output, at_input = by_position(signs, sequences), by_position(found, sequences)
    if len(at_output) != len(at_input):
        raise Undefined(
            f"a block makes {len(at_output)} positions of {len(at_input)}; only images that it makes smaller"
            " by a whole factor are matched"
        )
    return at_output, at_input
