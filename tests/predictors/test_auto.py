"""model="auto": better than forests, sure of how sure it is, the same whatever the threads."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import train_test_split

from graf import GraphFeatures, PerformancePredictor, get_space
from graf.exceptions import FarFromTrainingWarning, InputError, UnsupportedError
from graf.predictors import kendall_tau, load_predictor
from graf.predictors.choices import Choices, sure_share

SPACE = get_space("nasbench201")
CELLS = SPACE.sample(160, seed=3)
MACS = np.array([SPACE.graph(cell).n_macs / 1e6 for cell in CELLS])
NOISY = np.log(MACS + 5) + 0.1 * np.random.default_rng(0).normal(size=160)


@pytest.fixture(scope="module")
def predictor():
    return PerformancePredictor("auto").fit(CELLS[:80], NOISY[:80])


def test_it_ranks_new_cells(predictor):
    assert kendall_tau(NOISY[80:], predictor.predict(CELLS[80:])) > 0.8


def test_the_mixture_is_the_sum_of_its_parts(predictor):
    model, X = predictor.estimators_["target"], predictor.features_table(CELLS[80:]).to_numpy()
    assert len(model.views_) == 2
    for part in (model, *model.views_):
        assert part.weights_.sum() == pytest.approx(1)
    for view in model.views_:
        parts = [member.predict(view.seen(X)) for member in (*view.processes_, *view.trees_)]
        np.testing.assert_allclose(view.predict(X), view.weights_ @ np.stack(parts))
        np.testing.assert_allclose(view.predict_with_std(X)[0], view.predict(X))
    together = model.weights_ @ np.stack([view.predict(X) for view in model.views_])
    np.testing.assert_allclose(model.predict_scores(X)[0], together)


def test_views_are_of_plain_and_simplified_graphs_and_weighed_by_their_errors(predictor):
    model, names = predictor.estimators_["target"], predictor.feature_names_
    plain, simplified = (view.columns for view in model.views_)
    seen = [i for i, name in enumerate(names) if not name.startswith("choice(")]
    assert sorted([*plain, *simplified]) == seen != list(range(len(names)))
    assert all(("@simplified" in names[i]) == (i in simplified) for i in seen)
    errors = np.array([view.error_ for view in model.views_])
    shares = errors ** (-len(set(CELLS[:80])) / 10)  # a cell that was drawn twice counts once
    np.testing.assert_allclose(model.weights_, shares / shares.sum())


def test_of_many_labels_the_better_view_learns_alone():
    cells = SPACE.sample(400, seed=4)
    table = GraphFeatures(simplified="both").fit_transform(cells)
    n_skips = np.array([cell.count("skip") for cell in cells]) + np.linspace(0, 0.1, 400)
    depth = table["live.depth@simplified"].fillna(-1).to_numpy() + np.linspace(0, 0.1, 400)
    for labels, of_function in ((n_skips, False), (depth, True)):
        fitted = PerformancePredictor("auto", features="given", warn_beyond=None).fit(table, labels)
        (view,) = fitted.estimators_["target"].views_
        assert all(("@simplified" in name) == of_function for name in view.names)


def test_what_each_choice_is_worth_is_learned_by_a_process_of_its_own(tmp_path):
    worth = np.random.default_rng(0).normal(size=sum(SPACE.cardinalities)) ** 3  # few count
    times = SPACE.one_hot(CELLS) @ worth
    fitted = PerformancePredictor("auto", warn_beyond=None).fit(CELLS[:80], times[:80])
    model = fitted.estimators_["target"]
    *views, choices = model.views_
    assert isinstance(choices, Choices)
    assert not choices.trees_
    assert all(name.startswith("choice(") for name in choices.names)
    assert sum(model.weights_) == pytest.approx(1)
    assert model.weights_[-1] > 0.2
    table = fitted.features_table(CELLS)
    graphs = table[[name for name in table if not name.startswith("choice(")]]
    without = PerformancePredictor("auto", features="given", warn_beyond=None).fit(graphs[:80], times[:80])
    assert len(without.estimators_["target"].views_) == len(views) == 2
    before, after = (
        kendall_tau(times[80:], p.predict(rows[80:]))
        for p, rows in ((without, graphs), (fitted, table.index))
    )
    assert after > before + 0.02
    fitted.save(tmp_path / "model.graf")
    again = load_predictor(tmp_path / "model.graf")
    np.testing.assert_array_equal(again.predict(CELLS[80:]), fitted.predict(CELLS[80:]))


def test_choices_have_no_share_in_what_graphs_tell_better():
    table = GraphFeatures(simplified="both", choices=True).fit_transform(CELLS)
    depth = table["live.depth@simplified"].fillna(0).to_numpy()
    fitted = PerformancePredictor("auto", features="given", warn_beyond=None).fit(table[:80], depth[:80])
    assert len(fitted.estimators_["target"].views_) == 2


def test_choices_alone_are_enough_and_no_part_of_their_own():
    columns = [
        name for name in GraphFeatures(choices=True).fit_transform(CELLS) if name.startswith("choice(")
    ]
    fitted = PerformancePredictor("auto", columns=columns).fit(CELLS[:80], NOISY[:80])
    assert list(fitted.feature_names_) == columns
    assert kendall_tau(NOISY[80:], fitted.predict(CELLS[80:])) > 0.5


def test_who_learned_from_choices_needs_architectures():
    graphs = [SPACE.graph(cell) for cell in CELLS]
    fitted = PerformancePredictor("auto", SPACE, warn_beyond=None).fit(CELLS[:20], NOISY[:20])
    with pytest.raises(InputError, match="must be architectures, got graphs, which do not tell the choices"):
        fitted.predict(graphs[20:])
    fitted = PerformancePredictor("auto", SPACE, warn_beyond=None).fit(graphs[:20], NOISY[:20])
    assert not any(name.startswith("choice(") for name in fitted.feature_names_)
    np.testing.assert_array_equal(fitted.predict(graphs[20:]), fitted.predict(CELLS[20:]))


@given(st.integers(3, 30), st.integers(0, 9))
def test_a_share_is_sure_only_of_what_helps(n, seed):
    truth, noise = np.random.default_rng(seed).normal(size=(2, n))
    assert sure_share(noise, truth, truth) == pytest.approx(1)
    assert sure_share(truth, noise, truth) == 0
    assert sure_share(noise, noise, truth) == 0
    assert 0 <= sure_share(noise, truth + noise / 2, truth) <= 1


def test_intervals_hold_as_many_labels_as_they_say():
    table = GraphFeatures(simplified="both").fit_transform(CELLS)
    held = {0.5: [], 0.9: []}
    for seed in range(8):
        train, test = train_test_split(np.arange(160), train_size=80, random_state=seed)
        fitted = PerformancePredictor("auto", features="given").fit(table.iloc[train], NOISY[train])
        for coverage, found in held.items():
            lower, upper = fitted.predict_interval(table.iloc[test], coverage)
            found.append(np.mean((lower <= NOISY[test]) & (NOISY[test] <= upper)))
    assert abs(np.mean(held[0.5]) - 0.5) < 0.1  # three standard errors of eight splits
    assert abs(np.mean(held[0.9]) - 0.9) < 0.05


def test_widths_differ_and_grow_with_the_coverage(predictor):
    lower, upper = predictor.predict_interval(CELLS[80:])
    mean, std = predictor.predict(CELLS[80:], return_std=True)
    np.testing.assert_allclose(mean, (lower + upper) / 2)
    assert (std < upper - mean).all()
    assert std.std() > 0


@pytest.mark.parametrize("coverage", [0, 1, 90, -0.1, "0.9", None, np.nan])
def test_coverage_lies_between_0_and_1(predictor, coverage):
    with pytest.raises(InputError, match="`coverage` must lie between 0 and 1"):
        predictor.predict_interval(CELLS[:2], coverage)


def test_intervals_need_a_model_that_knows(predictor):
    forest = PerformancePredictor().fit(CELLS[:20], NOISY[:20])
    with pytest.raises(UnsupportedError, match="intervals need model='auto', got 'random_forest'"):
        forest.predict_interval(CELLS[:2])
    assert np.isnan(forest.novelty(CELLS[:2])).all()


def test_it_warns_of_what_is_far_from_all_labels():
    skips = [cell for cell in SPACE.enumerate() if cell.count("conv") == 0][:60]
    targets = np.array([cell.count("skip_connect") + cell.count("pool") / 2 for cell in skips])
    predictor = PerformancePredictor("auto").fit(skips, targets)
    full = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|nor_conv_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2|"
    with pytest.warns(FarFromTrainingWarning, match=r"1 of 61 items are more than 2 times as far .* times\)"):
        predictor.predict([*skips, full])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        predictor.predict(skips)
        predictor.set_params(warn_beyond=None).predict([full])


def test_the_same_whatever_the_threads(predictor):
    threads = PerformancePredictor("auto", n_jobs=2).fit(CELLS[:80], NOISY[:80])
    np.testing.assert_array_equal(threads.predict(CELLS), predictor.predict(CELLS))


def test_saved_and_loaded_it_says_the_same(predictor, tmp_path):
    predictor.save(tmp_path / "predictor")
    loaded = load_predictor(tmp_path / "predictor")
    np.testing.assert_array_equal(loaded.predict_interval(CELLS), predictor.predict_interval(CELLS))


def test_permuted_labels_teach_nothing():
    rng = np.random.default_rng(1)
    taus = []
    for seed in range(6):
        train, test = train_test_split(np.arange(160), train_size=60, random_state=seed)
        fitted = PerformancePredictor("auto", warn_beyond=None).fit(
            [CELLS[i] for i in train], rng.permutation(NOISY[train])
        )
        taus.append(kendall_tau(NOISY[test], fitted.predict([CELLS[i] for i in test])))
    assert abs(np.nanmean(taus)) < 0.15


@pytest.mark.parametrize("y", [[1.0, 2.0], [1.0, 1.0, 1.0], [0.0, 1.0, 0.0, 1.0]])
def test_few_and_equal_labels(y):
    predictor = PerformancePredictor("auto", warn_beyond=None).fit(CELLS[: len(y)], y)
    mean, std = predictor.predict(CELLS[:9], return_std=True)
    assert np.isfinite(mean).all()
    assert np.isfinite(std).all()
    if len(set(y)) == 1:
        np.testing.assert_allclose(mean, y[0])


def test_columns_beside_the_features_and_missing_values():
    given = pd.DataFrame(
        {"proxy": NOISY + 0.1, "empty": np.nan, "some": np.where(MACS > 50, MACS, np.nan)}, CELLS
    )
    predictor = PerformancePredictor("auto", warn_beyond=None).fit(given[:60], NOISY[:60])
    assert kendall_tau(NOISY[60:], predictor.predict(given[60:])) > 0.8


def test_a_single_column_given():
    table = pd.DataFrame({"macs": MACS}, CELLS)
    predictor = PerformancePredictor("auto", features="given", warn_beyond=None).fit(table[:60], MACS[:60])
    assert kendall_tau(MACS[60:], predictor.predict(table[60:])) > 0.9


def test_cells_measured_several_times_are_not_judged_by_their_twins():
    cells, noise = CELLS[:24], 0.1 * np.random.default_rng(1).normal(size=(3, 24))
    labels = np.random.default_rng(2).normal(size=24) + noise  # nothing that features tell, but well measured
    again = PerformancePredictor("auto").fit(cells * 3, labels.ravel())
    once = PerformancePredictor("auto").fit(cells, labels.mean(axis=0))
    np.testing.assert_array_equal(again.predict(CELLS[80:]), once.predict(CELLS[80:]))
    np.testing.assert_array_equal(again.novelty(CELLS[80:]), once.novelty(CELLS[80:]))
    lower, upper = again.predict_interval(CELLS[80:], 0.9)
    assert np.median(upper - lower) > 2
    model = again.estimators_["target"]
    assert len(model.rows_) == len(model.unseen_) == 72


def test_one_cell_measured_several_times_is_all_that_is_known():
    fitted = PerformancePredictor("auto", warn_beyond=None).fit(CELLS[:1] * 5, [1.0, 2.0, 3.0, 4.0, 5.0])
    np.testing.assert_allclose(fitted.predict(CELLS[:1]), 3, atol=0.3)


def trained(cells, effect, rng):
    """Six recipes for each cell: the part of its effect that no column tells is the same in all of its rows."""
    rates = np.tile(np.linspace(-1, 1, 6), len(cells))
    labels = np.repeat(effect, 6) + rates + 0.05 * rng.normal(size=len(rates))
    return pd.DataFrame({"lr": rates}, index=np.repeat(cells, 6)), labels


def test_intervals_of_new_architectures_are_judged_without_all_rows_of_one():
    rng = np.random.default_rng(0)
    rows, labels = trained(CELLS, np.log(MACS + 5) + 0.3 * rng.normal(size=len(CELLS)), rng)
    learned, new = np.arange(240), np.arange(300, 960)
    fitted = PerformancePredictor("auto", warn_beyond=None).fit(rows.iloc[learned], labels[learned])

    def held(items, truth):
        low, high = fitted.predict_interval(items)
        return np.mean((low <= truth) & (truth <= high)), np.median(high - low)

    share, width = held(rows.iloc[new], labels[new])
    known_share, known_width = held(rows.iloc[learned] + 0.2, labels[learned] + 0.2)
    assert share > 0.65
    assert known_share > 0.85
    assert width > 2 * known_width
    model = fitted.estimators_["target"]
    model._misses_apart = [model._misses] * len(model._misses_apart)
    assert held(rows.iloc[new], labels[new])[0] < 0.4


def test_intervals_of_new_recipes_are_judged_without_all_rows_of_one():
    rng = np.random.default_rng(0)
    settings = rng.normal(size=(30, 6))
    worth = settings[:, 0] + 0.3 * rng.normal(size=30)  # a part of it is told by no setting
    rows = pd.DataFrame(np.tile(settings, (12, 1)), np.repeat(CELLS[:12], 30)).add_prefix("setting_")
    labels = np.repeat(np.log(MACS[:12] + 5), 30) + np.tile(worth, 12) + 0.05 * rng.normal(size=360)
    known = np.arange(360) % 30 < 16
    fitted = PerformancePredictor("auto", warn_beyond=None).fit(rows[known], labels[known])

    def held():
        low, high = fitted.predict_interval(rows[~known])
        return np.mean((low <= labels[~known]) & (labels[~known] <= high))

    assert held() > 0.75
    model = fitted.estimators_["target"]
    model._misses_apart = [model._misses] * 2
    assert held() < 0.4


def test_published_columns_tell_which_rows_are_one_architecture():
    rows, labels = trained(CELLS[:6], np.log(MACS[:6] + 5), np.random.default_rng(0))
    published = PerformancePredictor("auto", compat="zc_combine").fit(rows, labels).estimators_["target"]
    assert published._parts[0] == [i for i, name in enumerate(published.names) if name != "lr"]
    assert set(published.views_[0].families_) == {
        "op_count", "min_path_len", "max_path_len", "node_degree", "given columns",
    }  # fmt: skip


def test_where_each_architecture_has_one_row_there_is_one_judgement(predictor):
    model = predictor.estimators_["target"]
    assert model._misses_apart == model.views_[0].apart_ == []
