"""Three kinds of importance on planted effects and planted noise."""

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import ExtraTreesRegressor

from graf import PerformancePredictor, get_space
from graf.exceptions import InputError, UnknownNameError, UnsupportedError
from graf.explainers import compare_importances
from graf.explainers.importances import METHODS


def predictor(n_trees=20, **kwargs):
    return PerformancePredictor(ExtraTreesRegressor(n_trees, **kwargs), features="given")


@pytest.fixture(scope="module")
def planted():
    """Two columns that say the same, one that only it says, noise."""
    rng = np.random.default_rng(0)
    n = 150
    said, alone = rng.normal(size=(2, n))
    twins = said[:, None] + 0.05 * rng.normal(size=(n, 2))
    table = pd.DataFrame(
        np.column_stack([twins, alone, rng.normal(size=(n, 4))]),
        columns=["twin_a", "twin_b", "alone", *(f"noise_{i}" for i in range(4))],
    )
    return table, pd.Series(2 * said + 1.5 * alone + 0.3 * rng.normal(size=n), name="target")


@pytest.fixture(scope="module")
def compared(planted):
    return compare_importances(predictor(), *planted, by="feature", n_refits=4)


def test_what_matters_is_told_from_noise(compared):
    assert set(compared.index[:3]) == {"twin_a", "twin_b", "alone"}
    assert compared["more_than_noise"][["twin_a", "twin_b", "alone"]].all()
    assert (compared.loc[["twin_a", "twin_b", "alone"], "p_value"] == 0.05).all()
    noise = compared.loc[[name for name in compared.index if name.startswith("noise")]]
    assert noise["more_than_noise"].sum() <= 1
    assert noise["reason"][~noise["more_than_noise"]].str.startswith("not distinguishable from noise").all()


def test_twins_are_named_as_the_reason_of_a_disagreement(compared):
    for one, other in (("twin_a", "twin_b"), ("twin_b", "twin_a")):
        row = compared.loc[one]
        assert row["partner"] == other
        assert row["correlation"] > 0.95
        assert row["drop_column"] < 0.3 * row["permutation"]
    assert compared.loc["alone", "drop_column_rank"] == 1
    assert compared["reason"].str.contains("says much the same .* takes over once it is dropped").any()


def test_twins_in_one_group_matter_by_all_methods(planted):
    table = compare_importances(predictor(), *planted, by="cluster", n_refits=3)
    assert table.index[0] == "twin_a + 1 more"
    assert table.loc["twin_a + 1 more", [f"{method}_rank" for method in METHODS]].eq(1).all()
    assert table.loc["twin_a + 1 more", "n_columns"] == 2
    assert table.loc["twin_a + 1 more", "disagreement"] == 0


def test_pure_noise_passes_as_often_as_the_level_says():
    rng = np.random.default_rng(1)
    n_tests, passed = 0, 0
    for seed in range(25):
        table = pd.DataFrame(rng.normal(size=(40, 6)), columns=list("abcdef"))
        found = compare_importances(
            predictor(2, max_depth=3),
            table,
            rng.normal(size=40),
            by={name: name if name in "abcd" else "ef" for name in "abcdef"},
            n_refits=2,
            n_permuted=9,
            level=0.2,
            seed=seed,
        )
        n_tests, passed = n_tests + len(found), passed + found["more_than_noise"].sum()
    assert n_tests == 125
    assert 0.08 * n_tests <= passed <= 0.32 * n_tests  # 0.2, and three standard deviations


def test_the_same_seed_gives_the_same_table_whatever_the_processes(planted):
    X, y = planted[0][:40], planted[1][:40]
    one, two = (
        compare_importances(predictor(3), X, y, by="feature", n_refits=2, n_jobs=jobs) for jobs in (1, 2)
    )
    pd.testing.assert_frame_equal(one, two)
    other = compare_importances(predictor(3), X, y, by="feature", n_refits=2, seed=1)
    assert not other["shapley"].equals(one["shapley"])


def test_graph_features_by_operation():
    cells = get_space("nasbench201").sample(50, seed=0)
    columns = ["op_count(conv3x3)", "op_count(skip)", "n_paths(skip+conv3x3)"]
    graph = PerformancePredictor(ExtraTreesRegressor(5), columns=columns)
    found = compare_importances(
        graph, cells, [c.count("conv_3x3") for c in cells], by="operation", n_refits=2
    )
    assert set(found.index) == {"conv3x3", "skip", "skip+conv3x3"}
    assert found.index[0] == "conv3x3"


def test_bad_arguments(planted):
    X, y = planted
    with pytest.raises(InputError, match="`n_refits` must be at least 2"):
        compare_importances(predictor(), X, y, n_refits=1)
    with pytest.raises(InputError, match="`n_permuted` must be at least 1 / level - 1"):
        compare_importances(predictor(), X, y, n_permuted=18)
    with pytest.raises(InputError, match="`by` must name a group for each column, got none for twin_b"):
        compare_importances(predictor(), X, y, by={"twin_a": "twins"})
    with pytest.raises(InputError, match="`y` must hold one target, got a, b"):
        compare_importances(predictor(), X, pd.DataFrame({"a": y, "b": y}))
    with pytest.raises(UnknownNameError, match="unknown grouping 'clusters'; did you mean 'cluster'"):
        compare_importances(predictor(), X, y, by="clusters")
    with pytest.raises(InputError, match="`predictor` must be a PerformancePredictor, got str"):
        compare_importances("auto", X, y)
    for name, value in {"n_refits": 2.5, "n_permuted": 19.0, "level": "5 %", "seed": -1, "by": 3}.items():
        with pytest.raises(InputError, match=f"`?{name}`? .*got .*{value}"):
            compare_importances(predictor(), X, y, **{name: value})


def test_boosted_trees_in_units_of_the_target(planted):
    table, y = planted
    found = compare_importances(
        PerformancePredictor("xgboost", features="given"),
        table,
        1000 * y,
        by="feature",
        n_refits=2,
        n_permuted=19,
    )
    assert set(found.index[:3]) == {"twin_a", "twin_b", "alone"}
    assert 500 < found.loc["alone", "shapley"] < 2500  # the mean size of 1500 times a normal number is 1200


def test_a_model_without_trees_is_told_by_its_name(planted):
    table, y = planted
    auto = PerformancePredictor("auto", features="given")
    with pytest.raises(UnsupportedError, match=r"SHAP values need .* got 'auto'"):
        compare_importances(auto, table[:10], y[:10])
