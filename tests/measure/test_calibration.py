import numpy as np
import pytest
from scipy.special import softmax
from sklearn.metrics import log_loss

from graf.measure.calibration import (
    brier,
    calibration,
    expected_calibration_error,
    fit_temperature,
    nll,
)


def naive_gaps(confidence, correct, equal_mass, n_bins=15):
    """Weight and gap of every bin that holds something."""
    n, ranked = len(confidence), sorted(range(len(confidence)), key=lambda i: confidence[i])
    rank = {i: r for r, i in enumerate(ranked)}
    gaps = []
    for b in range(n_bins):
        if equal_mass:
            inside = [i for i in range(n) if b * n <= rank[i] * n_bins < (b + 1) * n]
        else:
            last = b == n_bins - 1
            inside = [
                i
                for i in range(n)
                if b <= confidence[i] * n_bins and (last or confidence[i] * n_bins < b + 1)
            ]
        if inside:
            mean_confidence = sum(confidence[i] for i in inside) / len(inside)
            mean_correct = sum(bool(correct[i]) for i in inside) / len(inside)
            gaps.append((len(inside) / n, abs(mean_confidence - mean_correct)))
    return gaps


def draw(n, seed):
    rng = np.random.default_rng(seed)
    logits = 3 * rng.standard_normal((n, 10))
    y = np.where(rng.random(n) < 0.6, logits.argmax(axis=1), rng.integers(0, 10, n))
    return logits, y


EDGES = {
    "many": (np.random.default_rng(0).random(200), np.random.default_rng(1).random(200) < 0.5),
    "fewer than bins": (np.array([0.3, 0.9, 0.1, 0.95]), np.array([True, False, False, True])),
    "one": (np.array([0.7]), np.array([False])),
    "certain": (np.array([1.0, 1.0, 0.0]), np.array([True, False, False])),
    "one bin only": (np.full(20, 0.5), np.arange(20) < 3),
    "on the edges": (np.arange(16) / 15, np.arange(16) % 2 == 0),
}


@pytest.mark.parametrize("equal_mass", [False, True])
@pytest.mark.parametrize("case", EDGES)
def test_against_a_loop_over_bins(case, equal_mass):
    confidence, correct = EDGES[case]
    gaps = naive_gaps(confidence, correct, equal_mass)
    expected = sum(weight * gap for weight, gap in gaps)
    found = expected_calibration_error(confidence, correct, equal_mass=equal_mass)
    assert found == pytest.approx(expected, abs=1e-12)
    largest = expected_calibration_error(confidence, correct, equal_mass=equal_mass, maximum=True)
    assert largest == pytest.approx(max(gap for _, gap in gaps), abs=1e-12)


@pytest.mark.parametrize("confidence", [[], [0.4, np.nan]])
def test_undefined(confidence):
    correct = np.ones(len(confidence), bool)
    for equal_mass in (False, True):
        assert np.isnan(expected_calibration_error(np.array(confidence), correct, equal_mass=equal_mass))


def test_figures_against_naive_ones():
    (logits, y), (val_logits, val_y) = draw(300, 0), draw(200, 1)
    found = calibration(logits, y, val_logits, val_y)
    for suffix, scale in (("", 1.0), ("_ts", found["temperature"])):
        p = softmax(logits / scale, axis=1)
        correct = p.argmax(axis=1) == y
        width = naive_gaps(p.max(axis=1), correct, False)
        classes = [sum(w * g for w, g in naive_gaps(p[:, k], y == k, False)) for k in range(10)]
        expected = {
            "ece": sum(w * g for w, g in width),
            "ece_mass": sum(w * g for w, g in naive_gaps(p.max(axis=1), correct, True)),
            "ece_classwise": np.mean(classes),
            "mce": max(g for _, g in width),
            "nll": log_loss(y, p, labels=range(10)),
            "brier": np.mean(
                [((np.arange(10) == k) - q) @ ((np.arange(10) == k) - q) for k, q in zip(y, p, strict=True)]
            ),
        }
        assert {name: found[name + suffix] for name in expected} == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("scale", [0.01, 0.3, 1, 3, 100])
def test_temperature_never_raises_validation_loss(scale):
    logits, y = draw(400, 2)
    temperature = fit_temperature(scale * logits, y)
    assert 0.05 <= temperature <= 20
    assert nll(scale * logits / temperature, y) <= nll(scale * logits, y) + 1e-9


@pytest.mark.parametrize("scale", [0.3, 1, 3])
def test_no_temperature_is_better(scale):
    logits, y = draw(400, 2)
    best = nll(scale * logits / fit_temperature(scale * logits, y), y)
    assert best <= min(nll(scale * logits / t, y) for t in np.geomspace(0.05, 20, 200)) + 1e-9


def test_temperature_is_found_again():
    rng = np.random.default_rng(3)
    logits = rng.standard_normal((20_000, 4))
    y = np.array([rng.choice(4, p=p) for p in softmax(logits, axis=1)])
    assert fit_temperature(2.5 * logits, y) == pytest.approx(2.5, rel=0.05)


def test_perfect_and_hopeless():
    p = np.eye(3)
    assert brier(p, np.arange(3)) == 0
    assert brier(p, np.array([1, 2, 0])) == 2
    assert nll(np.full((4, 10), 7.0), np.zeros(4, int)) == pytest.approx(np.log(10))


def test_diverged_training_is_undefined():
    logits, y = draw(30, 4)
    found = calibration(np.full_like(logits, np.nan), y, np.full_like(logits, np.nan), y)
    assert all(np.isnan(value) for value in found.values())
