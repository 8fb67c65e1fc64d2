"""read_graph: one network, in whatever format it comes, as a ComputationGraph."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import networkx as nx

from graf.exceptions import GraphError, InputError, UnknownNameError
from graf.graph import ComputationGraph
from graf.sources.onnx.file import read_onnx
from graf.sources.pytorch.module import read_module
from graf.spaces import SPACES, get_space, infer_space

__all__ = ["read_graph"]

NETWORK_SETTINGS = {"torch": ("fold_batch_norm",), "onnx": ("input_shapes", "fold_batch_norm")}


def read_graph(
    source: Any,
    example_inputs: Any = None,
    format: str | None = None,  # noqa: A002 - the word that users expect
    **settings: Any,
) -> ComputationGraph:
    """Read one network.

    Parameters
    ----------
    source : an architecture in the notation of a search space (a string, or a Python object
        that the space reads), a `torch.nn.Module`, a directed networkx graph, JSON text of a graph,
        the path of an .onnx or .json file, or a `ComputationGraph`, which is returned as it is.
    example_inputs : of a module: a tensor or a shape, a tuple of these and other arguments, or a
        dictionary of them by keyword. A string here is taken as `format`.
    format : name of a search space (`graf list spaces`), "torch", "onnx", "networkx" or "json"; None
        finds out.
    **settings : settings of the search space (such as `channels`); `fold_batch_norm` of a module or an
        ONNX file, and `input_shapes` of the latter (`graf.sources.pytorch.module`,
        `graf.sources.onnx.file`); or keywords of `graf.graph.convert.from_networkx`.

    Raises
    ------
    InputError
        If the source is none of these, or not valid in its format; `UnknownNameError` for an
        unknown format.
    UnsupportedError
        If what a module does depends on values, not on shapes alone.

    Examples
    --------
    >>> read_graph("64-41414-1_02_333").op_names.count("conv3x3")
    3
    >>> cell = "|nor_conv_3x3~0|+|none~0|none~1|+|none~0|none~1|skip_connect~2|"
    >>> read_graph(cell, channels=8).n_parameters < read_graph(cell).n_parameters
    True
    """
    if isinstance(example_inputs, str):
        example_inputs, format = None, example_inputs  # noqa: A001 - the parameter
    if isinstance(source, ComputationGraph):
        _refuse(settings, "a ComputationGraph")
        return source
    name = _format_of(source) if format is None else format
    if not isinstance(name, str) or name not in READERS:
        raise UnknownNameError("format", name, READERS)
    for setting in settings:
        if name in NETWORK_SETTINGS and setting not in NETWORK_SETTINGS[name]:
            raise UnknownNameError(f"setting of {name}", setting, NETWORK_SETTINGS[name])
    if name == "torch":
        return read_module(source, example_inputs, **settings)
    if example_inputs is not None:
        raise InputError(
            f"`example_inputs` are for PyTorch modules, not for the format {name!r}; leave them out"
            + (", or give `input_shapes`" if name == "onnx" else "")
        )
    return READERS[name](source, **settings)


def _format_of(source: Any) -> str:
    if isinstance(source, nx.Graph):
        return "networkx"
    written = isinstance(source, (str, tuple, list, Mapping)) and not _is_graph_json(source)
    if written and any(space.recognises(source) for space in SPACES.values()):
        return infer_space([source]).name
    suffix = Path(source).suffix.lower() if isinstance(source, (str, Path)) else ""
    if _is_torch_module(source):
        return "torch"
    if suffix == ".onnx":
        return "onnx"
    if suffix == ".json" or isinstance(source, Path) or (isinstance(source, str) and _is_json(source)):
        return "json"
    if not isinstance(source, (str, tuple, list, Mapping)) or len(source) == 0:
        raise InputError(
            f"`source` must be an architecture, a graph, JSON text or a path, got {source!r:.60}"
        )
    return infer_space([source]).name


def _is_graph_json(source: Any) -> bool:
    return isinstance(source, str) and "graf.ComputationGraph" in source[:200]


def _is_torch_module(source: Any) -> bool:
    """Whether it is a `torch.nn.Module`, found out without importing torch."""
    return any(base.__module__ == "torch.nn.modules.module" for base in type(source).__mro__)


def _is_json(text: str) -> bool:
    return text.lstrip().startswith("{")


def _read_json(source: Any, **settings: Any) -> ComputationGraph:
    _refuse(settings, "JSON")
    if isinstance(source, str) and (_is_json(source) or not source.lower().endswith(".json")):
        return ComputationGraph.from_json(source)
    try:
        text = Path(source).read_text(encoding="utf-8")
    except (OSError, TypeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"cannot read {str(source)!r:.200} as JSON: {reason}") from None
    try:
        return ComputationGraph.from_json(text)
    except InputError as error:
        raise GraphError(f"{source}: {error}") from None


def _read_cell(space: str, architecture: Any, **settings: Any) -> ComputationGraph:
    return get_space(space, **settings).graph(architecture)


def _refuse(settings: dict[str, Any], what: str) -> None:
    if settings:
        raise InputError(f"{what} takes no settings, got `{next(iter(settings))}`; leave it out")


READERS: dict[str, Callable[..., ComputationGraph]] = {
    "json": _read_json,
    "networkx": ComputationGraph.from_networkx,
    "onnx": read_onnx,
    "torch": read_module,
    **{name: partial(_read_cell, name) for name in SPACES},
}
