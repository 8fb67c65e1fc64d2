"""How fast the published columns of NAS-Bench-101 and of DARTS are, beside networkx.

    python experiments/published_speed.py [results/published_speed.json]

networkx computes the same path lengths and degrees for a sample of the cells in the same run, and
the values are compared. "packed" starts from graphs in arrays, "strings" from architectures as
text and ends in a DataFrame.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import networkx as nx
import numba
import numpy as np
from _provenance import output_path, write_json
from _timing import typical
from feature_speed import between, degree_columns, masks, networkx_columns

from graf import ComputationGraph, GraphFeatures, get_space
from graf.features.plan import Plan
from graf.features.published import PublishedColumn, published_columns

N_ARCHITECTURES = {"nasbench101": 200_000, "darts": 20_000}
N_RIVAL = 20


def main(out: Path) -> None:
    """Run both comparisons and write them as JSON."""
    numba.set_num_threads(min(2, numba.config.NUMBA_NUM_THREADS))
    rivals = {"nasbench101": networkx_columns, "darts": genotype_columns}
    found = {name: speed(name, rival) for name, rival in rivals.items()}
    write_json({"threads": numba.get_num_threads(), **found}, out)
    print(json.dumps(found, indent=1))


def speed(name: str, rival: Callable[[ComputationGraph], np.ndarray]) -> dict[str, Any]:
    """Architectures per second, and how many times as many as networkx reaches."""
    space = get_space(name)
    architectures = space.sample(N_ARCHITECTURES[name], seed=1)
    road = GraphFeatures(space, compat="zc_combine").fit(architectures[:1])
    published, batch = published_columns(space, "zc_combine"), space.published_batch(architectures)
    plan = Plan.of(published)
    few = [space.published_batch([text])[0] for text in architectures[:N_RIVAL]]
    columns = plan.values(space.published_batch(architectures[:N_RIVAL]))
    theirs = np.array([rival(graph) for graph in few])
    assert_same(columns, theirs, published)
    packed = typical(lambda: plan.values(batch), 5) / len(architectures)
    strings = typical(lambda: road.transform(architectures), 3) / len(architectures)
    networkx = typical(lambda: [rival(graph) for graph in few], 3) / N_RIVAL
    return {
        "columns": len(plan.names),
        "architectures": len(architectures),
        "packed_per_second": 1 / packed,
        "strings_per_second": 1 / strings,
        "networkx_per_second": 1 / networkx,
        "packed_times_faster": networkx / packed,
        "strings_times_faster": networkx / strings,
    }


def assert_same(ours: np.ndarray, theirs: np.ndarray, columns: list[PublishedColumn]) -> None:
    """Longest paths and degrees of each graph agree, sentinels taken back, in any order."""
    paths = [i for i, c in enumerate(columns) if c.name.startswith("max_op_on_path")]
    degrees = [i for i, c in enumerate(columns) if c.name.startswith("node_degree")]
    lengths = [np.where(ours[:, i] == c.fill, np.nan, ours[:, i] - c.offset) for i, c in enumerate(columns)]
    n = len(paths) + len(degrees)
    np.testing.assert_allclose(np.sort(np.array(lengths)[paths].T), np.sort(theirs[:, -n : -len(degrees)]))
    np.testing.assert_allclose(np.sort(ours[:, degrees]), np.sort(theirs[:, -len(degrees) :]))


def genotype_columns(graph: ComputationGraph) -> np.ndarray:
    """Longest paths from both inputs and degrees over all 127 sets, in both cells."""
    longest, degrees = [], []
    for cell in (graph.cell(name) for name in sorted(graph.cells)):
        whole = nx.DiGraph(cell.edges.tolist())
        names = cell.ops.nonzero
        sets = [ops for size in range(1, len(names) + 1) for ops in combinations(names, size)]
        for allowed in masks(cell, sets):
            part = whole.subgraph(np.flatnonzero(allowed | (cell.node_op < 0)).tolist())
            longest += [longest_path(part, int(start), int(cell.outputs[0]), cell) for start in cell.inputs]
            u, v = cell.edges.T
            first, second = (allowed[v[u == start]].sum() for start in cell.inputs)
            degrees += [first, second, *degree_columns(cell, allowed)[2:]]
    return np.array(longest + degrees, float)


def longest_path(part: nx.DiGraph, start: int, end: int, cell: ComputationGraph) -> float:
    """Most operations on a path between two nodes, NaN without one."""
    ways = between(part, start, end, cell)
    return np.nan if ways is None else float(nx.dag_longest_path_length(ways, weight="ops", default_weight=0))


if __name__ == "__main__":
    main(output_path("results/published_speed.json"))
