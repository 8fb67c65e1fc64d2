"""Metrics against their definitions, and what they say of input that has none."""

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graf.exceptions import InputError, UnknownNameError
from graf.predictors import kendall_tau, mae, r2, score, spearman, top_k_regret

METRICS = [kendall_tau, spearman, r2, mae, top_k_regret, score]
PAIRS = st.lists(st.tuples(st.integers(-5, 5), st.integers(-5, 5)), min_size=2, max_size=12)


def tau_b(a, b):
    """Kendall's tau-b by counting pairs."""
    products = [np.sign(x - u) * np.sign(y - v) for (x, y), (u, v) in combinations(zip(a, b, strict=True), 2)]
    untied = [sum(x != u for x, u in combinations(values, 2)) for values in (a, b)]
    return sum(products) / math.sqrt(untied[0] * untied[1])


@given(PAIRS)
def test_kendall_tau_counts_pairs(pairs):
    a, b = zip(*pairs, strict=True)
    if len(set(a)) == 1 or len(set(b)) == 1:
        assert math.isnan(kendall_tau(a, b))
    else:
        assert kendall_tau(a, b) == pytest.approx(tau_b(a, b))


@given(PAIRS, st.integers(1, 12), st.sampled_from([("max", max), ("min", min)]))
def test_regret_is_the_distance_to_the_best_of_the_chosen(pairs, k, direction):
    true, predicted = zip(*pairs, strict=True)
    name, best = direction
    order = sorted(range(len(true)), key=lambda i: -predicted[i] if name == "max" else predicted[i])
    expected = abs(best(true) - best(true[i] for i in order[:k]))
    assert top_k_regret(true, predicted, k, name) == expected


def test_a_perfect_prediction():
    assert score([3, 1, 2], [3, 1, 2]) == {"tau": 1, "rho": 1, "r2": 1, "mae": 0, "regret": 0}


def test_known_values():
    true, predicted = [1, 2, 3, 4, 5], [2, 1, 4, 3, 7]
    assert kendall_tau(true, predicted) == pytest.approx(0.6)
    assert spearman(true, predicted) == pytest.approx(0.8)
    assert mae(true, predicted) == pytest.approx(6 / 5)
    assert r2(true, predicted) == pytest.approx(1 - 8 / 10)


def test_regret_by_hand():
    true, predicted = [90, 94, 93, 70], [1, 3, 4, 2]
    assert top_k_regret(true, predicted, k=1) == 1
    assert top_k_regret(true, predicted, k=2) == 0
    assert top_k_regret(true, predicted, k=1, direction="min") == 20
    assert top_k_regret(true, predicted, k=2, direction="min") == 0


def test_constant_predictions_have_no_rank():
    figures = score([1, 2, 3], [2, 2, 2])
    assert math.isnan(figures["tau"])
    assert math.isnan(figures["rho"])
    assert figures["r2"] == 0


def test_constant_truth_has_no_variance_to_explain():
    assert math.isnan(r2([2, 2, 2], [1, 2, 3]))
    assert math.isnan(kendall_tau([2], [3]))


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(
    ("true", "predicted", "message"),
    [
        ([1, 2, 3], [1, 2], "same length, got 3 and 2"),
        ([1, np.nan, 3], [1, 2, 3], "`y_true`.*1 NaN.*index 1"),
        ([1, 2, 3], [1, np.inf, -np.inf], "`y_pred`.*2 NaN or infinite.*index 1"),
        (np.ma.masked_array([1, 2, 3], [False, True, False]), [1, 2, 3], "`y_true`.*1 NaN.*index 1"),
        ([], [], "`y_true`.*not empty"),
        ([[1, 2]], [[1, 2]], r"shape \(1, 2\)"),
        (["a", "b"], [1, 2], "`y_true` must hold numbers"),
    ],
)
def test_bad_input_is_named(metric, true, predicted, message):
    with pytest.raises(InputError, match=message):
        metric(true, predicted)


def test_bad_options_are_named():
    for k in (0, 1.5, "1"):
        with pytest.raises(InputError, match=f"`k`.*got {k!r}"):
            top_k_regret([1, 2], [1, 2], k=k)
    with pytest.raises(UnknownNameError, match="direction 'up'"):
        score([1, 2], [1, 2], direction="up")
