"""The Gaussian process against its definition."""

import tracemalloc

import numpy as np
import pytest

from graf.predictors.gaussian_process import GroupGaussianProcess

RNG = np.random.default_rng(5)
X = RNG.normal(size=(40, 6))
X[RNG.random(X.shape) < 0.1] = np.nan
Y = np.nan_to_num(X[:, 0]) + 0.3 * RNG.normal(size=40)
Y = (Y - Y.mean()) / Y.std()
GROUPS = ["a", "a", "b", "c", "c", "c"]


def covariances(rows, others, process):
    """Of placed rows, entry by entry, for each draw."""
    for draw in process._draws:
        signal, weights = np.exp(draw[0]), dict(zip(process.groups_, np.exp(draw[2:]), strict=True))
        out = np.empty((len(rows), len(others)))
        for i, row in enumerate(rows):
            for j, other in enumerate(others):
                r = sum(weights[g] * (row[k] - other[k]) ** 2 for k, g in enumerate(process.groups)) ** 0.5
                out[i, j] = signal * (1 + 5**0.5 * r + 5 / 3 * r**2) * np.exp(-(5**0.5) * r)
        yield out, signal, np.exp(draw[1])


@pytest.fixture(params=["averaged", "most probable"])
def process(request, monkeypatch):
    if request.param == "most probable":
        monkeypatch.setattr("graf.predictors.gaussian_process.AVERAGED", 0)
    fitted = GroupGaussianProcess(GROUPS).fit(X[:30], Y[:30])
    assert len(fitted._draws) == (10 if request.param == "averaged" else 1)
    return fitted


def test_predictions_are_those_of_the_definition(process):
    train, test = process._placed(X[:30]), process._placed(X[30:])
    means, variances = [], []
    for (own, signal, noise), (cross, *_) in zip(
        covariances(train, train, process), covariances(test, train, process), strict=True
    ):
        own = own + noise * np.eye(30)
        means.append(cross @ np.linalg.solve(own, Y[:30]))
        known = np.einsum("ij,ji->i", cross, np.linalg.solve(own, cross.T))
        variances.append(signal - known + noise)
    mean, std = process.predict(X[30:], return_std=True)
    np.testing.assert_allclose(mean, np.mean(means, axis=0), rtol=1e-7)
    second = np.mean(np.array(variances) + np.array(means) ** 2, axis=0)
    np.testing.assert_allclose(std**2, second - mean**2, rtol=1e-7)


def test_leave_one_out_leaves_one_out(process):
    rows = process._placed(X[:30])
    left = {0: [], 7: [], 29: []}
    for own, _, noise in covariances(rows, rows, process):
        own = own + noise * np.eye(30)
        for i, means in left.items():
            others = np.delete(np.arange(30), i)
            means.append(own[i, others] @ np.linalg.solve(own[np.ix_(others, others)], Y[others]))
    for i, means in left.items():
        assert process.loo_mean_[i] == pytest.approx(np.mean(means), rel=1e-7)


def test_leave_one_group_out_leaves_all_of_its_rows_out():
    of_row = np.arange(30) % 7
    process = GroupGaussianProcess(GROUPS).fit(X[:30], Y[:30], [of_row])
    rows = process._placed(X[:30])
    inside, others = np.flatnonzero(of_row == 3), np.flatnonzero(of_row != 3)
    means, variances = [], []
    for own, signal, noise in covariances(rows, rows, process):
        own = own + noise * np.eye(30)
        gain = np.linalg.solve(own[np.ix_(others, others)], own[np.ix_(others, inside)]).T
        means.append(gain @ Y[others])
        variances.append(signal + noise - np.einsum("ij,ij->i", gain, own[np.ix_(inside, others)]))
    np.testing.assert_allclose(process.logo_[0][0][inside], np.mean(means, axis=0), rtol=1e-7)
    second = np.mean(np.array(variances) + np.array(means) ** 2, axis=0)
    np.testing.assert_allclose(
        process.logo_[0][1][inside] ** 2, second - np.mean(means, axis=0) ** 2, rtol=1e-7
    )
    alone = GroupGaussianProcess(GROUPS).fit(X[:30], Y[:30], [np.arange(30)])
    np.testing.assert_allclose(alone.logo_[0][0], alone.loo_mean_)


def test_a_group_without_meaning_gets_less_weight():
    process = GroupGaussianProcess(GROUPS).fit(X, Y)
    weights = dict(zip(process.groups_, process.weights_, strict=True))
    assert weights["a"] > 5 * max(weights["b"], weights["c"])


def test_more_labels_than_it_learns_from(monkeypatch):
    monkeypatch.setattr("graf.predictors.gaussian_process.LEARNED_FROM", 20)
    monkeypatch.setattr("graf.predictors.gaussian_process.MOST_LABELS", 30)
    process = GroupGaussianProcess(GROUPS).fit(X, Y)
    assert process._dual.shape == (10, 30)
    assert np.isfinite(process.loo_mean_).all()
    assert np.corrcoef(process.loo_mean_, Y)[0, 1] > 0.5


def test_novelty_is_one_at_most_among_training_rows_and_grows_outside():
    process = GroupGaussianProcess().fit(X[:, :2], Y)
    assert process.novelty(X[:, :2]).max() == 0
    far = process.novelty(np.array([[50.0, -50.0]]))[0]
    assert far > 1
    assert far > process.novelty(np.array([[0.1, 0.1]]))[0]
    again = process.fit(3 * X[:, :2], Y).novelty(np.array([[50.0, -50.0]]))[0]
    assert again == GroupGaussianProcess().fit(3 * X[:, :2], Y).novelty(np.array([[50.0, -50.0]]))[0]


def test_one_column_far_beyond_the_training_rows_is_enough_to_be_novel():
    process = GroupGaussianProcess().fit(X[:, :2], Y)
    far = process.novelty(np.array([[10.0, 0.0], [100.0, 0.0], [0.0, -1e6]]))
    assert far[0] > 2
    assert far[1] > 5 * far[0]
    assert far[2] > 1e4


def test_twins_do_not_make_all_others_novel():
    process = GroupGaussianProcess().fit(np.tile(X[:, :2], (2, 1)), np.tile(Y, 2))
    assert process.novelty(np.array([[0.1, 0.1]]))[0] < 1


def test_places_are_the_mean_of_rank_and_standard_score():
    rows = np.array([[0.0, 5.0], [1.0, 5.0], [4.0, 5.0], [10.0, 5.0]])
    process = GroupGaussianProcess(["a", "b"]).fit(rows, np.array([-1.0, -1.0, 1.0, 1.0]))
    scores = (rows[:, 0] - rows[:, 0].mean()) / rows[:, 0].std()
    expected = (12**0.5 * np.array([0, 1, 2, 3]) / 3 + scores) / 2
    np.testing.assert_allclose(process._placed(rows)[:, 0], expected)
    assert (process._placed(rows)[:, 1] == 0).all()
    undefined = process._placed(np.array([[np.nan, 5.0]]))[0, 0]
    assert undefined == pytest.approx(expected.max() + 0.2 * 12**0.5)


@pytest.mark.parametrize("size", [1e-200, 1e200])
def test_columns_of_any_size(size):
    process = GroupGaussianProcess(GROUPS).fit(X * size, Y)
    np.testing.assert_allclose(
        process.predict(X * size), GroupGaussianProcess(GROUPS).fit(X, Y).predict(X), rtol=1e-4
    )


def test_the_novelty_of_many_rows_needs_little_memory_beside_them():
    rng = np.random.default_rng(0)
    many = rng.normal(size=(40_000, 50))
    process = GroupGaussianProcess(["a"] * 50).fit(many[:30], many[:30, 0])
    tracemalloc.start()
    process.novelty(many)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < many.nbytes
