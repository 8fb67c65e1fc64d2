"""Several targets at once: those with many labels help those with few."""

import numpy as np
import pandas as pd
import pytest

from graf import PerformancePredictor, explain, get_space, load_predictor
from graf.exceptions import InputError, UnsupportedError
from graf.predictors import kendall_tau
from graf.predictors.auto import AutoRegressor
from graf.predictors.repeats import folds_apart, number_of_row
from graf.predictors.transfer import TransferRegressor

SPACE = get_space("nasbench201")
CELLS = SPACE.sample(140, seed=11)
RNG = np.random.default_rng(0)
COSTS = np.array(
    [[cell.count("conv_3x3"), cell.count("conv_1x1"), cell.count("pool")] for cell in CELLS], float
)
TRUTH = pd.DataFrame(
    {
        "server": COSTS @ [3.0, 1.0, 0.5] + 2,
        "phone": COSTS @ [9.0, 1.0, 4.0] + 5,
        "new": COSTS @ [6.0, 1.0, 2.2] + 3 + 0.1 * RNG.normal(size=len(CELLS)),
        "luck": RNG.normal(size=len(CELLS)),
    },
    CELLS,
)


@pytest.fixture(scope="module")
def labels():
    """Two devices measured on the first 80 cells, a new one on 8 others, and a meaningless target."""
    known = TRUTH[:90].copy()
    known.iloc[80:, :2] = np.nan
    known.iloc[:82, 2] = np.nan
    known.iloc[80:, 3] = np.nan
    return known


@pytest.fixture(scope="module")
def shared(labels):
    return PerformancePredictor("auto", share_targets=True, warn_beyond=None).fit(CELLS[:90], labels)


def tau(predictor, target="new"):
    return kendall_tau(TRUTH[target][90:], predictor.predict(CELLS[90:])[target])


def test_a_new_device_profits_from_others(labels, shared):
    alone = PerformancePredictor("auto", warn_beyond=None).fit(CELLS[:90], labels)
    assert tau(shared) > tau(alone) + 0.05
    assert tau(shared) > 0.9
    assert tau(shared, "server") == tau(alone, "server")  # as many labels as the others: nobody helps


def test_rows_that_helpers_learned_from_are_judged_as_unseen(labels):
    own = labels.assign(new=TRUTH["new"].to_numpy()[:90])
    own.iloc[8:, 2] = np.nan  # labels of cells that the others have, too
    fitted = PerformancePredictor("auto", share_targets=True, warn_beyond=None).fit(CELLS[:90], own)
    model = fitted.estimators_["new"]
    others = np.column_stack([helper.unseen_[:8] for helper in model.helpers.values()])
    np.testing.assert_allclose(model.ridge_[0].mean_, others.mean(axis=0))
    assert model.unseen_.shape == (8,)


def test_two_labels_are_enough_to_begin():
    X = np.random.default_rng(1).normal(size=(30, 3))
    helper = AutoRegressor().fit(X, X.sum(axis=1))
    shared = TransferRegressor(AutoRegressor(), {"helper": helper}).fit(X[:2], X[:2].sum(axis=1))
    assert np.isfinite([*shared.predict_with_width(X, 0.9), shared.predict(X)]).all()
    assert shared.unseen_.shape == (2,)


def test_targets_that_tell_nothing_do_no_harm():
    known = TRUTH[["luck", "server"]][:90].copy()
    known.iloc[45:, 1] = np.nan
    both = PerformancePredictor("auto", share_targets=True, warn_beyond=None).fit(CELLS[:90], known)
    assert both.estimators_["server"].weight_ > 0.95
    assert tau(both, "server") > 0.85


def test_the_prediction_is_the_sum_that_is_explained(shared):
    model = shared.estimators_["new"]
    X = shared.features_table(CELLS[90:]).to_numpy()
    weight, slopes, constant = model.coefficients()
    parts = sum(slope * shared.estimators_[name].predict(X) for name, slope in slopes.items())
    np.testing.assert_allclose(model.predict(X), weight * model.own_.predict(X) + parts + constant)
    explanation = explain(shared, CELLS[90:94])
    total = explanation.values.sum(axis=1) + explanation.base_values
    np.testing.assert_allclose(total, shared.predict(CELLS[90:94]), rtol=1e-6)


def test_intervals_and_novelty(shared):
    lower, upper = shared.predict_interval(CELLS[90:], 0.8)
    assert (lower["new"] < upper["new"]).all()
    assert np.mean((lower["new"] <= TRUTH["new"][90:]) & (TRUTH["new"][90:] <= upper["new"])) > 0.5
    assert np.isfinite(shared.novelty(CELLS[90:])).all(axis=None)
    _, std = shared.predict(CELLS[90:], return_std=True)
    assert (std["new"] > 0).all()


def test_saved_and_loaded_it_says_the_same(shared, tmp_path):
    shared.save(tmp_path / "predictor")
    pd.testing.assert_frame_equal(
        load_predictor(tmp_path / "predictor").predict(CELLS), shared.predict(CELLS)
    )


def test_a_target_may_lack_labels_but_one(labels):
    forest = PerformancePredictor().fit(CELLS[:90], labels[["server", "new"]])
    assert list(forest.predict(CELLS[:3])) == ["server", "new"]
    with pytest.raises(InputError, match="target 'new' must have at least two labels; leave it out"):
        PerformancePredictor().fit(CELLS[:83], labels[["server", "new"]][:83])
    with pytest.raises(InputError, match="target 'new' must be finite, got 82 NaN"):
        PerformancePredictor().fit(CELLS[:90], labels["new"])


def test_sharing_needs_the_mixture(labels):
    with pytest.raises(UnsupportedError, match="`share_targets` needs model='auto', got 'random_forest'"):
        PerformancePredictor(share_targets=True).fit(CELLS[:90], labels)


def test_cells_measured_several_times_are_judged_together():
    rows = np.repeat(np.arange(5.0), 3)[:, None]
    folds = folds_apart(number_of_row(rows), 20)
    assert len(folds) == 5
    assert all(not set(rows[seen, 0]) & set(rows[unseen, 0]) for seen, unseen in folds)
