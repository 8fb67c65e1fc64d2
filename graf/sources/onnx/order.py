"""The nodes of an ONNX graph in an order in which they can be computed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from graphlib import CycleError, TopologicalSorter

from onnx import NodeProto

from graf.exceptions import GraphError

__all__ = ["in_order"]


def _names_read(node: NodeProto) -> Iterator[str]:
    """Names that a node and the graphs within it read."""
    yield from filter(None, node.input)
    for attribute in node.attribute:
        for graph in (attribute.g, *attribute.graphs) if attribute.type in (5, 10) else ():
            for inner in graph.node:
                yield from _names_read(inner)
            yield from (output.name for output in graph.output)


def in_order(nodes: Sequence[NodeProto]) -> Sequence[NodeProto]:
    """The nodes as they stand if each follows what it reads, else in topological order.

    Raises `GraphError` for a cycle, naming the nodes on it.
    """
    giver = {name: i for i, node in enumerate(nodes) for name in node.output if name}
    reads = [[giver[name] for name in _names_read(node) if name in giver] for node in nodes]
    if all(max(own, default=-1) < i for i, own in enumerate(reads)):
        return nodes
    try:
        return [nodes[i] for i in TopologicalSorter(dict(enumerate(reads))).static_order()]
    except CycleError as error:
        around = [nodes[i].name or nodes[i].op_type for i in error.args[1]]
        raise GraphError(f"the graph has a cycle: {' -> '.join(around[:8]):.300}") from None
