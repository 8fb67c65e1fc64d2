"""The methods that NASLib calls, in the order in which it calls them."""

import numpy as np
import pytest

import graf
from graf.exceptions import InputError
from graf.predictors import kendall_tau
from graf.predictors.naslib import NASLibPredictor


class Architecture:
    """A graph object as NASLib has them, as far as predictors are concerned."""

    def __init__(self, choices):
        self.choices = choices

    def get_hash(self):
        return tuple(self.choices)


@pytest.fixture(scope="module")
def data():
    space = graf.get_space("nasbench201")
    rows = space.choices(space.sample(150, seed=1)).tolist()
    labels = [space.graph(tuple(row)).n_macs / 1e6 for row in rows]
    return [Architecture(row) for row in rows], labels


def test_a_standalone_benchmark(data):
    x, y = data
    predictor = NASLibPredictor()
    predictor.set_ss_type("nasbench201")
    predictor.pre_process()
    assert not predictor.get_data_reqs()["requires_partial_lc"]
    predictor.pre_compute(x[:100], x[100:])
    assert predictor.fit(x[:100], y[:100], None) < np.std(y[:100])
    found = predictor.query(x[100:], None)
    assert found.shape == (50,)
    assert kendall_tau(y[100:], found) > 0.6
    direct = graf.PerformancePredictor().fit([str(a.get_hash()) for a in x[:100]], y[:100])
    np.testing.assert_array_equal(found, direct.predict([str(a.get_hash()) for a in x[100:]]))


def test_a_search_with_zero_cost_scores(data):
    x, y = data
    scores = [{"jacov": value, "flops": -value} for value in y]
    predictor = NASLibPredictor(ss_type="nasbench201")
    predictor.set_pre_computations(xtrain_zc_info={"zero_cost_scores": scores[:60]})
    predictor.fit(x[:60], np.array(y[:60]))
    found = predictor.query(x[100:], [{"zero_cost_scores": row} for row in scores[100:]])
    assert kendall_tau(y[100:], found) > 0.9
    one = predictor.query(x[100:101], {"zero_cost_scores": scores[100]})
    np.testing.assert_allclose(one, found[:1])
    with pytest.raises(InputError, match="must be a DataFrame with the 2 columns"):
        predictor.query(x[100:])
    with pytest.raises(InputError, match="50 architectures and zero-cost scores of 3"):
        predictor.query(x[100:], scores[:3])


def test_fitting_again_forgets_the_scores(data):
    x, y = data
    predictor = NASLibPredictor(ss_type="nasbench201", zc=False)
    predictor.set_pre_computations(xtrain_zc_info={"zero_cost_scores": [{"a": 1.0}] * 50})
    predictor.fit(x[:50], y[:50])
    assert predictor.query(x[50:]).shape == (100,)


@pytest.mark.parametrize(
    ("ss_type", "cell"),
    [
        ("nasbench301", "darts"),
        ("transbench101_micro", "transnas_micro"),
        ("nasbench101", "nasbench101"),
    ],
)
def test_other_spaces(ss_type, cell):
    space = graf.get_space(cell)
    cells = space.sample(20, seed=2)
    predictor = NASLibPredictor(ss_type=ss_type)
    predictor.fit(cells, np.arange(20.0))
    assert predictor.query(cells).shape == (20,)


def test_hyperparameters(data):
    x, y = data
    predictor = NASLibPredictor("xgboost")
    predictor.set_hyperparams({"simplified": True})
    predictor.fit(x[:50], y[:50])
    assert predictor.predictor.simplified
    assert predictor.get_hyperparams() == {"simplified": True} == predictor.set_random_hyperparams()


def test_query_before_fit(data):
    with pytest.raises(InputError, match="call `fit` first"):
        NASLibPredictor().query(data[0])
