"""The rivals of `experiments/rivals.py` against slow twins and hand examples."""

from collections import Counter

import numpy as np
import pytest
import torch
from _rival_cells import cells, path_table, paths, wl_counts
from _rival_kernel import WLGaussianProcess, wl_features
from _rival_networks import GraphNetwork, Network, packed
from scipy.stats import multivariate_normal
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import DotProduct, WhiteKernel

from graf import ComputationGraph, get_space

CHAIN_AND_SHORTCUT = "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|nor_conv_1x1~0|none~1|none~2|"


def sample(name, n):
    space = get_space(name)
    return cells(map(space.graph, space.sample(n, seed=0)))


def test_cell_drops_what_leads_nowhere():
    (one,) = cells([get_space("nasbench201").graph(CHAIN_AND_SHORTCUT)])
    assert one.labels == ("input0", "conv1x1", "output0")
    assert np.argwhere(one.edges).tolist() == [[0, 1], [1, 2]]


def test_cell_without_a_path_keeps_its_ends():
    (one,) = cells([get_space("nasbench201").graph("|none~0|+|none~0|none~1|+|none~0|none~1|none~2|")])
    assert one.labels == ("input0", "output0") and not one.edges.any()


def test_path_encoding_by_hand():
    space = get_space("nasbench201")
    texts = [
        "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|nor_conv_1x1~0|none~1|avg_pool_3x3~2|",
        CHAIN_AND_SHORTCUT,
    ]
    table = path_table(cells(map(space.graph, texts)))
    assert table.columns.tolist() == [
        "input0 conv1x1 output0",
        "input0 conv3x3 skip avg_pool3x3 output0",
    ]
    assert table.to_numpy().tolist() == [[1, 1], [1, 0]]


def test_paths_start_at_every_input_of_both_cells():
    (one,) = sample("darts", 1)
    assert {path[0] for path in paths(one)} <= {f"input{i}" for i in range(4)} | {
        f"input{i}@{cell}" for i in range(4) for cell in ("normal", "reduce")
    }
    assert {label.split("@")[1] for label in one.labels} == {"normal", "reduce"}


def naive_kernel(one, other, depth):
    """Pairs of nodes whose trees of successors, unrolled to each depth, are equal."""

    def tree(cell, v, rounds):
        if not rounds:
            return cell.labels[v]
        below = sorted(repr(tree(cell, w, rounds - 1)) for w in np.flatnonzero(cell.edges[v]))
        return (repr(tree(cell, v, rounds - 1)), *below)

    total = 0
    for rounds in range(depth + 1):
        counts = [
            Counter(repr(tree(cell, v, rounds)) for v in range(len(cell.labels))) for cell in (one, other)
        ]
        total += sum(n * counts[1][label] for label, n in counts[0].items())
    return total


@pytest.mark.parametrize("space", ["nasbench201", "nasbench101", "darts"])
def test_kernel_is_the_naive_one(space):
    graphs = sample(space, 5)
    for depth, features in enumerate(wl_features(wl_counts(graphs, 2))):
        expected = np.array([[naive_kernel(one, other, depth) for other in graphs] for one in graphs], float)
        norm = np.sqrt(np.diag(expected))
        assert np.allclose((features @ features.T).toarray(), expected / np.outer(norm, norm))


def test_process_agrees_with_scikit_learn():
    graphs = sample("nasbench201", 60)
    features = wl_features(wl_counts(graphs, 1))[1:]
    rows = np.arange(60.0)[:, None]
    y = np.random.default_rng(0).normal(size=60)
    process = WLGaussianProcess(lambda: features).fit(rows[:40], y[:40])
    X = features[0].toarray()
    scores = process.scores_.transform(y[:40])
    kernel = DotProduct(0, "fixed") + WhiteKernel(process.noise_, "fixed")
    expected = GaussianProcessRegressor(kernel).fit(X[:40], scores).predict(X[40:])
    assert np.allclose(process.scores_.transform(process.predict(rows[40:])), expected)


def test_evidence_chooses_what_is_most_likely():
    graphs = sample("nasbench201", 40)
    features = wl_features(wl_counts(graphs, 3))
    y = np.array([one.labels.count("conv3x3") - one.labels.count("skip") for one in graphs], float)
    process = WLGaussianProcess(lambda: features).fit(np.arange(40.0)[:, None], y)
    scores = process.scores_.transform(y)

    def evidence(depth, noise):
        X = features[depth].toarray()
        shape = X @ X.T + noise * np.eye(40)
        signal = scores @ np.linalg.solve(shape, scores) / 40
        return multivariate_normal.logpdf(scores, cov=signal * shape)

    chosen = evidence(process.depth_, process.noise_)
    assert chosen >= max(evidence(depth, noise) for depth in range(4) for noise in (1e-4, 1e-2, 1)) - 1e-6


@pytest.mark.parametrize("kind", ["GCN", "GIN"])
def test_network_does_not_depend_on_the_order_of_nodes(kind):
    graph = ComputationGraph.from_edges(
        ["conv3x3", "skip", "conv1x1", "skip"], [(0, 1), (0, 2), (1, 3), (2, 3)]
    )
    twin = ComputationGraph.from_edges(
        ["conv3x3", "conv1x1", "skip", "skip"], [(0, 1), (0, 2), (1, 3), (2, 3)]
    )
    back = ComputationGraph.from_edges(
        ["conv3x3", "skip", "conv1x1", "skip"], [(0, 2), (0, 1), (2, 1), (1, 3)]
    )
    data = packed(cells([graph, twin, back]))
    assert data.labels.shape == (3, 5, 5) and data.edges.shape == (3, 5, 5)
    torch.random.manual_seed(0)
    network = Network(kind, 5, 2).double()
    found = network(data.labels.double(), data.edges.double(), torch.ones(3, 2).double())
    assert found.shape == (3,)
    assert torch.isclose(found[0], found[1]) and not torch.isclose(found[0], found[2])


@pytest.mark.parametrize("kind", ["GCN", "GIN"])
def test_network_learns_and_repeats(kind, monkeypatch):
    monkeypatch.setattr("_rival_networks.EPOCHS", 15)
    graphs = sample("nasbench201", 80)
    data = packed(graphs)
    y = np.array([one.labels.count("conv3x3") + 0.3 * one.labels.count("conv1x1") for one in graphs])
    X = np.column_stack([np.arange(80.0), y, np.full(80, np.nan)])
    X[3, 1] = np.nan
    before = torch.random.get_rng_state()
    for columns in (X[:, :1], X):
        first, second = (
            GraphNetwork(lambda: data, kind, 1).fit(columns[:60], y[:60]).predict(columns[60:]) for _ in "ab"
        )
        assert np.array_equal(first, second)
        assert np.corrcoef(first, y[60:])[0, 1] > 0.6
    other = GraphNetwork(lambda: data, kind, 2).fit(X[:60], y[:60]).predict(X[60:])
    assert not np.array_equal(first, other)
    assert torch.equal(before, torch.random.get_rng_state())
