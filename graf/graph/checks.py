"""Checks of what graphs are made from, which give it as graphs hold it; all raise `GraphError`."""

from __future__ import annotations

import re
import reprlib
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graf.exceptions import GraphError
from graf.ops import OpSet
from graf.ops.op_set import FORBIDDEN, is_name

__all__ = [
    "as_array", "as_attributes", "as_cells", "as_indices", "as_labels", "as_list", "check_nodes", "check_op_set",
    "check_range", "short",
]  # fmt: skip

ATTRIBUTE_TYPES = {"b": np.bool_, "i": np.int64, "u": np.int64, "f": np.float64, "U": np.str_}


def check_op_set(ops: Any) -> None:
    """Raise unless it is a vocabulary."""
    if not isinstance(ops, OpSet):
        raise GraphError(f"`ops` must be an OpSet, got {short(ops)}")


def check_nodes(name: str, nodes: NDArray[np.int32], n: int) -> None:
    """Raise unless these are different nodes of a graph of n."""
    check_range(name, nodes, 0, n)
    if len(set(nodes.tolist())) != len(nodes):
        raise GraphError(f"`{name}` must be distinct, got {short(nodes)}")


def check_range(name: str, values: NDArray[np.int32], low: int, high: int) -> None:
    """Raise unless values are at least `low` and below `high`."""
    if len(values) and (values.min() < low or values.max() >= high):
        wrong = np.flatnonzero((values < low) | (values >= high))[0]
        raise GraphError(
            f"`{name}` must lie between {low} and {high - 1}, got {values[wrong]} at index {wrong}"
        )


def as_array(name: str, values: Any) -> NDArray[Any]:
    """Any array."""
    try:
        return np.asarray(values)
    except (TypeError, ValueError, OverflowError):
        raise GraphError(f"`{name}` must be a list of equal entries, got {short(values)}") from None


def as_list(name: str, values: Any) -> list[Any]:
    """Any list but text."""
    if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
        raise GraphError(f"`{name}` must be a list, got {short(values)}")
    return list(values)


def as_indices(name: str, values: Any) -> NDArray[np.int32]:
    """A read-only array of whole numbers."""
    array = as_array(name, values)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise GraphError(f"`{name}` must be a list of integers, got {short(values)}")
    if array.size and (array.min() < -(2**31) or array.max() >= 2**31):
        raise GraphError(f"`{name}` must fit into 32 bits, got {short(values)}")
    return _frozen(array.astype(np.int32))


def as_labels(names: Any, n: int) -> list[str]:
    """A label for each of n nodes."""
    labels = [str(name) for name in as_list("names", names)]
    if len(labels) != n:
        raise GraphError(f"`names` must have {n} entries, got {len(labels)}")
    return labels


def as_attributes(values: Any, n: int) -> dict[str, NDArray[Any]]:
    """Read-only arrays for n nodes by name; columns are called after them."""
    found = _mapping("attributes", values)
    for name in found:
        if not is_name(name):
            raise GraphError(
                "names of `attributes` must be non-empty printable strings without any of"
                f" {FORBIDDEN!r}, got {short(name)}"
            )
    return {name: _attribute(name, entries, n) for name, entries in found.items()}


def as_cells(values: Any) -> dict[str, NDArray[np.int32]]:
    """Nodes by name of a cell; columns are called after them, and after the simplified graph in the same place."""
    found = _mapping("cells", values)
    for name in found:
        if not re.fullmatch(r"\w+", name) or name == "simplified":
            raise GraphError(
                "names of `cells` must consist of letters, digits and underscores, and not be"
                f" 'simplified', got {short(name)}"
            )
    return {name: as_indices(f"cells[{name!r}]", nodes) for name, nodes in found.items()}


def _attribute(name: str, values: Any, n: int) -> NDArray[Any]:
    array = as_array(f"attributes[{name!r}]", values)
    if array.ndim == 0 or len(array) != n:
        raise GraphError(f"attribute {name!r} must have {n} entries, got {short(values)}")
    kind = array.dtype.kind
    if kind not in ATTRIBUTE_TYPES or (kind == "u" and np.any(array >= 2**63)):
        raise GraphError(f"attribute {name!r} must hold 64-bit numbers or strings, got {short(values)}")
    return _frozen(array.astype(ATTRIBUTE_TYPES[kind]))


def _mapping(name: str, values: Any) -> Mapping[str, Any]:
    if not isinstance(values, Mapping) or not all(isinstance(key, str) for key in values):
        raise GraphError(f"`{name}` must be a dict with names as keys, got {short(values)}")
    return values


def _frozen(array: NDArray[Any]) -> NDArray[Any]:
    array.flags.writeable = False
    return array


def short(value: Any) -> str:
    """A value in an error, cut where it is long."""
    return reprlib.repr(value.tolist() if isinstance(value, np.ndarray) else value)
