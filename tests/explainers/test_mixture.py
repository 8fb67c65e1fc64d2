"""Explanations of model="auto" against the definition, and that its parts add up."""

from itertools import pairwise, permutations

import numpy as np
import pandas as pd
import pytest

from graf import PerformancePredictor, explain, get_space
from graf.exceptions import InputError, UnsupportedError
from graf.explainers.mixture import _there_and_back, process_values
from graf.predictors.gaussian_process import GroupGaussianProcess

RNG = np.random.default_rng(2)
X = RNG.normal(size=(30, 4))
Y = np.sin(X[:, 0]) + X[:, 1] * X[:, 2]
GROUPS = ["a", "b", "b", "c"]
CELLS = get_space("nasbench201").sample(50, seed=9)
CONVOLUTIONS = np.array([cell.count("conv_3x3") + 0.2 * cell.count("skip") for cell in CELLS])


def owen_values(process, row, background):
    """Mean over all orders that keep groups together, of what each column adds; per background row."""
    found = []
    orders = [
        [j for group in order for j in inner[group]]
        for order in permutations("abc")
        for inner in ({"a": [0], "b": [1, 2], "c": [3]}, {"a": [0], "b": [2, 1], "c": [3]})
    ]
    for start in background:
        for order in orders:
            values, now = np.zeros(4), start.copy()
            for j in order:
                before = process.predict(now[None])[0]
                now[j] = row[j]
                values[j] = process.predict(now[None])[0] - before
            found.append(values)
    return np.mean(found, axis=0)


def test_sampled_owen_values_are_near_the_exact_ones_and_add_up():
    process = GroupGaussianProcess(GROUPS).fit(X[:20], Y[:20])
    background = np.tile(X[:4], (40, 1))  # each row often, so that the orders are many
    values, errors, base = process_values(process, X[20:23], GROUPS, background)
    np.testing.assert_allclose(values.sum(axis=1) + base, process.predict(X[20:23]), rtol=1e-9)
    assert base == pytest.approx(process.predict(X[:4]).mean())
    for i in range(3):
        exact = owen_values(process, X[20 + i], X[:4])
        assert (np.abs(values[i] - exact) < 4 * errors[i] + 1e-9).all()


def test_errors_are_those_of_as_many_draws_as_background_rows():
    rows = RNG.normal(
        size=(160, 2)
    )  # more than 150, so that no errors of several draws of weights are added up
    process = GroupGaussianProcess(["a", "b"]).fit(rows, np.sin(rows[:, 0]) + rows[:, 1])
    background = rows[:5]
    each = [process_values(process, rows[5:8], ["a", "b"], row[None]) for row in background]
    values, errors, _ = process_values(process, rows[5:8], ["a", "b"], background)
    exact = np.stack(
        [found for found, *_ in each]
    )  # an order of two columns and its reverse are all there are
    np.testing.assert_allclose(values, exact.mean(axis=0))
    np.testing.assert_allclose(errors, exact.std(axis=0, ddof=1) / np.sqrt(len(background)))
    assert all(np.isnan(error).all() for _, error, _ in each)


def test_orders_keep_groups_together():
    there, back = _there_and_back(list("abcabcabc"), np.random.default_rng(0))
    assert sorted(there) == list(range(9))
    assert back.tolist() == there[::-1].tolist()
    labels = [int(j) % 3 for j in there]
    assert sum(a != b for a, b in pairwise(labels)) == 2


def test_an_explanation_of_the_mixture_adds_up():
    targets = pd.DataFrame({"accuracy": CONVOLUTIONS, "skewed": np.exp(CONVOLUTIONS)}, CELLS)
    predictor = PerformancePredictor("auto", warn_beyond=None).fit(CELLS[:40], targets[:40])
    explanation = explain(predictor, CELLS)
    total = explanation.values.sum(axis=1) + explanation.base_values
    np.testing.assert_allclose(total, predictor.predict(CELLS), rtol=1e-6, atol=1e-6)
    assert (explanation.errors >= 0).all()
    assert explanation.errors.max() > 0
    operations = explanation.select("accuracy").importance(by="operation")
    assert operations.index[0] == "conv3x3"


def test_an_explanation_with_choices_adds_up_and_puts_them_in_their_places():
    space = get_space("nasbench201")
    worth = np.random.default_rng(0).normal(size=sum(space.cardinalities)) ** 3  # few count
    times = space.one_hot(CELLS) @ worth
    predictor = PerformancePredictor("auto", warn_beyond=None).fit(CELLS[:40], times[:40])
    assert len(predictor.estimators_["target"].views_) == 3
    explanation = explain(predictor, CELLS[40:])
    total = explanation.values.sum(axis=1) + explanation.base_values
    np.testing.assert_allclose(total, predictor.predict(CELLS[40:]), rtol=1e-6, atol=1e-6)
    assert explanation.importance("family").index[0] == "choice"
    assert set(space.ops) <= set(explanation.importance("operation").index)
    names = [name for name in explanation.feature_names if name.startswith("choice(1->2=")]
    row = explanation.data.index.get_loc(CELLS[40])
    position = explanation.graph(CELLS[40]).names.index("1->2")
    of_node = explanation.place(CELLS[40]).query("kind == 'node'").set_index("node")["target"]
    only = explanation.values[row][[explanation.feature_names.index(name) for name in names]].sum()
    assert abs(of_node[position] - only) < 0.5 * abs(only)  # columns of the graph are small beside it


def test_the_same_seed_gives_the_same_values_and_others_are_near():
    predictor = PerformancePredictor("auto", warn_beyond=None).fit(CELLS[:40], CONVOLUTIONS[:40])
    first, again, other = (explain(predictor, CELLS[40:], random_state=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.values, again.values)
    assert not np.array_equal(first.values, other.values)
    assert np.corrcoef(first.values.ravel(), other.values.ravel())[0, 1] > 0.98


def test_a_background_and_no_pairs():
    predictor = PerformancePredictor("auto", warn_beyond=None).fit(CELLS[:40], CONVOLUTIONS[:40])
    explanation = explain(predictor, CELLS[40:44], background=CELLS[:5])
    np.testing.assert_allclose(
        explanation.values.sum(axis=1) + explanation.base_values, explanation.predictions, rtol=1e-6
    )
    with pytest.raises(UnsupportedError, match="`interactions` need a model of trees, got 'auto'"):
        explain(predictor, CELLS[40:44], interactions=True)
    with pytest.raises(InputError, match="`random_state` must be None or a whole number"):
        explain(predictor, CELLS[40:44], random_state=-1)
