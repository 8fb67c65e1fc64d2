"""Eigenvalues that are known in closed form."""

import numpy as np
import pytest

from graf import ComputationGraph, GraphFeatures

COLUMNS = [f"laplacian.e{i}" for i in range(1, 6)]


def lowest(n, edges):
    graph = ComputationGraph.from_edges(["relu"] * n, edges)
    return GraphFeatures(columns=COLUMNS).fit_transform([graph]).iloc[0].to_numpy()


def chain(n, start=0):
    return [(start + i, start + i + 1) for i in range(n - 1)]


@pytest.mark.parametrize("n", [6, 150, 900])
def test_a_chain(n):
    np.testing.assert_allclose(lowest(n, chain(n)), 1 - np.cos(np.pi * np.arange(1, 6) / (n - 1)), rtol=1e-8)


def test_a_complete_graph_and_what_lies_beyond_the_last():
    found = lowest(4, [(u, v) for u in range(4) for v in range(u + 1, 4)])
    np.testing.assert_allclose(found, [4 / 3, 4 / 3, 4 / 3, np.nan, np.nan])


def test_each_part_has_its_own_zero():
    both = lowest(600, [*chain(300), *chain(300, 300)])
    one = lowest(300, chain(300))
    np.testing.assert_allclose(both[:4], np.repeat(one[:2], 2), rtol=1e-6)
    assert np.isnan(lowest(3, [])).all()


def test_repeated_edges_and_directions_do_not_count():
    np.testing.assert_allclose(lowest(6, chain(6) * 2), lowest(6, [(v, u) for u, v in chain(6)]))


def all_lowest(n, edges):
    """The same by all eigenvalues of the matrix as it is defined."""
    adjacency = np.zeros((n, n))
    for u, v in edges:
        adjacency[u, v] = adjacency[v, u] = 1
    root = np.sqrt(adjacency.sum(axis=0))
    return np.linalg.eigvalsh(np.eye(n) - adjacency / np.outer(root, root))[1:6]


def wide(n, per_node, reach):
    rng = np.random.default_rng(0)
    return [(int(rng.integers(max(0, v - reach), v)), v) for v in range(1, n) for _ in range(per_node)]


@pytest.mark.parametrize("reach", [5, 2000])
def test_long_and_wide_graphs(reach):
    edges = [*chain(1200), *wide(1200, 1, reach)]
    np.testing.assert_allclose(lowest(1200, edges), all_lowest(1200, edges), rtol=1e-9)


def test_a_wide_graph_with_a_long_tail():
    edges = [*wide(900, 3, 900), *chain(1000, 899)]
    np.testing.assert_allclose(lowest(1899, edges), all_lowest(1899, edges), rtol=1e-8)
