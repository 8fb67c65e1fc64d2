"""Items: the architectures or graphs that features and predictors are asked about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd

from graf.checks import type_name
from graf.exceptions import GraphError, InputError
from graf.graph import ComputationGraph, GraphBatch
from graf.ops import OpSet
from graf.spaces import SearchSpace, get_space, infer_space
from graf.spaces.parts.notation import shown

__all__ = ["LISTS", "architectures_of", "graph_of_item", "read_batch", "text_of"]

LISTS = (Sequence, np.ndarray, pd.Series, pd.Index, pd.api.extensions.ExtensionArray)  # that items come in
NAMES = {str: "an architecture (a string, tuple or dictionary)", ComputationGraph: "a graph"}
REMEDY = "wrap a single architecture in a list, index a DataFrame by architecture, and read networks with `graf.read_graph`"


def read_batch(
    items: Any,
    space: str | SearchSpace | None = None,
    ops: OpSet | None = None,
    published: bool = False,
) -> tuple[pd.Index[Any], GraphBatch, SearchSpace | None]:
    """The index, the graphs and the search space of items.

    Parameters
    ----------
    items : list, array, Series or Index of architectures (strings, or Python objects that the
        space reads) or of graphs (`ComputationGraph` or networkx); a DataFrame indexed by
        architecture; a `GraphBatch`.
    space : search space of the architectures, or its name; None infers it from the first.
    ops : vocabulary of the batch; None takes that of the space, or all operations that occur.
    published : whether architectures become graphs as the published features count them.

    Returns
    -------
    tuple of the architectures as text (the DataFrame's own index; for graphs that of a Series, as
    `read_folder` gives it, else a `RangeIndex`), the graphs, and the space (None for graphs unless
    `space` names one).

    Raises
    ------
    InputError
        If `items` is empty, is a single architecture, or holds anything else; the message names
        the index of the item.

    Examples
    --------
    >>> index, batch, space = read_batch(["64-41414-1_02_333", "64-41414-0_00_111"])
    >>> list(index), len(batch), space.name
    (['64-41414-1_02_333', '64-41414-0_00_111'], 2, 'transnas_micro')
    """
    space = None if space is None else get_space(space)
    if isinstance(items, GraphBatch):
        return _graphs(items, space, ops)
    values = _values(items)
    if _kind(values) is ComputationGraph:
        batch = GraphBatch.from_graphs([_graph(i, value) for i, value in enumerate(values)])
        return _graphs(batch, space, ops, items.index if isinstance(items, pd.Series) else None)
    space = infer_space(values) if space is None else space
    drawn = space.published_batch(values) if published else space.batch(values)
    batch = drawn.with_ops(space.ops if ops is None else ops)
    if isinstance(items, pd.DataFrame):
        return items.index, batch, space
    return pd.Index([text_of(value, space) for value in values], dtype="str"), batch, space


def architectures_of(items: Any) -> list[Any] | None:
    """The architectures that `read_batch` takes as items; None if these are graphs."""
    values = [] if isinstance(items, GraphBatch) else _values(items)
    return values if values and _kind(values) is str else None


def graph_of_item(
    items: Any, position: int, *, space: SearchSpace | None, published: bool
) -> ComputationGraph:
    """The graph of one of the items that `read_batch` takes, with its names and all of its attributes."""
    if isinstance(items, GraphBatch):
        return items[position]
    value = _values(items)[position]
    if _kind_of(type(value)) is ComputationGraph:
        return _graph(position, value)
    space = infer_space([value]) if space is None else space
    return space.published_batch([value])[0] if published else space.graph(value)


def _graphs(
    batch: GraphBatch, space: SearchSpace | None, ops: OpSet | None, index: pd.Index[Any] | None = None
) -> tuple[pd.Index[Any], GraphBatch, SearchSpace | None]:
    if ops is None:
        ops = batch.ops if space is None else space.ops
    return pd.RangeIndex(len(batch)) if index is None else index, batch.with_ops(ops), space


def _values(items: Any) -> list[Any]:
    if isinstance(items, (str, bytes, ComputationGraph, nx.Graph)):
        raise InputError(f"`items` must be a list, got one {type(items).__name__}; wrap it in a list")
    if isinstance(items, pd.DataFrame):
        items = items.index
    if not isinstance(items, LISTS):
        raise InputError(f"`items` must be a list, an array or a DataFrame, got {type_name(items)}")
    if isinstance(items, np.ndarray) and items.ndim != 1:
        raise InputError(f"`items` must have one dimension, got shape {items.shape}; pass one column of it")
    if len(items) == 0:
        raise InputError("`items` must hold at least one architecture or graph, got none")
    values = list(items) if isinstance(items, Sequence) else items.tolist()
    return values if set(map(type, values)) == {str} else [_plain(value) for value in values]


def _plain(value: Any) -> Any:
    """Arrays as lists, also in a dictionary: what pandas reads from columns of lists."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    return {key: _plain(entry) for key, entry in value.items()} if type(value) is dict else value


def _kind(values: list[Any]) -> type | None:
    """str for architectures, ComputationGraph for graphs; each type among the values is judged once."""
    kinds = {found: _kind_of(found) for found in set(map(type, values))}
    first = kinds[type(values[0])]
    if first is None or len(set(kinds.values())) > 1:
        at = next(i for i, value in enumerate(values) if first is None or kinds[type(value)] != first)
        expected = " or ".join(NAMES.values()) if first is None else f"{NAMES[first]}, as item 0 is"
        raise InputError(f"item {at} must be {expected}, got {shown(values[at])}; {REMEDY}")
    return first


def _kind_of(found: type) -> type | None:
    if issubclass(found, (str, tuple, list, Mapping)):
        return str
    return ComputationGraph if issubclass(found, (ComputationGraph, nx.Graph)) else None


def _graph(position: int, value: ComputationGraph | nx.DiGraph[Any]) -> ComputationGraph:
    if isinstance(value, ComputationGraph):
        return value
    try:
        return ComputationGraph.from_networkx(value)
    except InputError as error:
        raise GraphError(f"item {position}: {error}") from None


def text_of(architecture: Any, space: SearchSpace) -> str:
    """What tables call an architecture: text stays as it is, a tuple of numbers as its text; other objects as the space writes them."""
    if isinstance(architecture, str):
        return architecture
    if isinstance(architecture, (tuple, list)) and not any(map(np.iterable, architecture)):
        return str(tuple(map(int, architecture)))
    return space.format(space.parse(architecture))
