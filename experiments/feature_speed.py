"""How fast features are: graf's kernels against networkx and rustworkx, side by side in one run.

    python experiments/feature_speed.py [results/feature_speed.json]

Every rival computes the same columns for the same graphs, and the values are compared. Rivals
run on a sample of the cells, since they take milliseconds for each.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import networkx as nx
import numba
import numpy as np
import rustworkx as rx
from _provenance import output_path, write_json
from _timing import typical

from graf import ComputationGraph, GraphBatch, GraphFeatures, OpSet, get_space
from graf.features import FEATURES
from graf.features.registry import OperationSets

PATHS_AND_DEGREES = ("min_path_len", "max_path_len", "node_degree")
PUBLISHED = ("op_count", *PATHS_AND_DEGREES)
SIZES = (200, 1000, 5000)
OPS = OpSet(("conv1x1", "conv3x3", "max_pool3x3", "skip", "relu"))


def main(out: Path) -> None:
    """Run all comparisons and write them as JSON."""
    numba.set_num_threads(min(2, numba.config.NUMBA_NUM_THREADS))
    found = {
        "threads": numba.get_num_threads(),
        "cells": cells(),
        "random_graphs": [random_graphs(size) for size in SIZES],
        "memory": [peak_memory(n) for n in (1_000, 100_000, 300_000, 1_000_000)],
    }
    write_json(found, out)
    print(json.dumps(found, indent=1))


def cells() -> dict[str, Any]:
    """NAS-Bench-201: the 191 published columns for all cells and for a million sampled ones."""
    space = get_space("nasbench201")
    everything, sampled = space.enumerate(), space.sample(1_000_000)
    road = GraphFeatures("nasbench201", compat="zc_combine")
    road.fit_transform(everything)
    batch = space.batch(everything)
    few = everything[:: len(everything) // 200]
    kernels = typical(kernel_run(batch, PUBLISHED), 15) / len(everything)
    million = space.batch(sampled)
    theirs = {"networkx": networkx_columns, "rustworkx": rustworkx_columns}
    graphs = [space.graph(cell) for cell in few]
    ours = kernel_run(GraphBatch.from_graphs(graphs), PATHS_AND_DEGREES)()
    rivals = {}
    for name, columns in theirs.items():
        assert np.array_equal(np.array([columns(g) for g in graphs]), ours, equal_nan=True)
        rivals[name] = typical(lambda columns=columns: [columns(g) for g in graphs], 3) / len(few)
    return {
        "kernel_cells_per_second": 1 / kernels,
        "kernel_cells_per_second_on_a_million": len(million) / typical(kernel_run(million, PUBLISHED), 5),
        "strings_to_table_cells_per_second": len(everything) / typical(lambda: road.transform(everything), 5),
        "strings_to_table_cells_per_second_on_a_million": len(sampled)
        / typical(lambda: road.transform(sampled), 1),
        "rival_cells_per_second": {name: 1 / seconds for name, seconds in rivals.items()},
        "kernels_times_faster_than": {name: seconds / kernels for name, seconds in rivals.items()},
    }


def kernel_run(batch: GraphBatch, names: tuple[str, ...]) -> Callable[[], np.ndarray]:
    """A call that fills the columns of several families, one after the other, in the same array."""
    sets = {name: FEATURES[name].sets(batch.ops) for name in names}
    sets |= {name: batch.ops.subsets() for name in PATHS_AND_DEGREES}
    plan = [(FEATURES[name], sets[name]) for name in names]
    ends = np.cumsum([len(sets) * len(declared.stats) for declared, sets in plan]).tolist()
    out = np.empty((len(batch), ends[-1]))

    def run() -> np.ndarray:
        for (declared, sets), start, end in zip(plan, [0, *ends], ends, strict=False):
            declared.compute(batch, sets, out[:, start:end])
        return out

    return run


def random_graphs(size: int) -> dict[str, Any]:
    """Both paths and degrees over 31 operation sets, from graphs to numbers, in seconds per graph.

    graf takes the graphs as a batch, as features do, and also one alone; rustworkx takes them
    one by one, since it knows no batches.
    """
    graphs = [random_graph(size, seed) for seed in range(max(8, 20_000 // size))]

    def ours(some: list[ComputationGraph]) -> np.ndarray:
        return kernel_run(GraphBatch.from_graphs(some), PATHS_AND_DEGREES)()

    def theirs() -> np.ndarray:
        return np.array([rustworkx_columns(graph) for graph in graphs[:8]])

    assert np.array_equal(ours(graphs[:8]), theirs(), equal_nan=True)
    batch = typical(lambda: ours(graphs), 15) / len(graphs)
    alone = typical(lambda: ours(graphs[:1]), 50)
    rival = typical(theirs, 5) / 8
    return {
        "nodes": size, "edges": graphs[0].n_edges, "graphs": len(graphs), "graf_seconds": batch,
        "graf_seconds_one_alone": alone, "rustworkx_seconds": rival, "times_faster": rival / batch,
        "times_faster_one_alone": rival / alone,
    }  # fmt: skip


def random_graph(size: int, seed: int) -> ComputationGraph:
    """A chain with random shortcuts of up to 50 nodes; operations are drawn uniformly."""
    rng = np.random.default_rng(seed)
    sources = rng.integers(0, size - 1, 2 * size)
    targets = np.minimum(sources + rng.integers(1, 50, 2 * size), size - 1)
    chain = np.stack([np.arange(size - 1), np.arange(1, size)], axis=1)
    edges = np.unique(np.concatenate([chain, np.stack([sources, targets], axis=1)]), axis=0)
    operations = [OPS.names[i] for i in rng.choice(len(OPS), size, p=[0.05, 0.6, 0.05, 0.15, 0.15])]
    return ComputationGraph.from_edges(operations, edges, inputs=[0], outputs=[size - 1], ops=OPS)


def networkx_columns(graph: ComputationGraph) -> np.ndarray:
    """Both path lengths and degrees over all sets through networkx, for one input and output."""
    whole = nx.DiGraph(graph.edges.tolist())
    start, end = int(graph.inputs[0]), int(graph.outputs[0])
    shortest, longest, degrees = [], [], []
    for allowed in masks(graph, graph.ops.subsets()):
        part = whole.subgraph(np.flatnonzero(allowed | (graph.node_op < 0)).tolist())
        lengths = [np.nan, np.nan]
        if (ways := between(part, start, end, graph)) is not None:
            first = int(graph.node_op[start] >= 0)
            lengths = [
                first + nx.dijkstra_path_length(ways, start, end, weight="ops"),
                first + nx.dag_longest_path_length(ways, weight="ops", default_weight=0),
            ]
        shortest.append(lengths[0])
        longest.append(lengths[1])
        degrees += degree_columns(graph, allowed)
    return np.array(shortest + longest + degrees, float)


def between(part: nx.DiGraph, start: int, end: int, graph: ComputationGraph) -> nx.DiGraph | None:
    """What lies on paths between two nodes, edges weighed by whether they lead to an operation; None without one."""
    if start not in part or end not in part or not nx.has_path(part, start, end):
        return None
    found = nx.DiGraph(
        part.subgraph((nx.descendants(part, start) | {start}) & (nx.ancestors(part, end) | {end}))
    )
    for u, v in found.edges:
        found[u][v]["ops"] = int(graph.node_op[v] >= 0)
    return found


def rustworkx_columns(graph: ComputationGraph) -> np.ndarray:
    """The same columns through rustworkx."""
    is_op = (graph.node_op >= 0).astype(float).tolist()
    whole = rx.PyDiGraph(multigraph=False)
    whole.add_nodes_from(list(range(graph.n_nodes)))
    whole.add_edges_from([(u, v, is_op[v]) for u, v in graph.edges.tolist()])
    start, end = int(graph.inputs[0]), int(graph.outputs[0])
    shortest, longest, degrees = [], [], []
    for allowed in masks(graph, graph.ops.subsets()):
        kept = np.flatnonzero(allowed | (graph.node_op < 0)).tolist()
        lengths = [np.nan, np.nan]
        if start in kept and end in kept:
            part, numbers = whole.subgraph_with_nodemap(kept)
            number = {v: i for i, v in numbers.items()}
            s, t = number[start], number[end]
            found = (
                rx.dijkstra_shortest_path_lengths(part, s, edge_cost_fn=float, goal=t) if s != t else {t: 0}
            )
            if t in found:
                between = (rx.descendants(part, s) | {s}) & (rx.ancestors(part, t) | {t})
                inside = part.subgraph(list(between))
                most = rx.dag_weighted_longest_path_length(inside, lambda _u, _v, ops: ops)
                lengths = [is_op[start] + found[t], is_op[start] + most]
        shortest.append(lengths[0])
        longest.append(lengths[1])
        degrees += degree_columns(graph, allowed)
    return np.array(shortest + longest + degrees, float)


def degree_columns(graph: ComputationGraph, allowed: np.ndarray) -> list[float]:
    """The four degrees over one set; array operations, which neither rival beats."""
    (u, v), stations = graph.edges.T, graph.stations
    start, end = graph.inputs[0], graph.outputs[0]
    return [
        allowed[v[u == start]].sum(),
        allowed[u[v == end]].sum(),
        (allowed[u] & stations[v]).sum() / stations.sum(),
        (allowed[v] & stations[u]).sum() / stations.sum(),
    ]


def masks(graph: ComputationGraph, sets: OperationSets) -> list[np.ndarray]:
    """Nodes that carry an operation of each set."""
    return [np.isin(graph.node_op, list(map(graph.ops.index, ops))) for ops in sets]


def peak_memory(n: int) -> dict[str, float]:
    """Peak memory of a fresh process that computes the published columns of n sampled cells."""
    code = (
        "from graf import GraphFeatures, get_space\n"
        f"GraphFeatures('nasbench201', compat='zc_combine').fit_transform(get_space('nasbench201').sample({n}))\n"
        "lines = dict(line.split(':', 1) for line in open('/proc/self/status'))\n"
        "print(int(lines['VmHWM'].split()[0]) / 1024)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {"cells": n, "peak_mib": float(done.stdout)}


if __name__ == "__main__":
    main(output_path("results/feature_speed.json"))
