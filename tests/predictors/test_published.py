"""The random forest on the published features predicts as well as the published one."""

import pytest
from sklearn.ensemble import RandomForestRegressor

from graf import PerformancePredictor, load_dataset
from graf.predictors import evaluate


@pytest.mark.parametrize(("features", "tau"), [("graph", 0.633), ("all", 0.688)])
def test_tau_at_32_labels_on_nasbench201(graf_data, features, tau):
    data = load_dataset(graf_data / "nasbench201.csv.gz")
    data = data.select(data.info["connected"] == 1)
    assert len(data) == 9445
    found = 0
    for seed in range(10):
        forest = PerformancePredictor(
            RandomForestRegressor(random_state=seed), data.space, features, compat="zc_combine"
        )
        y = data.targets["cifar10_val_acc"]
        found += evaluate({"": forest}, data.proxies, y, train_sizes=[32], seeds=[seed])["tau"].item()
    assert found / 10 == pytest.approx(tau, abs=0.01)
