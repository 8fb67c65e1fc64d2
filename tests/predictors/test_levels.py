"""Targets that take few values."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kendalltau
from sklearn.linear_model import LinearRegression
from sklearn.tree import DecisionTreeRegressor

from graf import PerformancePredictor, get_space, load_predictor
from graf.explainers import explain
from graf.predictors.levels import levels_of
from graf.predictors.transfer import TransferRegressor

RNG = np.random.default_rng(5)
ITEMS = pd.DataFrame(RNG.integers(0, 3, size=(600, 4)).astype(float), columns=list("abcd"))
STEPS = 0.1 * (ITEMS["a"] + 2 * ITEMS["b"]).to_numpy() ** 2  # seven values
NOISE = RNG.normal(size=600)
TRAIN, TEST = slice(400), slice(400, None)


def fitted(y, model="random_forest", train=TRAIN):
    return PerformancePredictor(model, features="given").fit(ITEMS[train], y[train])


@pytest.mark.parametrize("model", ["auto", "random_forest", "xgboost", DecisionTreeRegressor(random_state=0)])
def test_predictions_take_the_values_of_labels_that_follow_from_the_architecture(model):
    predictor = fitted(STEPS, model)
    found = predictor.predict(ITEMS[TEST])
    assert set(found) <= set(predictor.levels_["target"]) == set(STEPS[TRAIN])
    raw = predictor.estimators_["target"].predict(ITEMS[TEST].to_numpy())
    assert kendalltau(found, STEPS[TEST]).statistic >= kendalltau(raw, STEPS[TEST]).statistic
    assert kendalltau(found, STEPS[TEST]).statistic > 0.99


@pytest.mark.parametrize(
    "y",
    [
        pytest.param(np.round(2 * NOISE), id="nothing to know"),
        pytest.param(np.round(STEPS + 1.5 * NOISE), id="noise of more than a level"),
        pytest.param(STEPS + 1e-9 * NOISE, id="all differ"),
        pytest.param((STEPS > 1).astype(float), id="two values"),
        pytest.param(np.ones(600), id="one value"),
    ],
)
def test_other_targets_have_no_levels(y):
    predictor = fitted(y)
    assert not len(predictor.levels_["target"])
    np.testing.assert_array_equal(
        predictor.predict(ITEMS[TEST]), predictor.estimators_["target"].predict(ITEMS[TEST].to_numpy())
    )


def test_a_hundred_labels_are_needed():
    tree, X = DecisionTreeRegressor(random_state=0), ITEMS.to_numpy()
    assert not len(levels_of(tree, X[:99], STEPS[:99], list("abcd")))
    assert len(levels_of(tree, X[:100], STEPS[:100], list("abcd")))


def test_an_architecture_under_several_recipes_does_not_give_its_own_value_away():
    cells = list(dict.fromkeys(get_space("nasbench201").sample(50, seed=0)))[:40]
    items = pd.DataFrame({"lr": np.tile(np.arange(6.0), 40)}, np.repeat(cells, 6))
    time = np.repeat(
        RNG.normal(size=40), 6
    )  # the same under all recipes, and no value of another architecture
    assert not len(PerformancePredictor().fit(items, time).levels_["target"])
    steps = np.repeat([cell.count("conv_3x3") for cell in cells], 6)
    assert len(PerformancePredictor().fit(items, steps).levels_["target"]) == len(np.unique(steps))
    two = items[:121].set_axis([cells[0]] * 120 + [cells[1]])
    assert not len(PerformancePredictor("auto").fit(two, two["lr"] % 3).levels_["lr"])


def test_a_model_that_does_not_know_the_levels_is_left_alone():
    bent = ITEMS.mod(2).sum(axis=1)  # no line tells them
    assert len(fitted(bent, "random_forest").levels_["target"]) == 5
    assert not len(fitted(bent, LinearRegression()).levels_["target"])


def test_a_value_that_nearly_all_labels_have_is_predicted_as_such():
    chance = np.random.default_rng(0).random(600)
    holds_out = (ITEMS["a"] + ITEMS["b"] == 4).to_numpy() & (chance < 0.7)
    y = np.where(holds_out, np.round(3 * chance), 0.0)  # robust accuracy: most networks have none
    predictor = fitted(y, "auto")
    found, raw = (
        predictor.predict(ITEMS[TEST]),
        predictor.estimators_["target"].predict(ITEMS[TEST].to_numpy()),
    )
    assert np.mean(found == 0) > 0.8
    assert kendalltau(found, y[TEST]).statistic > 1.2 * kendalltau(raw, y[TEST]).statistic


def test_each_target_has_its_own():
    y = pd.DataFrame({"steps": STEPS, "smooth": STEPS + NOISE})
    y.loc[:20, "steps"] = np.nan
    predictor = fitted(y)
    assert len(predictor.levels_["steps"]) == 7
    assert not len(predictor.levels_["smooth"])
    assert list(predictor.levels_) == ["steps", "smooth"]
    assert predictor.predict(ITEMS[TEST])["steps"].nunique() <= 7


def test_a_target_that_learns_from_others_may_have_levels():
    y = pd.DataFrame({"smooth": STEPS + 0.01 * NOISE, "steps": STEPS})
    y.loc[150:, "steps"] = np.nan
    predictor = PerformancePredictor("auto", features="given", share_targets=True).fit(ITEMS, y)
    assert isinstance(predictor.estimators_["steps"], TransferRegressor)
    assert set(predictor.predict(ITEMS[TEST])["steps"]) <= set(STEPS)


def test_means_beside_standard_deviations_are_the_predictions():
    predictor = fitted(STEPS)
    mean, std = predictor.predict(ITEMS[TEST], return_std=True)
    np.testing.assert_array_equal(mean, predictor.predict(ITEMS[TEST]))
    assert std.shape == mean.shape


@pytest.mark.parametrize("coverage", [0.1, 0.9])
def test_intervals_hold_the_prediction(coverage):
    predictor = fitted(STEPS, "auto")
    lower, upper = predictor.predict_interval(ITEMS[TEST], coverage)
    found = predictor.predict(ITEMS[TEST])
    raw, half = predictor.estimators_["target"].predict_with_width(ITEMS[TEST].to_numpy(), coverage)
    assert (np.abs(found - raw) > half).any()
    np.testing.assert_array_equal(lower, np.minimum(raw - half, found))
    np.testing.assert_array_equal(upper, np.maximum(raw + half, found))


def test_a_saved_predictor_keeps_them(tmp_path):
    predictor = fitted(STEPS)
    predictor.save(tmp_path / "p.graf")
    loaded = load_predictor(tmp_path / "p.graf")
    np.testing.assert_array_equal(loaded.levels_["target"], predictor.levels_["target"])
    np.testing.assert_array_equal(loaded.predict(ITEMS), predictor.predict(ITEMS))


def test_values_are_those_of_the_model_and_the_base_value_holds_the_rest():
    predictor = fitted(STEPS, "xgboost")
    explanation, moved = explain(predictor, ITEMS[:5]), predictor.predict(ITEMS[:5])
    model = predictor.estimators_["target"]
    raw = model.predict(ITEMS[:5].to_numpy())
    assert (raw != moved).all()
    np.testing.assert_array_equal(explanation.predictions, moved)
    np.testing.assert_allclose(explanation.values.sum(axis=1) + explanation.base_values, moved, atol=1e-6)
    assert np.ptp(explanation.base_values - (moved - raw)) < 1e-6
