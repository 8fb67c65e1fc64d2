"""improve: the smallest changes, verified by predicting them."""

import numpy as np
import pandas as pd
import pytest

from graf import PerformancePredictor, get_space, improve
from graf.exceptions import ArchitectureError, InputError, UnknownNameError

START = "|nor_conv_1x1~0|+|none~0|nor_conv_1x1~1|+|skip_connect~0|none~1|avg_pool_3x3~2|"
SPACE = get_space("nasbench201")


class Counting:
    """A model that knows the targets: convolutions of 3x3 are accurate, and any convolution slow."""

    def __init__(self, weights):
        self.weights = weights

    def predict(self, X):
        return X @ self.weights


@pytest.fixture(scope="module")
def predictor():
    """Accuracy is 3 for conv3x3, 1 for conv1x1; latency 2 for both, 1 for a pool."""
    cells = SPACE.sample(60)
    columns = [f"op_count({op})" for op in ("conv3x3", "conv1x1", "avg_pool3x3")]
    fitted = PerformancePredictor(columns=columns).fit(
        cells, pd.DataFrame({"acc": range(60), "lat": range(60)})
    )
    weights = {"acc": np.array([3.0, 1.0, 0.0]), "lat": np.array([2.0, 2.0, 1.0])}
    fitted.estimators_ = {name: Counting(found) for name, found in weights.items()}
    return fitted


def test_single_changes_that_cost_nothing(predictor):
    found = improve(predictor, START, {"acc": "max", "lat": "min"}, max_steps=1)
    assert found["steps"].tolist() == [1, 1]  # either conv1x1 becomes conv3x3
    assert found["change of acc"].tolist() == [2, 2]
    assert found["change of lat"].tolist() == [0, 0]
    assert set(found["changes"]) == {"1->2: conv1x1 to conv3x3", "2->3: conv1x1 to conv3x3"}


def test_changes_are_what_predicting_them_says(predictor):
    found = improve(predictor, START, {"acc": "max", "lat": "min"}, n=30)
    before = predictor.predict([START]).iloc[0]
    after = predictor.predict(found["architecture"].tolist()).reset_index(drop=True)
    for target in ("acc", "lat"):
        np.testing.assert_allclose(found[f"change of {target}"], after[target] - before[target])
    start = np.array(SPACE.parse(START))
    differ = (SPACE.choices(found["architecture"]) != start).sum(axis=1)
    assert differ.tolist() == found["steps"].tolist() == sorted(found["steps"])


def test_two_changes_together_where_none_alone_will_do(predictor):
    """From a pool and a conv3x3 to more: one conv3x3 more for two pools less."""
    start = "|avg_pool_3x3~0|+|none~0|avg_pool_3x3~1|+|none~0|none~1|nor_conv_3x3~2|"
    assert improve(predictor, start, {"acc": "max", "lat": "min"}, max_steps=1).empty
    found = improve(predictor, start, {"acc": "max", "lat": "min"}, max_steps=2)
    assert set(found["steps"]) == {2}
    assert (found["change of lat"] <= 0).all()
    assert found["change of acc"].max() == 3


def test_no_change_holds_a_smaller_one(predictor):
    found = improve(predictor, START, {"acc": "max", "lat": "min"}, n=100)
    parts = [set(text.split("; ")) for text in found["changes"]]
    assert not any(a < b for a in parts for b in parts)


class Threefold:
    """A model of counts of conv3x3, conv1x1 and pools: each conv1x1 is good, three conv3x3 are better."""

    def predict(self, X):
        return X @ np.array([-0.4, 1.0, -0.5]) + 10 * (X[:, 0] == 3)


def test_three_changes_are_found_beside_smaller_ones():
    columns = [f"op_count({op})" for op in ("conv3x3", "conv1x1", "avg_pool3x3")]
    fitted = PerformancePredictor(columns=columns).fit(SPACE.sample(60), range(60))
    fitted.estimators_ = {"target": Threefold()}
    nothing = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"
    found = improve(fitted, nothing, max_steps=3)
    assert found["steps"].tolist() == [1] * 6 + [3] * 4
    assert set(found["change of target"].round(6)) == {1.0, 8.8}


def test_a_target_that_is_not_named_may_get_worse(predictor):
    found = improve(predictor, START, {"acc": "max"}, n=1)
    assert found["change of acc"].tolist() == [3]
    assert found["change of lat"].tolist() == [2]


def test_one_target_may_fall():
    cells = SPACE.sample(60)
    fitted = PerformancePredictor().fit(cells, [cell.count("conv_3x3") for cell in cells])
    start = "|nor_conv_3x3~0|" + START[len("|nor_conv_1x1~0|") :]
    found = improve(fitted, start, "min")
    assert (found["change of target"] < 0).all()


def test_nothing_better_gives_an_empty_table(predictor):
    best = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|nor_conv_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2|"
    found = improve(predictor, best, {"acc": "max"})
    assert found.empty
    assert list(found) == ["architecture", "steps", "change of acc", "change of lat", "changes"]


def test_bad_input_is_refused(predictor):
    with pytest.raises(InputError, match="`direction` must say for each target"):
        improve(predictor, START)
    with pytest.raises(UnknownNameError, match="acc"):
        improve(predictor, START, {"accc": "max"})
    with pytest.raises(InputError, match="`max_steps`"):
        improve(predictor, START, {"acc": "max"}, max_steps=0)
    with pytest.raises(InputError, match="`predictor`"):
        improve("forest", START)
    with pytest.raises(ArchitectureError):
        improve(predictor, "nonsense", {"acc": "max"})
