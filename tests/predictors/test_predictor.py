"""PerformancePredictor: what it learns, in which forms, and that nothing else matters."""

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import ExtraTreesRegressor, RandomForestRegressor
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score
from sklearn.model_selection import cross_val_score

from graf import ComputationGraph, GraphFeatures, PerformancePredictor, get_space
from graf.exceptions import ArchitectureError, InputError, UnknownNameError, UnsupportedError
from graf.predictors import kendall_tau
from graf.predictors.forest import MixedForest

SPACE = get_space("nasbench201")
CELLS = SPACE.sample(60, seed=0)
GRAPHS = [SPACE.graph(cell) for cell in CELLS]
TARGETS = pd.DataFrame(
    {"macs": [g.n_macs / 1e6 for g in GRAPHS], "skips": [-cell.count("skip") for cell in CELLS]}, CELLS
)
MACS = TARGETS["macs"]
PROXIES = pd.DataFrame({"parameters": [g.n_parameters for g in GRAPHS], "noise": np.arange(60) % 7}, CELLS)
COLUMNS = ["op_count(conv3x3)", "op_count(conv1x1)", "op_count(skip)", "max_path_len(skip+conv3x3)"]
MODELS = ["random_forest", "xgboost"]


def small_forest():
    return RandomForestRegressor(7, random_state=0)


@pytest.mark.parametrize("model", MODELS)
def test_it_ranks_cells_it_has_not_seen(model):
    predictor = PerformancePredictor(model).fit(CELLS[:40], MACS[:40])
    assert kendall_tau(MACS[40:], predictor.predict(CELLS[40:])) > 0.75


def test_the_named_forest_is_the_mixed_one():
    X = GraphFeatures(columns=COLUMNS).fit_transform(CELLS).to_numpy()
    predictor = PerformancePredictor(columns=COLUMNS, random_state=3).fit(CELLS, MACS)
    forest = MixedForest(random_state=3).fit(X, MACS)
    np.testing.assert_array_equal(predictor.predict(CELLS), forest.predict(X))


@pytest.mark.parametrize("model", MODELS)
def test_the_number_of_threads_changes_nothing(model):
    one, two = (PerformancePredictor(model, n_jobs=n).fit(CELLS, MACS).predict(CELLS) for n in (1, 2))
    np.testing.assert_array_equal(one, two)


def test_the_seed_decides():
    first, same, other = (
        PerformancePredictor(columns=COLUMNS, random_state=seed).fit(CELLS, MACS).predict(CELLS)
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, same)
    assert (first != other).any()


@pytest.mark.parametrize("model", ["auto", *MODELS])
def test_without_a_seed_it_draws_one_and_leaves_the_state_of_numpy_alone(model):
    before = np.random.get_state()[2]  # noqa: NPY002
    one, other = (
        PerformancePredictor(model, random_state=None).fit(CELLS, MACS).predict(CELLS) for _ in "12"
    )
    assert (one != other).any()
    assert np.random.get_state()[2] == before  # noqa: NPY002


@pytest.mark.parametrize("items", [GRAPHS, tuple(CELLS), np.array(CELLS), PROXIES[[]], pd.Series(CELLS)])
def test_all_forms_of_items_mean_the_same(items):
    expected = PerformancePredictor(small_forest(), columns=COLUMNS).fit(CELLS, MACS).predict(CELLS)
    predictor = PerformancePredictor(small_forest(), columns=COLUMNS).fit(items, MACS.to_numpy())
    np.testing.assert_array_equal(predictor.predict(items), expected)


def test_a_target_does_not_depend_on_the_others():
    both = PerformancePredictor(small_forest(), columns=COLUMNS).fit(CELLS, TARGETS)
    alone = PerformancePredictor(small_forest(), columns=COLUMNS).fit(CELLS, MACS)
    predicted = both.predict(CELLS)
    assert list(predicted) == both.target_names_ == list(both.estimators_) == ["macs", "skips"]
    assert predicted.index.tolist() == CELLS
    np.testing.assert_array_equal(predicted["macs"], alone.predict(CELLS))


def test_the_form_of_predictions_follows_that_of_the_targets():
    predictor = PerformancePredictor(small_forest(), columns=COLUMNS)
    assert predictor.fit(CELLS, MACS.tolist()).predict(CELLS).shape == (60,)
    assert predictor.fit(CELLS, MACS.to_frame()).predict(CELLS).shape == (60, 1)
    assert list(predictor.fit(CELLS, TARGETS.to_numpy()).predict(CELLS)) == ["target_0", "target_1"]


def test_labels_are_matched_by_architecture():
    predictor = PerformancePredictor(small_forest(), columns=COLUMNS)
    expected = predictor.fit(CELLS, TARGETS).predict(CELLS)
    shuffled = predictor.fit(CELLS, TARGETS.sample(frac=1, random_state=0)).predict(CELLS)
    pd.testing.assert_frame_equal(shuffled, expected)


def test_labels_are_matched_by_the_names_of_graphs():
    names = [f"{i}.onnx" for i in range(60)]
    labels = pd.Series(MACS.to_numpy(), names)
    named = PerformancePredictor(small_forest()).fit(pd.Series(GRAPHS, names), labels[::-1])
    expected = PerformancePredictor(small_forest()).fit(GRAPHS, MACS.to_numpy())
    np.testing.assert_array_equal(named.predict(GRAPHS), expected.predict(GRAPHS))


def test_scores_are_of_labels_matched_as_in_fit():
    predictor = PerformancePredictor(small_forest(), columns=COLUMNS).fit(CELLS, TARGETS)
    expected = r2_score(TARGETS, predictor.predict(CELLS))
    shuffled = TARGETS.sample(frac=1, random_state=0)
    assert predictor.score(CELLS, TARGETS.to_numpy()) == pytest.approx(expected)
    assert predictor.score(CELLS, shuffled) == pytest.approx(expected)
    assert predictor.score(CELLS, shuffled[["skips", "macs"]]) == pytest.approx(expected)
    one = PerformancePredictor(small_forest(), columns=COLUMNS).fit(CELLS, MACS)
    weights = np.arange(60)
    assert one.score(CELLS, shuffled["macs"], weights) == r2_score(
        MACS, one.predict(CELLS), sample_weight=weights
    )
    with pytest.raises(InputError, match=r"one weight per item, got shape \(59,\) for 60 items"):
        one.score(CELLS, MACS, weights[1:])


def test_scores_of_several_targets_take_the_items_that_have_a_label():
    predictor = PerformancePredictor(small_forest(), columns=COLUMNS).fit(CELLS, TARGETS)
    some = TARGETS.astype(float)
    some.iloc[::3, 1] = np.nan
    known, found = some.iloc[:, 1].notna(), predictor.predict(CELLS)
    expected = [
        r2_score(TARGETS.iloc[:, 0], found.iloc[:, 0]),
        r2_score(TARGETS[known].iloc[:, 1], found[known].iloc[:, 1]),
    ]
    assert predictor.score(CELLS, some) == pytest.approx(np.mean(expected))
    assert cross_val_score(predictor, CELLS, some, cv=3).shape == (3,)
    with pytest.raises(InputError, match="must hold the 2 targets that the predictor was fitted on, got 1"):
        predictor.score(CELLS, MACS)


def test_features_table_is_what_the_models_see():
    predictor = PerformancePredictor(small_forest(), columns=COLUMNS).fit(PROXIES, MACS)
    table = predictor.features_table(PROXIES)
    assert list(table) == predictor.feature_names_.tolist() == [*COLUMNS, "parameters", "noise"]
    np.testing.assert_array_equal(
        predictor.estimators_["macs"].predict(table.to_numpy()), predictor.predict(PROXIES)
    )


@pytest.mark.parametrize("model", MODELS)
def test_missing_and_infinite_values_are_taken(model):
    proxies = PROXIES.astype(float)
    proxies.iloc[::5, 0], proxies.iloc[1, 1], proxies.iloc[2, 1] = np.nan, np.inf, -np.inf
    proxies["never"] = np.nan
    predictor = PerformancePredictor(model, features="given").fit(proxies, MACS)
    assert np.isfinite(predictor.predict(proxies)).all()


def test_many_infinite_values_beside_undefined_ones_do_not_warn():
    proxies = PROXIES.astype(float).assign(never=np.nan)
    proxies.iloc[::3, 1] = np.inf
    predictor = PerformancePredictor("random_forest", features="given").fit(proxies, MACS)
    assert np.isfinite(predictor.predict(proxies)).all()


@pytest.mark.parametrize("model", ["auto", *MODELS])
def test_many_infinite_values_of_both_signs_do_not_warn(model):
    proxies = pd.DataFrame(
        {"score": np.where(PROXIES["noise"] > 2, np.inf, -np.inf), "noise": PROXIES["noise"]}
    )
    predictor = PerformancePredictor(model, features="given").fit(proxies, MACS)
    assert np.isfinite(predictor.predict(proxies)).all()


@pytest.mark.parametrize("model", MODELS)
def test_names_that_xgboost_forbids_are_taken(model):
    proxies = PROXIES.rename(columns={"noise": "score[<1]"})
    assert PerformancePredictor(model, features="given").fit(proxies, MACS).predict(proxies).shape == (60,)


@pytest.mark.parametrize("model", [small_forest(), ExtraTreesRegressor(7, bootstrap=True, random_state=0)])
def test_std_is_that_of_the_trees(model):
    predictor = PerformancePredictor(model, columns=COLUMNS).fit(CELLS, TARGETS)
    mean, std = predictor.predict(CELLS[:9], return_std=True)
    X = predictor.features_table(CELLS[:9]).to_numpy()
    trees = [tree.predict(X) for tree in predictor.estimators_["macs"].estimators_]
    np.testing.assert_allclose(mean["macs"], np.mean(trees, axis=0))
    np.testing.assert_allclose(std["macs"], np.std(trees, axis=0))
    assert std.shape == (9, 2)


def test_std_of_one_target_is_an_array():
    mean, std = PerformancePredictor(small_forest(), columns=COLUMNS).fit(CELLS, MACS).predict(CELLS, True)
    assert mean.shape == std.shape == (60,)


def test_std_needs_a_forest():
    predictor = PerformancePredictor(LinearRegression(), columns=COLUMNS[:2]).fit(CELLS, MACS)
    with pytest.raises(UnsupportedError, match="'random_forest', got LinearRegression"):
        predictor.predict(CELLS, return_std=True)


def test_published_columns_can_be_chosen():
    predictor = PerformancePredictor(small_forest(), compat="zc_combine").fit(PROXIES, MACS)
    assert len(predictor.feature_names_) == 191 + 2
    assert predictor.feature_names_[0] == "op_count_0"


def test_cells_of_the_same_function_get_the_same_prediction_when_simplified():
    twins = ["(1, 1, 2, 1, 1, 1)", "(1, 1, 2, 2, 1, 1)"]
    predictor = PerformancePredictor(small_forest(), simplified=True).fit(CELLS, MACS)
    assert len(set(predictor.predict(twins))) == 1


def test_graphs_need_no_space():
    graphs = [
        ComputationGraph.from_edges(["conv3x3"] * n, [(i, i + 1) for i in range(n - 1)]) for n in range(1, 9)
    ]
    predictor = PerformancePredictor(small_forest()).fit(graphs, range(8))
    assert predictor.predict(graphs[-1:])[0] > predictor.predict(graphs[:1])[0]


def test_it_must_be_fitted_first():
    for method in ("predict", "features_table"):
        with pytest.raises(NotFittedError):
            getattr(PerformancePredictor(), method)(CELLS)


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"model": "random_forrest"}, UnknownNameError, "did you mean 'random_forest'"),
        ({"model": RandomForestRegressor}, InputError, "`model` must be .* scikit-learn regressor"),
        ({"model": None}, InputError, "got None"),
        ({"features": "graphs"}, UnknownNameError, "did you mean 'graph'"),
        ({"space": "nasbench102"}, UnknownNameError, "did you mean 'nasbench101', 'nasbench201'"),
        ({"columns": ["op_count(conv3x4)"]}, UnknownNameError, "did you mean 'conv3x3'"),
        ({"compat": "zc"}, UnknownNameError, "zc_combine"),
        ({"random_state": -1}, InputError, "`random_state` must be None or a whole number .*, got -1"),
        ({"model": "xgboost", "random_state": "x"}, InputError, "`random_state` must be None or .*, got 'x'"),
        ({"n_jobs": 0}, InputError, "`n_jobs` must be None, a positive integer, or -1 .*, got 0"),
        ({"warn_beyond": "2"}, InputError, "`warn_beyond` must be None or a number .*, got '2'"),
        ({"simplified": 1}, InputError, "`simplified` must be True, False or 'both', got 1"),
    ],
)
def test_bad_parameters_are_named(parameters, error, message):
    with pytest.raises(error, match=message):
        PerformancePredictor(**parameters).fit(CELLS, MACS)


@pytest.mark.parametrize(
    ("items", "y", "error", "message"),
    [
        (CELLS[:1], [1], InputError, "at least two labels"),
        ([], [], InputError, "at least one"),
        (CELLS, MACS[:5], InputError, "got 5 for 60 items"),
        (CELLS, MACS.where(np.arange(60) != 3), InputError, "1 NaN .* index 3"),
        ([*CELLS[:3], "|nor_conv_3x3~0|"], [1, 2, 3, 4], ArchitectureError, "architecture 3"),
        (CELLS[0], [1], InputError, "wrap it in a list"),
    ],
)
def test_bad_data_are_named(items, y, error, message):
    with pytest.raises(error, match=message):
        PerformancePredictor(small_forest(), columns=COLUMNS).fit(items, y)


def test_columns_missing_at_prediction_are_named():
    predictor = PerformancePredictor(small_forest(), features="given").fit(PROXIES, MACS)
    with pytest.raises(InputError, match=r"lack 1 columns .* noise"):
        predictor.predict(PROXIES[["parameters"]])


def test_html_says_what_was_learnt():
    new = PerformancePredictor(small_forest())
    assert "Predicts" not in new._repr_html_()
    html = new.fit(PROXIES, TARGETS)._repr_html_()
    assert "Predicts <b>macs, skips</b> from" in html
    assert "graph features of nasbench201 and 2 given columns.</p>" in html
    html = (
        PerformancePredictor(small_forest(), features="given").fit(PROXIES, MACS.rename("<b>"))._repr_html_()
    )
    assert "Predicts <b>&lt;b&gt;</b> from 2 given columns." in html
