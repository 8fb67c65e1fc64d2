"""Witnesses of a part of a graph, or of its simplified form, in terms of the whole graph."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from graf.explainers.witnesses.witness import Edge, Place, Witness
from graf.graph import ComputationGraph

__all__ = ["in_original", "renumbered", "simplified_with_sources"]

SOURCE = "n_source"


def simplified_with_sources(graph: ComputationGraph) -> tuple[ComputationGraph, list[int]]:
    """The simplified graph, and the node of the graph behind each of its nodes."""
    numbered = replace(graph, attributes={**graph.attributes, SOURCE: np.arange(graph.n_nodes)}).simplified()
    attributes = dict(numbered.attributes)
    sources = attributes.pop(SOURCE).tolist()
    return replace(numbered, attributes=attributes), sources


def renumbered(found: Witness, nodes: Sequence[int]) -> Witness:
    """The witness of a cell in the whole graph, in which its nodes have other numbers."""
    ways = {(u, v): (nodes[u], nodes[v]) for u, v in found.edges}
    return _moved(found, nodes, ways)


def in_original(found: Witness, graph: ComputationGraph, sources: Sequence[int]) -> Witness:
    """The witness of the simplified graph in the graph.

    An edge becomes the shortest way over identities and junctions, which the simplified graph leaves out.
    Where a repeated operation was merged with another, there is no way, and the ends stand for the edge.
    """
    ways = {(u, v): _way(graph, sources[u], sources[v]) for u, v in found.edges}
    return _moved(found, sources, ways)


def _moved(found: Witness, nodes: Sequence[int], ways: Mapping[Edge, Sequence[int]]) -> Witness:
    amounts: dict[Place, float] = {}
    for at, amount in found.amounts.items():
        places = _places(at, nodes, ways)
        for place in places:
            amounts[place] = amounts.get(place, 0.0) + amount / len(places)
    edges = sorted({edge for way in ways.values() for edge in pairwise(way)})
    seen = {nodes[v] for v in found.nodes} | {v for edge in edges for v in edge}
    return replace(found, amounts=amounts, nodes=tuple(sorted(seen)), edges=tuple(edges))


def _places(at: Place, nodes: Sequence[int], ways: Mapping[Edge, Sequence[int]]) -> list[Place]:
    """Where the node or the edges of the way are; the ends of an edge without a way."""
    if isinstance(at, int):
        return [nodes[at]]
    return [*pairwise(ways[at])] or [nodes[at[0]], nodes[at[1]]]


def _way(graph: ComputationGraph, start: int, end: int) -> list[int]:
    """The shortest way between two nodes over live identities and junctions; [] if there is none."""
    passes = [
        bool(graph.live[v]) and (op < 0 or graph.ops.operation(op).identity)
        for v, op in enumerate(graph.node_op.tolist())
    ]
    before = {start: -1}
    pending = deque([start])
    while pending:
        u = pending.popleft()
        for v in graph.successors(u).tolist():
            if v not in before:
                before[v] = u
                pending += [v] if passes[v] else []
    way = [end] if end in before else []
    while way and way[-1] != start:
        way.append(before[way[-1]])
    return way[::-1]
