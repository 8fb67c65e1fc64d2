"""Reading a PyTorch module: captured by `torch.export`, then step by step."""

from __future__ import annotations

import logging
import sysconfig
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import fields, is_dataclass
from io import StringIO
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from graf.checks import is_whole
from graf.exceptions import InputError, UnsupportedError, require
from graf.graph import ComputationGraph
from graf.sources.network import to_graph

__all__ = ["read_module"]

REMEDY = "give tensors (integer ones for token ids) or shapes, as a tuple in order or a dictionary by name"
OF_VALUES = ("data-dependent", "meta tensors", "but got FakeTensor")  # in errors of torch, the last of a size


def read_module(module: Any, example_inputs: Any = None, *, fold_batch_norm: bool = True) -> ComputationGraph:
    """The graph of a `torch.nn.Module`, in evaluation mode, for example inputs.

    Nothing is computed: `torch.export` runs the module on tensors without content, so that weights
    on the meta device will do, though causal masks and fixed sines in buffers are told by their content,
    which is missing there. The module, its mode and its weights stay as they are. Sizes that depend
    on values, such as how many tokens an expert gets, count as 1; a warning says so.

    Parameters
    ----------
    module : the module.
    example_inputs : a tensor or a shape; a tuple of tensors, shapes and other arguments; or a
        dictionary of them by keyword. A shape stands for floating-point numbers; token ids need a
        tensor of integers. Batch sizes count in multiply-adds and activations: use 1. The first axis
        is taken for the batch: `sequence` of a module that is given (length, batch, features) is mostly
        the batch, unless `batch_first=True` or a transposition in a module around it.
    fold_batch_norm : count a batch norm as part of the convolution or linear layer before it, as
        ONNX exporters write it (attribute `folded_norms`); its parameters count.

    Raises
    ------
    InputError
        If the module does not take the example inputs; the message names the line.
    UnsupportedError
        If what the module does depends on values of tensors; the message names the line.
    MissingDependencyError
        Without torch.
    """
    require("torch", extra="torch")
    import torch

    if not isinstance(module, torch.nn.Module):
        raise InputError(f"`source` must be a torch.nn.Module, got {type(module).__name__}")
    _check_parts(module)
    if example_inputs is None:
        raise InputError(f"a module is read with `example_inputs`, got none; {REMEDY}")
    from graf.sources.pytorch.aten import network_of

    args, kwargs = _arguments(module, example_inputs)
    return to_graph(network_of(_exported(module, args, kwargs), module), fold_batch_norm=fold_batch_norm)


def _check_parts(module: Any) -> None:
    """Raise if a part is none that `torch.export` takes."""
    import torch

    for name, part in module.named_modules():
        place = f"holds in {name!r:.80}" if name else "is"
        if isinstance(part, torch.jit._script.RecursiveScriptModule if name else torch.jit.ScriptModule):
            raise InputError(
                f"`source` {place} a scripted module, which torch.export does not take; give the module itself"
            )
        if isinstance(getattr(part, "_packed_params", None), torch.ScriptObject):
            raise InputError(
                f"`source` {place} a layer with packed quantised weights, which torch.export does not take;"
                " give the module from before its conversion"
            )
        if any(map(torch.nn.parameter.is_lazy, (*part._parameters.values(), *part._buffers.values()))):
            raise InputError(
                f"`source` {place} a {type(part).__name__} whose weights have no shape yet;"
                " call the module once, on inputs like the example"
            )


def _arguments(module: Any, given: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Positional and keyword arguments, with tensors where the module's weights are."""
    import torch

    example = _to_examples(module)
    if isinstance(given, Mapping):
        return (), {name: example(value) for name, value in given.items()}
    if isinstance(given, (torch.Tensor, np.ndarray)) or _is_shape(given):
        return (example(given),), {}
    if not isinstance(given, (tuple, list)) or len(given) == 0:
        raise InputError(f"`example_inputs` cannot be {given!r:.60}; {REMEDY}")
    return tuple(map(example, given)), {}


def _to_examples(module: Any) -> Callable[[Any], Any]:
    """What turns an argument, or all that it holds, into tensors where the module's weights are."""
    import torch

    weights = next(iter((*module.parameters(), *module.buffers())), torch.empty(0))
    floats = (p.dtype for p in module.parameters() if p.is_floating_point())
    dtype = next(floats, torch.get_default_dtype())
    moved: dict[int, torch.Tensor] = {}  # a tensor that is given twice stays one

    def example(value: Any) -> Any:
        try:
            if _is_shape(value):
                return torch.empty(tuple(value), dtype=dtype, device=weights.device)
            if isinstance(value, np.ndarray):
                return moved.setdefault(id(value), torch.from_numpy(value).to(weights.device))
        except (TypeError, RuntimeError) as error:  # texts, objects, shapes beyond the memory
            raise InputError(
                f"`example_inputs` cannot hold {value!r:.60}: {error!s:.200}; {REMEDY}"
            ) from error
        if isinstance(value, torch.Tensor):
            if value.is_nested:
                raise InputError("`example_inputs` cannot hold a nested tensor; give a padded one")
            empty = value.is_meta  # it has no content to copy, and none is needed
            there = torch.empty_like(value, device=weights.device) if empty else value.to(weights.device)
            return moved.setdefault(id(value), there)
        if isinstance(value, Mapping):
            return {name: example(item) for name, item in value.items()}
        return type(value)(map(example, value)) if type(value) in (list, tuple) else value

    return example


def _is_shape(value: Any) -> bool:
    """Whether it is a tuple or list of positive integers, `torch.Size` included."""
    counts = isinstance(value, (tuple, list)) and all(map(is_whole, value))
    if counts and len(value) > 0 and min(value) < 1:
        raise InputError(f"a shape in `example_inputs` must hold positive integers, got {tuple(value)}")
    return counts and len(value) > 0


def _exported(module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The `ExportedProgram` of a module, or an error that names the line at fault."""
    import torch

    with _evaluating(module), _taking_masks_as_given(), torch.no_grad(), _quiet():
        try:
            program = torch.export.export(module, args, kwargs, strict=False)
            return program.run_decompositions({}) if _maps(program) else program
        except Exception as error:  # torch.export and the module raise errors of every kind
            reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
            where = _culprit(error)
            if _is_data_dependent(error):
                raise UnsupportedError(
                    f"what the module does depends on values of tensors{where}: {reason:.200};"
                    " rewrite it so that shapes alone decide, or read the part without it"
                ) from error
            raise InputError(
                f"the module failed on the example inputs{where}: {reason:.300}; {REMEDY}"
            ) from error


def _maps(program: Any) -> bool:
    """Whether parts of it are written for one sample, as `torch.vmap` does, until it is decomposed."""
    return any("_add_batch_dim" in str(node.target) for node in program.graph.nodes)


def _is_data_dependent(error: BaseException) -> bool:
    from torch._subclasses.fake_tensor import DataDependentOutputException, DynamicOutputShapeException
    from torch.fx.experimental.symbolic_shapes import GuardOnDataDependentSymNode

    kinds = (DataDependentOutputException, DynamicOutputShapeException, GuardOnDataDependentSymNode)
    return isinstance(error, kinds) or any(words in str(error) for words in OF_VALUES)


def _culprit(error: BaseException) -> str:
    """File, line and text, cut if long, of the deepest call outside of torch and of Python's own library.

    Without one, of the deepest call of a module of torch.
    """
    import torch

    own = str(Path(torch.__file__).parent), __file__, "<"
    library, layers = sysconfig.get_path("stdlib"), str(Path(torch.nn.__file__).parent)
    frames = traceback.extract_tb(error.__traceback__)
    outside = [
        frame
        for frame in frames
        if not frame.filename.startswith(own)
        and ("site-packages" in frame.filename or not frame.filename.startswith(library))
    ]
    inside = [frame for frame in frames if frame.filename.startswith(layers) and frame.name == "forward"]
    if not outside and not inside:
        return ""
    frame = (outside or inside)[-1]
    return f" at {frame.filename}:{frame.lineno} (`{frame.line or '':.200}`)"


@contextmanager
def _evaluating(module: Any) -> Iterator[None]:
    """The module in evaluation mode with plain outputs, and every part as it was afterwards.

    Not by `eval`, which modules may have a version of their own of that changes their weights, as LoRA has.
    """
    modes = {part: part.training for part in module.modules()}
    for part in modes:
        part.training = False
    hook = module.register_forward_hook(lambda _module, _inputs, output: _plain(output))
    try:
        yield
    finally:
        hook.remove()
        for part, mode in modes.items():
            part.training = mode


@contextmanager
def _taking_masks_as_given() -> Iterator[None]:
    """Keep layers of `torch.nn.Transformer` from comparing a mask with the causal one, which is for speed alone."""
    from torch.nn.modules import transformer

    def given(mask: Any, is_causal: bool | None = None, size: int | None = None) -> bool:
        return is_causal is True

    with patch.object(transformer, "_detect_is_causal_mask", given, create=True):  # private to torch
        yield


def _plain(output: Any) -> Any:
    """The tensors of an output in dictionaries, lists and tuples; what holds none is left out."""
    import torch

    if isinstance(output, torch.Tensor):
        return output
    if is_dataclass(output):
        output = {field.name: getattr(output, field.name) for field in fields(output)}
    if isinstance(output, Mapping):
        return {str(name): _plain(value) for name, value in output.items()}
    return [_plain(value) for value in output] if isinstance(output, (list, tuple)) else None


@contextmanager
def _quiet() -> Iterator[None]:
    """Nothing that torch warns of, logs or prints: an error of ours says it."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), redirect_stdout(StringIO()), redirect_stderr(StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
