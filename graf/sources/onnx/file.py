"""Reading an ONNX file: what it declares is enough, weights stay on disk."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from graf.exceptions import GrafError, GraphError, InputError, UnknownNameError, require
from graf.graph import ComputationGraph
from graf.sources.network import to_graph

if TYPE_CHECKING:
    from onnx import ModelProto

__all__ = ["read_onnx"]

Shapes = Mapping[str, Sequence[int]]


def read_onnx(
    path: str | os.PathLike[str], *, input_shapes: Shapes | None = None, fold_batch_norm: bool = True
) -> ComputationGraph:
    """The graph of an ONNX file, of any opset from 11 on; older ones are read as far as they go.

    Nothing is computed but shapes, no code of the file runs, and nothing is fetched. External data
    is not loaded but for tensors of a few numbers; it must lie in the folder of the file.

    Parameters
    ----------
    path : the file.
    input_shapes : shapes of inputs by name. Where the file leaves a size open and none is given, it is
        the one that another axis of the same name has; else 1 along the first axis, and 0 where its
        name says `past`. An image, of four axes or more, has 3 channels on the second axis, unless the
        file says that the last axis is 1, 3 or 4 wide, and 224 along the others. Any other axis is a
        sequence of 128.
    fold_batch_norm : count a batch norm as part of the convolution or linear layer before it.

    Raises
    ------
    InputError
        If the file cannot be read, its external data is missing, or the shapes do not fit.
    GraphError
        If what the file holds is no network: damaged, with a cycle, with names that lead nowhere.
    MissingDependencyError
        Without onnx.

    Notes
    -----
    Only one branch of an `If` (the costlier) and one iteration of a `Loop` count; a warning lists
    their operations. An `If` whose condition follows from shapes is replaced by its branch.
    Complexity: linear in the number of nodes.
    """
    require("onnx", extra="onnx")
    from graf.sources.onnx.network import network_of

    if not isinstance(path, (str, os.PathLike)):
        raise InputError(f"`source` must be the path of an ONNX file, got {path!r:.60}")
    path = Path(path)
    model = _load(path)
    try:
        _check_external_data(model, path)
        return to_graph(network_of(model, path.parent, input_shapes), fold_batch_norm=fold_batch_norm)
    except UnknownNameError:
        raise
    except GrafError as error:
        raise type(error)(f"{path}: {' '.join(str(error).split())}") from error
    except (RecursionError, MemoryError, OverflowError) as error:
        raise GraphError(f"{path}: sizes or nesting beyond all bounds ({type(error).__name__})") from error


def _load(path: Path) -> ModelProto:
    import onnx
    from google.protobuf.message import DecodeError

    try:
        model = onnx.load(path, format="protobuf", load_external_data=False)
    except (OSError, ValueError) as error:  # ValueError: a null byte in the path
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"cannot read {str(path)!r:.200} as ONNX: {reason}") from None
    except DecodeError:
        raise InputError(
            f"{path} is not an ONNX file, or only part of one; export or download it again"
        ) from None
    if not model.graph.node:
        raise InputError(f"{path} holds no ONNX graph with nodes; is it an ONNX file, and a whole one?")
    return model


def _check_external_data(model: ModelProto, path: Path) -> None:
    """Whether every tensor that is kept in another file is there."""
    from graf.sources.onnx.checks import tensors_of

    sizes: dict[str, int] = {}
    for tensor in tensors_of(model):
        if tensor.data_location == tensor.EXTERNAL:
            entries = {str(entry.key): str(entry.value) for entry in tensor.external_data}
            location = entries.get("location", "")
            if location not in sizes:
                sizes[location] = _size_of(location, path)
            end = _number(entries, "offset", 0) + _number(entries, "length", 0)
            if end > sizes[location]:
                raise InputError(
                    f"external data {location!r:.200} has {sizes[location]:,} bytes, but tensor"
                    f" {tensor.name!r:.80} ends at {end:,}; copy the whole file"
                )


def _size_of(location: str, path: Path) -> int:
    """Size of a file of external data, which may not lie outside of the model's folder."""
    try:
        file = (path.parent / location).resolve()
        folders = (path.parent.resolve(), path.resolve().parent)  # a link may lead to the model
        if not location or not any(file.is_relative_to(folder) for folder in folders):
            raise InputError(f"external data {location!r:.200} lies outside of the folder of the file")
        if not file.is_file():
            raise InputError(f"external data {location!r:.200} is missing; put it beside the file")
        return file.stat().st_size
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"external data {location!r:.200} cannot be read: {error}") from None


def _number(entries: dict[str, str], name: str, default: int) -> int:
    text = entries.get(name, str(default))
    if not text.isdecimal():
        raise GraphError(f"external data has the {name} {text!r:.40}, which is no number of bytes")
    return int(text)
