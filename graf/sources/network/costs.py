"""What a step costs: multiply-adds, elementary operations, bytes moved; from shapes alone."""

from __future__ import annotations

from math import prod
from operator import attrgetter
from typing import NamedTuple

from graf.sources.network.linear import contracted
from graf.sources.network.step import Network, Step, is_fixed
from graf.sources.network.vocabulary import REARRANGEMENTS

__all__ = ["GATES", "Cost", "cost_of", "fixed_macs"]

GATES = {"lstm": 4, "gru": 3, "rnn": 1}  # of recurrent layers
REDUCTIONS = (
    "mean", "sum", "max", "min", "product", "argmax", "norm", "variance", "logsumexp", "global_avg_pool",
    "global_max_pool", "adaptive_avg_pool", "adaptive_max_pool",
)  # fmt: skip
FREE = ("embedding", "gather", "scatter", "concat", "identity")
NORMS = ("layer_norm", "group_norm", "instance_norm")


class Cost(NamedTuple):
    """Multiply-adds, elementary operations and bytes of one step, for the example input.

    Multiply-adds are those of convolutions, linear layers, products of tensors, attention and
    recurrent layers; biases do not count. Elementary operations are the rest: one for each element of
    the output (of a pool: times the kernel), of the input of a reduction, of the scores of attention.
    Bytes: what is read, once each, and written; of folded batch norms a bias is left. Multiply-adds as
    fvcore counts them, whose numbers published tables give: also 2 for each element of a batch norm, 5 of
    other norms, 1 of the input of an average pool. Activations: elements of the output.
    A branch costs what the costlier one does, a loop what one iteration does, in all of these.
    """

    macs: int = 0
    elementary: int = 0
    n_bytes: int = 0
    fvcore: int = 0
    activations: int = 0


def cost_of(step: Step) -> Cost:
    """The cost of a step, by its shapes as they are before rearrangements are dropped."""
    if step.settings.get("subgraphs"):
        return max(map(_total, step.settings["subgraphs"]), key=attrgetter("macs", "elementary"))
    macs = _macs(step)
    reads = step.reads[:3] if step.settings.get("folded_norms") else step.reads
    moved = {id(read): read.size * read.itemsize for read in reads if read.op != "constant"}
    n_bytes = sum(moved.values()) + step.size * step.itemsize
    return Cost(macs, _elementary(step, macs), n_bytes, macs + _fvcore(step), step.size)


def fixed_macs(step: Step) -> int:
    """What fvcore counts of a step that depends on no input, such as the norm of a weight in every pass."""
    if step.op in ("batch_norm", *NORMS):  # a batch norm of weights is in training mode
        return _norm(step)
    if len(step.reads) < 2:
        return 0
    return step.size * contracted(step) if step.op in ("linear", "matmul") else _macs(step)


def _norm(step: Step) -> int:
    return step.size * (5 if len(step.reads) > 1 else 4)  # with weights or without


def _fvcore(step: Step) -> int:
    """What fvcore counts beside multiply-adds."""
    if step.op in NORMS:
        return _norm(step)
    if "avg_pool" in step.op and step.reads:
        return step.reads[0].size
    return 2 * step.size * (step.settings.get("folded_norms", 0) + (step.op == "batch_norm"))


def _total(network: Network) -> Cost:
    """Of all steps but those that only move elements."""
    steps = [step for step in network if step.op not in ("input", *REARRANGEMENTS) and not is_fixed(step)]
    costs = list(map(cost_of, steps))
    return Cost(*(sum(getattr(cost, name) for cost in costs) for name in Cost._fields))


def _macs(step: Step) -> int:
    if "n_macs" in step.settings:
        return int(step.settings["n_macs"])
    if "kernel" in step.settings and "conv" in step.op:
        weight = step.reads[1].shape or (0, 0)
        positions = (step.reads[0] if "transpose" in step.op else step).size
        return positions * prod(weight[1:])
    if step.op in ("linear", "matmul"):
        return step.size * int(step.settings.get("contracted", 0))
    if step.op in GATES:
        *before, n_in = step.reads[0].shape or (0, 0)
        hidden = step.settings["hidden"]
        projected = step.settings.get("projected", 0)
        directions = 2 if step.settings.get("bidirectional") else 1
        positions = prod(before)
        gates = GATES[step.op] * hidden * (n_in + (projected or hidden))
        return int(positions * directions * (gates + hidden * projected))
    return 0


def _elementary(step: Step, macs: int) -> int:
    if step.op == "attention":
        return int(step.settings.get("n_scores", 0))
    if macs or step.op in FREE:
        return 0
    if step.op in REDUCTIONS:
        return step.reads[0].size if step.reads else 0
    return step.size * prod(step.settings.get("kernel", ()))
