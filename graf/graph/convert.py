"""Computation graphs to and from networkx and JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from graf.exceptions import GraphError
from graf.ops import OpSet

if TYPE_CHECKING:
    from graf.graph.computation_graph import ComputationGraph

__all__ = ["from_json", "from_networkx", "to_json", "to_networkx"]

FORMAT = "graf.ComputationGraph"
FIELDS: dict[str, tuple[type, ...]] = {
    "ops": (list,), "operations": (list,), "edges": (list,), "inputs": (list,), "outputs": (list,),
    "ops_on": (str,), "names": (list, type(None)), "attributes": (dict,), "cells": (dict,),
}  # fmt: skip
RESERVED = ("name", "is_input", "is_output")


def from_networkx(
    cls: type[ComputationGraph], graph: nx.DiGraph[Any], *, op: str = "op", **kwargs: Any
) -> ComputationGraph:
    """Build a computation graph from a directed networkx graph.

    If edges carry the attribute `op`, operations are on edges and nodes are junctions;
    otherwise operations are read from the nodes, and a node without one (or with None) is a
    junction. Nodes are labelled by their attribute `name`, else by what they are. Nodes with a
    true `is_input` or `is_output` are the ends; without any, the nodes without predecessors and
    without successors are. With operations on nodes, other numeric attributes that all nodes
    carry are kept.

    Parameters
    ----------
    graph : a `networkx.DiGraph` or `MultiDiGraph` without cycles.
    op : name of the attribute that holds the operation.
    **kwargs : passed to `ComputationGraph.from_edges`.

    Raises
    ------
    GraphError
        If the graph is undirected, has a cycle, has operations on some edges only or on both
        edges and nodes, or has texts, but none under the name of the operation.

    Examples
    --------
    >>> g = nx.DiGraph([("a", "b")])
    >>> nx.set_node_attributes(g, {"a": "conv3x3", "b": "skip"}, "op")
    >>> from graf import ComputationGraph
    >>> ComputationGraph.from_networkx(g).names
    ('a', 'b')
    """
    if not isinstance(graph, nx.Graph) or not graph.is_directed():
        raise GraphError(f"`graph` must be a directed networkx graph, got {type(graph).__name__}")
    number = {node: i for i, node in enumerate(graph)}
    names = [str(data.get("name", node)) for node, data in graph.nodes(data=True)]
    edges: list[tuple[int, int, Any]] = [
        (number[u], number[v], data.get(op)) for u, v, data in graph.edges(data=True)
    ]
    kwargs = {"names": names, **_ends(graph, number), **kwargs}
    if any(name is not None for _, _, name in edges):
        _check_edge_form(graph, op)
        names += [f"{names[u]}->{names[v]}" for u, v, _ in edges]
        return cls.from_edge_operations(len(number), edges, **kwargs)
    kwargs = {"attributes": _attributes(graph, op), "ops_on": graph.graph.get("ops_on", "nodes"), **kwargs}
    _check_node_form(graph, op)
    operations = [data.get(op) for _, data in graph.nodes(data=True)]
    return cls.from_edges(operations, [(u, v) for u, v, _ in edges], **kwargs)


def _check_edge_form(graph: nx.DiGraph[Any], op: str) -> None:
    for u, v, data in graph.edges(data=True):
        if data.get(op) is None:
            raise GraphError(f"operations must be on all edges or on none, but edge {(u, v)!r} has none")
    for node, data in graph.nodes(data=True):
        if data.get(op) is not None:
            raise GraphError(f"operations must be on edges or on nodes, but node {node!r} has one as well")


def _check_node_form(graph: nx.DiGraph[Any], op: str) -> None:
    """Texts under other names may be the operations; a graph without any text is of junctions."""
    found = [*graph.nodes.values(), *graph.edges.values()]
    texts = {name for data in found for name, value in data.items() if isinstance(value, str)} - {*RESERVED}
    if texts and not any(op in data for data in found):
        raise GraphError(
            f"operations must be the attribute {op!r} of nodes or edges, but these have"
            f" {', '.join(sorted(map(repr, texts))):.80}; name the attribute with `op`"
        )


def _ends(graph: nx.DiGraph[Any], number: dict[Any, int]) -> dict[str, Any]:
    found: dict[str, list[int]] = {}
    for key, flag in (("inputs", "is_input"), ("outputs", "is_output")):
        for node, data in graph.nodes(data=True):
            marked = data.get(flag, False)
            if not isinstance(marked, (bool, int, np.bool_)):
                raise GraphError(f"`{flag}` must be true or false, got {marked!r:.60} at node {node!r}")
            if marked:
                found.setdefault(key, []).append(number[node])
    return found


def _attributes(graph: nx.DiGraph[Any], op: str) -> dict[str, NDArray[Any]]:
    data = [attributes for _, attributes in graph.nodes(data=True)]
    shared = set.intersection(*map(set, data)) if data else set()
    names = sorted(name for name in shared - {op, *RESERVED} if isinstance(name, str))
    columns = {name: _numbers([attributes[name] for attributes in data]) for name in names}
    return {name: column for name, column in columns.items() if column is not None}


def _numbers(values: list[Any]) -> NDArray[Any] | None:
    try:
        array = np.asarray(values)
    except ValueError:  # entries of different shapes
        return None
    return array if array.dtype.kind in "iuf" else None


def to_networkx(graph: ComputationGraph) -> nx.MultiDiGraph[int]:
    """The graph as a `networkx.MultiDiGraph` over node numbers, without its named cells."""
    result: nx.MultiDiGraph[int] = nx.MultiDiGraph(ops_on=graph.ops_on)
    inputs, outputs = set(graph.inputs.tolist()), set(graph.outputs.tolist())
    for node, op in enumerate(graph.op_names):
        data = {name: values[node].tolist() for name, values in graph.attributes.items()}
        data |= {"op": op, "is_input": node in inputs, "is_output": node in outputs}
        if graph.names is not None:
            data["name"] = graph.names[node]
        result.add_nodes_from([(node, data)])
    result.add_edges_from(graph.edges.tolist())
    return result


def to_json(graph: ComputationGraph) -> str:
    """The graph as one JSON object; node numbers are topological."""
    return json.dumps(
        {
            "format": FORMAT,
            "version": 1,
            "ops": list(graph.ops),
            "operations": list(graph.op_names),
            "edges": graph.edges.tolist(),
            "inputs": graph.inputs.tolist(),
            "outputs": graph.outputs.tolist(),
            "ops_on": graph.ops_on,
            "names": None if graph.names is None else list(graph.names),
            "attributes": {name: values.tolist() for name, values in sorted(graph.attributes.items())},
            "cells": {name: nodes.tolist() for name, nodes in sorted(graph.cells.items())},
        }
    )


def from_json(cls: type[ComputationGraph], text: str) -> ComputationGraph:
    """Read the JSON that `to_json` writes."""
    if not isinstance(text, str):
        raise GraphError(f"`text` must be a string, got {type(text).__name__}")
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise GraphError(f"`text` must be JSON, got {text[:40]!r}: {error}") from None
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise GraphError(f'`text` must be a JSON object with "format": "{FORMAT}", got {text[:60]!r}')
    if data.get("version") != 1:
        raise GraphError(f"`version` must be 1, got {data.get('version')!r:.40}; a newer graf may read it")
    for field, kinds in FIELDS.items():
        if field not in data or not isinstance(data[field], kinds):
            raise GraphError(f"field {field!r} is missing or of the wrong type, got {data.get(field)!r:.60}")
    fields = {field: data[field] for field in FIELDS if field != "ops"}
    return cls.from_edges(ops=OpSet(tuple(data["ops"])), **fields)
