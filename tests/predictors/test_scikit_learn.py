"""scikit-learn's own checks, and its tools around graf's estimators."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.ensemble import RandomForestRegressor
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.utils import check_array
from sklearn.utils.estimator_checks import parametrize_with_checks

from graf import GraphFeatures, PerformancePredictor, ZeroCostProxies, get_space
from graf.predictors.forest import MixedForest

SPACE = get_space("nasbench201")
SMALL = get_space("nasbench201", channels=2, cells_per_stage=1, n_stages=1, input_shape=(1, 8, 8))
CELLS = SPACE.sample(40, seed=0)
MACS = np.array([SPACE.graph(cell).n_macs / 1e6 for cell in CELLS])
COLUMNS = ["op_count(conv3x3)", "op_count(conv1x1)", "max_path_len(skip+conv3x3)"]
BY_NAME = "columns are known by name, so there may be more of them than in fit"
NO_WIDTH = "architectures have no columns to count"
AS_TABLE = "several targets come back as a DataFrame with their names"


def small_forest():
    return RandomForestRegressor(5, random_state=0)


def cells_of(X):
    """A cell per row of numbers, so that checks that only know numbers can be run on cells."""
    numbers = np.nan_to_num(check_array(X, dtype=np.float64, ensure_all_finite=False))
    digits = np.abs(numbers * 1000).astype(np.int64) % 5
    return [str(tuple(row)) for row in digits.take(range(6), axis=1, mode="wrap").tolist()]


class PredictorOnNumbers(PerformancePredictor):
    def fit(self, X, y):
        return super().fit(cells_of(X), y)

    def predict(self, X):
        return super().predict(cells_of(X))

    def score(self, X, y, sample_weight=None):
        return super().score(cells_of(X), y, sample_weight)


class TransformerOnNumbers:
    def fit(self, X, y=None):
        return super().fit(cells_of(X))

    def transform(self, X):
        return super().transform(cells_of(X))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = True
        return tags


class FeaturesOnNumbers(TransformerOnNumbers, GraphFeatures):
    pass


class ProxiesOnNumbers(TransformerOnNumbers, ZeroCostProxies):
    pass


SEVERAL_TARGETS = {"check_regressor_multioutput": AS_TABLE, "check_supervised_y_2d": AS_TABLE}
EXCUSED = {
    PerformancePredictor: {
        "check_n_features_in": BY_NAME,
        "check_n_features_in_after_fitting": BY_NAME,
        **SEVERAL_TARGETS,
    },
    PredictorOnNumbers: {
        "check_n_features_in": NO_WIDTH,
        "check_n_features_in_after_fitting": NO_WIDTH,
        **SEVERAL_TARGETS,
    },
    FeaturesOnNumbers: {
        "check_transformer_general": NO_WIDTH,
        "check_transformer_preserve_dtypes": "features are a DataFrame unless set_output asks otherwise",
    },
}
EXCUSED[ProxiesOnNumbers] = EXCUSED[FeaturesOnNumbers] | {
    "check_estimators_overwrite_params": "a space keeps what it has looked up, which changes its hash",
}


def excused(estimator):
    return EXCUSED[type(estimator)]


@parametrize_with_checks(
    [
        PerformancePredictor(small_forest(), features="given"),
        PredictorOnNumbers(small_forest()),
        FeaturesOnNumbers(columns=COLUMNS),
        ProxiesOnNumbers(["params", "l2_norm"], "cpu", space=SMALL, batch_size=2),
    ],
    expected_failed_checks=excused,
)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


@pytest.mark.parametrize("estimator", [PerformancePredictor(), GraphFeatures()])
def test_parameters_are_stored_as_given_and_cloned(estimator):
    estimator.set_params(columns=COLUMNS, simplified=True, space="nasbench201")
    copied = clone(estimator)
    assert copied.get_params() == estimator.get_params()
    assert copied.columns == COLUMNS
    assert copied.simplified


def test_parameters_of_a_model_are_reached_through_the_predictor():
    predictor = PerformancePredictor(small_forest()).set_params(model__n_estimators=3, columns=COLUMNS)
    assert len(predictor.fit(CELLS, MACS).estimators_["target"].estimators_) == 3
    assert not hasattr(predictor.model, "estimators_")


@pytest.mark.parametrize("model", ["random_forest", "xgboost"])
def test_pickled_predictors_predict_the_same(model):
    predictor = PerformancePredictor(model, columns=COLUMNS).fit(CELLS, MACS)
    copied = pickle.loads(pickle.dumps(predictor))
    np.testing.assert_array_equal(copied.predict(CELLS), predictor.predict(CELLS))


def test_features_follow_set_output():
    features = GraphFeatures(columns=COLUMNS)
    assert isinstance(features.fit_transform(CELLS), pd.DataFrame)
    assert list(features.set_output(transform="pandas").fit_transform(CELLS)) == COLUMNS


def test_a_pipeline_of_features_and_a_forest_is_a_predictor():
    forest = MixedForest(random_state=0)
    pipeline = make_pipeline(GraphFeatures(columns=COLUMNS), forest).fit(CELLS, MACS)
    predictor = PerformancePredictor(columns=COLUMNS).fit(CELLS, MACS)
    np.testing.assert_array_equal(pipeline.predict(CELLS), predictor.predict(CELLS))


def test_grid_search_over_architectures():
    grid = {"model__max_depth": [1, 6], "columns": [["op_count(conv1x1)"], COLUMNS]}
    search = GridSearchCV(PerformancePredictor(small_forest()), grid, cv=3).fit(CELLS, MACS)
    assert search.best_params_ == {"model__max_depth": 6, "columns": COLUMNS}
    assert search.predict(CELLS).shape == (40,)


def test_cross_validation_matches_labels_by_architecture():
    labels = pd.Series(MACS, CELLS)
    score = cross_val_score(PerformancePredictor(small_forest(), columns=COLUMNS), CELLS, labels, cv=3)
    assert score.mean() > 0.8


@pytest.mark.parametrize("model", ["auto", "xgboost"])
def test_set_config_does_not_reach_the_inside_of_models(model):
    plain = PerformancePredictor(model, columns=COLUMNS).fit(CELLS, MACS).predict(CELLS)
    with config_context(transform_output="pandas"):
        asked = PerformancePredictor(model, columns=COLUMNS).fit(CELLS, MACS).predict(CELLS)
    np.testing.assert_array_equal(asked, plain)
