"""One network made ready for passes: its tensors, and calls that leave it as it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from copy import deepcopy
from dataclasses import dataclass, field, fields, is_dataclass, replace
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.utils.parametrize import ParametrizationList

from graf.proxies.batch import Batch, each
from graf.proxies.observe import Sequences
from graf.proxies.state import seeded, step_by_step, untouched
from graf.proxies.undefined import Undefined
from graf.spaces.torch_models.state import default_dtype

__all__ = ["Network", "first_tensor", "kernels"]

LAYER_MODULES = (nn.modules.conv._ConvNd, nn.Linear)
ALONG_SEQUENCES = (nn.Conv1d, nn.ConvTranspose1d)
LOOKUPS = (nn.Embedding, nn.EmbeddingBag)
NORMS = (nn.LayerNorm, nn.RMSNorm)  # their weights have the shape of what they normalise


@dataclass
class Network:
    """A module and what it is run on.

    No pass writes into the module: it is called with other tensors in the place of its parameters
    and buffers.

    Parameters
    ----------
    module : the module.
    batches : what it is run on; the second is for proxies that compare batches.
    dtype : of parameters and inputs that are floating-point numbers.
    device : where it is computed.
    seed : of everything that is drawn.
    """

    module: nn.Module
    batches: list[Batch]
    dtype: torch.dtype = torch.float32
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    seed: int = 0

    @property
    def batch(self) -> Batch:
        """The first batch."""
        return self.batches[0]

    def for_modes(self) -> Network:
        """The network whose modes a pass may set.

        Where a part has a `train` or `eval` of its own, of a copy in training mode: these may write into
        weights, as those of LoRA do, which are merged in evaluation mode.
        """
        if any(map(_sets_modes_itself, self.module.modules())):
            # deepcopy refuses tensors that are no leaves
            copies = {id(t): t.detach().clone() for _, _, t in self._other_tensors}
            return replace(self, module=deepcopy(self.module, copies).train())
        return self

    @cached_property
    def parameters(self) -> dict[str, Tensor]:
        """Parameters by name, detached from the module's; those that are shared come once."""
        return {name: self._ready(p) for name, p in self.module.named_parameters()}

    def buffers(self, dtype: torch.dtype | None = None) -> dict[str, Tensor]:
        """Copies of the buffers, which a call may write into."""
        return {name: self._ready(b, dtype).clone() for name, b in self._buffers.items()}

    @cached_property
    def _buffers(self) -> dict[str, Tensor]:
        return dict(self.module.named_buffers())

    @cached_property
    def _other_tensors(self) -> list[tuple[nn.Module, str, Tensor]]:
        """Attributes that are tensors but neither parameters nor buffers, such as a table."""
        parts = [(part, vars(part)) for part in self.module.modules()]
        return [
            (part, name, t) for part, values in parts for name, t in values.items() if isinstance(t, Tensor)
        ]

    @cached_property
    def _is_tied(self) -> bool:
        """Whether a tensor has several names; looking for them at every call costs much of it."""
        parameters = dict(self.module.named_parameters(remove_duplicate=False))
        buffers = dict(self.module.named_buffers(remove_duplicate=False))
        return len(parameters) + len(buffers) > len(self.parameters) + len(self._buffers)

    @cached_property
    def _is_recurrent(self) -> bool:
        return any(isinstance(part, nn.RNNBase) for part in self.module.modules())

    def _ready(self, tensor: Tensor, dtype: torch.dtype | None = None) -> Tensor:
        tensor = tensor.clone() if tensor.is_inference() else tensor.detach()
        to_gpu = self.device.type == "cuda"  # where nothing has to wait for it, as the other way it would
        dtype = dtype or self.dtype
        if tensor.is_complex():
            return tensor.to(self.device, dtype.to_complex(), non_blocking=to_gpu)
        if not tensor.is_floating_point():
            return tensor.to(self.device, non_blocking=to_gpu)
        return tensor.to(self.device, dtype, non_blocking=to_gpu)

    @cached_property
    def names(self) -> list[str]:
        """Names of the weights: of convolutions and linear layers, and matrices and kernels that
        other modules hold as a `weight`, such as `in_proj_weight` of `nn.MultiheadAttention`; not of
        embeddings and norms, nor whole numbers (weights that are quantised), nor other parameters such as
        a table of positions.
        """
        parameters = self.module.named_parameters()
        found = {id(p): name for name, p in parameters if p.is_floating_point() or p.is_complex()}
        names = [found[id(p)] for m in self.module.modules() for p in kernels(m) if id(p) in found]
        return list(dict.fromkeys(names))

    @property
    def weights(self) -> list[Tensor]:
        """The weights that proxies look at; shared ones once. `Undefined` where there is none."""
        self.check_weights()
        return [self.parameters[name] for name in self.names]

    def check_weights(self) -> None:
        """Raise `Undefined` where there are no weights."""
        if not self.names:
            raise Undefined("the network has no weights of convolutions or linear layers")

    def differentiable(self) -> tuple[dict[str, Tensor], list[Tensor]]:
        """The parameters with weights that gradients can be taken by, and these weights, if any."""
        leaves = [copy.requires_grad_() for copy in _copied([self.parameters[name] for name in self.names])]
        return self.parameters | dict(zip(self.names, leaves, strict=True)), leaves

    @cached_property
    def gives_channels_first(self) -> bool:
        """Whether sequences that it gives are (N, classes, positions), as of a convolution, not (N, tokens, classes)."""
        if not any(isinstance(part, ALONG_SEQUENCES) for part in self.module.modules()):
            return False
        sequences = Sequences()
        with torch.no_grad(), seeded(self.seed, self.device), untouched(self.module), sequences:
            output = first_tensor(self(self.parameters, self.batch.rows(slice(2)).inputs))
        return sequences.channels_first(output)

    def generator(self, offset: int = 0) -> torch.Generator:
        """A source of random numbers of its own."""
        return torch.Generator(self.device).manual_seed(self.seed + offset)

    def __call__(
        self, parameters: dict[str, Tensor], inputs: Any, buffers: dict[str, Tensor] | None = None
    ) -> Any:
        """What the module gives for inputs: one tensor, or a dictionary of them by keyword.

        Tensors that it makes, such as a first state of zeros, are as precise as its parameters.
        """
        inputs = each(inputs, torch.clone)  # the module may write over them
        args, kwargs = ((), inputs) if isinstance(inputs, Mapping) else ((inputs,), {})
        dtype = _dtype_of(parameters)
        for part, name, tensor in self._other_tensors:
            vars(part)[name] = self._ready(tensor, dtype).clone()
        state = {**_copies(parameters), **(self.buffers() if buffers is None else buffers)}
        with default_dtype(dtype or self.dtype), step_by_step() if self._is_recurrent else nullcontext():
            return functional_call(self.module, state, args, dict(kwargs), tie_weights=self._is_tied)


def _sets_modes_itself(part: nn.Module) -> bool:
    return type(part).train is not nn.Module.train or type(part).eval is not nn.Module.eval


def _copies(parameters: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Parameters that the module may write over; those that gradients are taken by are copies already."""
    found = {name: p if p.is_floating_point() else p.clone() for name, p in parameters.items()}
    written = [name for name, p in found.items() if p.is_floating_point() and not p.requires_grad]
    return found | dict(zip(written, _copied([found[name] for name in written]), strict=True))


def _copied(tensors: list[Tensor]) -> list[Tensor]:
    """Of numbers; on a GPU in few launches."""
    return list(torch._foreach_mul(tensors, 1)) if tensors else []


def _dtype_of(parameters: Mapping[str, Tensor]) -> torch.dtype | None:
    return next((p.dtype for p in parameters.values() if p.is_floating_point()), None)


def kernels(module: nn.Module) -> Iterator[nn.Parameter]:
    """The weights that a module holds itself, without computing one that is made of others.

    Of a weight that is normalised or pruned these are what it is made of, but for a vector of scales.
    """
    parameters = dict(module.named_parameters(recurse=False))
    if isinstance(module, LAYER_MODULES) and "weight" in parameters:
        yield parameters["weight"]
    elif isinstance(module, (*LAYER_MODULES, ParametrizationList)):
        # "weight_orig", "weight_v"; "original0", ...
        found = [p for name, p in parameters.items() if p.ndim > 1 and "bias" not in name]
        yield from (p for p in found if len(found) == 1 or _is_kernel(p))
    elif not isinstance(module, (*LOOKUPS, *NORMS)):
        found = [p for name, p in parameters.items() if "weight" in name]
        yield from (p for p in found if p.ndim == 2 or (p.ndim in (4, 5) and _is_kernel(p)))


def _is_kernel(parameter: Tensor) -> bool:
    """Whether it is more than a vector of scales, such as one of shape (1, channels, 1, 1)."""
    return parameter.numel() > max(parameter.shape)


def first_tensor(output: Any) -> Tensor:
    """The logits of an output, or its first tensor."""
    named = getattr(output, "logits", None)
    found = next(_tensors(output if named is None else named), None)
    if found is None:
        raise Undefined(f"the network gives no tensor of numbers, but {type(output).__name__}")
    return found


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        if value.is_floating_point():
            yield value
    elif isinstance(value, Mapping):
        for item in [value["logits"]] if "logits" in value else value.values():
            yield from _tensors(item)
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from _tensors(item)
    elif is_dataclass(value):
        yield from _tensors([getattr(value, item.name) for item in fields(value)])
