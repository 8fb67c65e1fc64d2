"""Residual structure, on networks whose paths can be counted by hand."""

import math

import numpy as np
import pytest

from graf import ComputationGraph, GraphFeatures

# numpy warns where the kernels run uncompiled
pytestmark = pytest.mark.filterwarnings("ignore:overflow")


def residual(n_blocks, body=("conv3x3",)):
    """A chain of blocks x + body(x)."""
    operations, edges, last = [None], [], 0
    for _ in range(n_blocks):
        start = last
        for name in body:
            operations.append(name)
            edges.append((last, len(operations) - 1))
            last = len(operations) - 1
        operations.append("add")
        edges += [(last, len(operations) - 1), (start, len(operations) - 1)]
        last = len(operations) - 1
    return ComputationGraph.from_edges(operations, edges)


def dense(n_layers):
    """A chain of layers of which each reads all before it, concatenated."""
    operations, edges, read = [None], [], [0]
    for _ in range(n_layers):
        operations += ["concat", "conv3x3"]
        n = len(operations)
        edges += [(u, n - 2) for u in read] + [(n - 2, n - 1)]
        read.append(n - 1)
    return ComputationGraph.from_edges(operations, edges)


def row(graph):
    return GraphFeatures(columns=COLUMNS).fit_transform([graph]).iloc[0]


COLUMNS = [
    "log_paths", *(f"effective_depth.{stat}" for stat in ("min", "mean", "std", "max", "mean_ops", "std_ops")),
    *(f"shortcut({op}).{stat}" for op in ("add", "concat") for stat in ("n", "mean", "std", "max")),
    "path_ops(convolution).mean", "op_count(elementwise)",
]  # fmt: skip


@pytest.mark.parametrize("n", [1, 2, 7, 200, 2000])
def test_path_lengths_of_residual_blocks_are_binomial(n):
    found = row(residual(n, ("conv3x3", "relu", "conv3x3")))
    assert found["log_paths"] == pytest.approx(n * math.log10(2))
    assert found["effective_depth.min"] == 0
    assert found["effective_depth.max"] == 2 * n
    assert found["effective_depth.mean"] == pytest.approx(n)
    assert found["effective_depth.std"] == pytest.approx(math.sqrt(n))  # 2 layers, or none, n times
    assert found["effective_depth.mean_ops"] == pytest.approx(n + 1.5 * n)
    assert found["effective_depth.std_ops"] == pytest.approx(1.5 * math.sqrt(n))
    assert found["path_ops(convolution).mean"] == pytest.approx(n)
    assert found[["shortcut(add).n", "shortcut(add).mean", "shortcut(add).std"]].tolist() == [n, 3, 0]
    assert found["shortcut(concat).n"] == 0
    assert np.isnan(found["shortcut(concat).max"])


@pytest.mark.parametrize("n", [1, 5, 300])
def test_shortcuts_of_a_dense_block_lead_over_all_layers_between(n):
    found = row(dense(n))
    # layer i reads the i outputs before it, of which the last is no shortcut; each skips 2 a layer
    lengths = [2 * d for i in range(n) for d in range(1, i + 1)]
    assert found["shortcut(concat).n"] == len(lengths)
    assert found["shortcut(concat).mean"] == pytest.approx(
        np.mean(lengths) if lengths else np.nan, nan_ok=True
    )
    assert found["shortcut(concat).std"] == pytest.approx(np.std(lengths) if lengths else np.nan, nan_ok=True)
    assert found["log_paths"] == pytest.approx((n - 1) * math.log10(2))  # each layer but the last: in or out
    assert found["effective_depth.mean"] == pytest.approx(1 + (n - 1) / 2)
    assert found["effective_depth.std"] == pytest.approx(math.sqrt(n - 1) / 2)


def test_nothing_is_infinite_however_many_paths():
    deep = [residual(3000), dense(400)]
    table = GraphFeatures().fit_transform(
        [*deep, ComputationGraph.from_edges([f"op{i}" for i in range(9)], [])]
    )
    assert not np.isinf(table.to_numpy()).any()
    assert table["log_paths"][0] > 900


def test_parallel_branches_are_no_shortcuts():
    graph = ComputationGraph.from_edges(
        ["conv1x1", "conv3x3", "conv3x3", "conv1x1", "concat"], [(0, 1), (1, 2), (2, 4), (0, 3), (3, 4)]
    )
    assert row(graph)["shortcut(concat).n"] == 0


def test_a_graph_without_a_path():
    graph = ComputationGraph.from_edges(["conv3x3", "add"], [], inputs=[0], outputs=[1])
    found = row(graph)
    assert found[[name for name in COLUMNS if name.startswith(("log", "eff"))]].isna().all()
