"""explain: values add up, whatever the model, the features and the items."""

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import ExtraTreesRegressor, GradientBoostingRegressor
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression
from xgboost import XGBRegressor, XGBRFRegressor

from graf import PerformancePredictor, explain
from graf.exceptions import InputError, UnknownNameError, UnsupportedError

COLUMNS = ["op_count(conv3x3)", "op_count(conv1x1)"]


def check_sums(explanation, predictor, items):
    total = explanation.values.sum(axis=1) + explanation.base_values
    np.testing.assert_allclose(total, np.asarray(predictor.predict(items)), rtol=1e-5, atol=1e-4)
    np.testing.assert_allclose(explanation.predictions, np.asarray(predictor.predict(items)))


@pytest.mark.parametrize("model", [ExtraTreesRegressor(5, random_state=0), "xgboost"])
def test_values_add_up_for_one_target(model, cells, targets):
    predictor = PerformancePredictor(model).fit(cells, targets["up"])
    explanation = explain(predictor, cells[:20])
    n_features = len(predictor.feature_names_)
    assert explanation.values.shape == (20, n_features)
    assert explanation.base_values.shape == explanation.predictions.shape == (20,)
    assert explanation.target_names == ("up",)
    check_sums(explanation, predictor, cells[:20])


def test_values_add_up_for_several_targets(explanation, predictor, cells):
    assert explanation.values.shape == (30, len(predictor.feature_names_), 2)
    assert explanation.base_values.shape == explanation.predictions.shape == (30, 2)
    assert list(explanation.architectures) == cells[:30]
    assert explanation.feature_names == list(predictor.feature_names_)
    pd.testing.assert_frame_equal(explanation.data, predictor.features_table(cells[:30]))
    check_sums(explanation, predictor, cells[:30])


def test_a_target_is_explained_alike_with_and_without_others(explanation, cells, targets, forest):
    alone = explain(PerformancePredictor(forest).fit(cells, targets["down"]), cells[:30])
    np.testing.assert_array_equal(explanation.values[..., 1], alone.values)


def test_one_of_several_targets_can_be_explained(explanation, predictor, cells):
    one = explain(predictor, cells[:30], target="down", interactions=True)
    assert one.target_names == ("down",) and one.interactions.ndim == 3
    for name in ("values", "base_values", "predictions"):
        np.testing.assert_array_equal(getattr(one, name), getattr(explanation.select("down"), name))
    with pytest.raises(UnknownNameError, match="unknown target 'dwn'; did you mean 'down'"):
        explain(predictor, cells[:30], target="dwn")


def test_the_base_value_is_the_mean_over_the_grown_rows(cells, targets):
    model = ExtraTreesRegressor(5, random_state=0)  # no bootstrap: grown on all rows
    predictor = PerformancePredictor(model).fit(cells, targets["up"])
    assert explain(predictor, cells[:2]).base_values[0] == pytest.approx(targets["up"].mean())


@pytest.mark.parametrize("model", [ExtraTreesRegressor(5, random_state=0), "xgboost"])
def test_a_background_takes_the_place_of_the_training_rows(model, cells, targets):
    predictor = PerformancePredictor(model, columns=["op_count(conv3x3)"]).fit(cells, targets["up"])
    explanation = explain(predictor, cells[:10], background=cells[10:15])
    expected = predictor.predict(cells[10:15])
    if model == "xgboost":  # whose trees predict scores
        scores = predictor.estimators_["up"].scores_
        expected = scores.inverse_transform(scores.transform(expected).mean())
    assert explanation.base_values[0] == pytest.approx(expected.mean(), rel=1e-5)
    check_sums(explanation, predictor, cells[:10])


@pytest.mark.parametrize(
    "model",
    [
        XGBRegressor(n_estimators=9, booster="dart", rate_drop=0.5),
        XGBRegressor(n_estimators=9, missing=0.0),
        XGBRegressor(n_estimators=9, num_parallel_tree=2),
        XGBRFRegressor(n_estimators=9),
        GradientBoostingRegressor(n_estimators=9, init="zero"),
    ],
)
def test_boosted_trees_of_all_kinds_add_up_with_and_without_a_background(model, cells, targets):
    predictor = PerformancePredictor(model, columns=COLUMNS).fit(cells, targets["up"])
    for background in (None, cells[10:15]):
        check_sums(explain(predictor, cells[:10], background=background), predictor, cells[:10])


def test_interactions_of_boosted_trees_add_up_to_their_values(cells, targets):
    predictor = PerformancePredictor("xgboost").fit(cells, targets["up"] ** 2)
    found = explain(predictor, cells[:4], interactions=True)
    np.testing.assert_allclose(found.interactions.sum(axis=2), found.values, rtol=1e-9, atol=1e-9)
    check_sums(found, predictor, cells[:4])


def test_interactions_of_pairs_add_up_to_the_values(predictor, cells, explanation):
    assert explanation.interactions is None
    found = explain(predictor, cells[:4], interactions=True)
    n_features = len(predictor.feature_names_)
    assert found.interactions.shape == (4, n_features, n_features, 2)
    np.testing.assert_allclose(found.interactions.sum(axis=2), found.values, atol=1e-12)
    np.testing.assert_array_equal(found.select("down").interactions, found.interactions[..., 1])
    with pytest.raises(InputError, match="leave `background` out"):
        explain(predictor, cells[:4], background=cells, interactions=True)


def test_items_with_given_columns(cells, targets, forest):
    proxies = pd.DataFrame({"noise": np.arange(80.0), "signal": targets["up"]}, index=cells)
    proxies.iloc[0, 0] = np.nan
    predictor = PerformancePredictor(forest, features="given").fit(proxies, targets["up"])
    explanation = explain(predictor, proxies)
    assert explanation.importance().index[0] == "signal"
    assert explanation.columns == {}
    check_sums(explanation, predictor, proxies)


def test_given_columns_are_known_by_the_names_of_features(cells, targets, forest):
    given = pd.DataFrame({"op_count(conv3x3)": range(len(cells)), "zcp_mine": 0.0}, index=cells)
    predictor = PerformancePredictor(forest, features="given").fit(given, targets.iloc[:, 0])
    found = explain(predictor, given)
    assert set(found.importance("family").index) == {"op_count", "given columns"}
    assert set(found.importance("operation").index) == {"conv3x3", "given columns"}


def test_published_columns_are_known_by_what_they_hold(cells, targets, forest):
    predictor = PerformancePredictor(forest, compat="zc_combine").fit(cells, targets["up"])
    explanation = explain(predictor, cells[:10])
    assert str(explanation.columns["op_count_2"]) == "op_count(conv3x3)"
    assert explanation.importance("operation").index[0] == "conv3x3"


def test_what_cannot_be_explained(cells, targets):
    with pytest.raises(InputError, match="`predictor` must be a fitted PerformancePredictor, got dict"):
        explain({}, cells)
    with pytest.raises(NotFittedError):
        explain(PerformancePredictor(), cells)
    columns = ["op_count(conv3x3)"]
    line = PerformancePredictor(LinearRegression(), columns=columns).fit(cells, targets["up"])
    with pytest.raises(UnsupportedError, match="gradient boosting or XGBoost, got LinearRegression"):
        explain(line, cells)
