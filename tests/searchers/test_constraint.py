"""Constraints hold for all that is measured, whatever the strategy."""

import numpy as np
import pandas as pd
import pytest
from searching import SMALL, convolutions

import graf
from graf.exceptions import InputError
from graf.searchers import Constraint
from graf.searchers.strategies import Guided


@pytest.mark.parametrize(
    "strategy", ["random", "local", "evolution", "nsga2", "boltzmann", "explained", Guided(pool=60)], ids=str
)
def test_limits_hold(strategy):
    space = graf.get_space("nasbench201")
    limits = [
        Constraint("n_parameters", at_most=5e5),
        Constraint(lambda cell: cell.count("skip"), at_least=1),
    ]
    found = graf.search(space, convolutions, SMALL, budget=25, constraints=limits, strategy=strategy, seed=1)
    assert len(found.history) == 25
    assert max(space.graph(cell).n_parameters for cell in found.history["architecture"]) <= 5e5
    assert min(cell.count("skip") for cell in found.history["architecture"]) >= 1


def test_limits_hold_in_a_space_too_large_to_list():
    space = graf.get_space("darts")
    limit = Constraint("op_count(skip)", at_most=np.int64(2))
    found = graf.search(
        space, lambda cell: cell.count("skip"), SMALL, budget=60, constraints=limit, strategy="explained"
    )
    counts = graf.GraphFeatures(space, ["op_count(skip)"]).fit_transform(found.history["architecture"])
    assert counts["op_count(skip)"].max() == 2


def test_an_infinite_limit_is_none():
    limits = [Constraint("n_macs", at_most=float("inf")), Constraint("n_macs", at_least=-float("inf"))]
    assert limits[0].excess(np.array([1.0, np.nan])).tolist() == [0.0, np.inf]
    found = graf.search("nasbench201", convolutions, budget=5, constraints=limits, strategy="random")
    assert len(found.history) == 5


def test_a_quantity_that_is_unknown_keeps_no_limit():
    limit = Constraint(lambda cell: None if "none" in cell else 1.0, at_most=2)
    found = graf.search("nasbench201", convolutions, budget=10, constraints=limit, strategy="random")
    assert not found.history["architecture"].str.contains("none").any()


def test_narrow_limits_are_reached_and_exhausted():
    space = graf.get_space("nasbench201")
    limit = Constraint("n_parameters", at_least=1.5e6)
    found = graf.search(space, convolutions, budget=40, constraints=limit, strategy="evolution")
    assert set(found.history["architecture"]) == {
        cell for cell in space.enumerate() if cell.count("conv_3x3") == 6
    }
    large = graf.get_space("darts")
    limit = Constraint("op_count(skip)@normal", at_least=7)
    found = graf.search(large, lambda cell: 0.0, budget=8, constraints=limit, strategy="random")
    assert found.history["architecture"].nunique() == 8
    assert min(cell.split("reduce")[0].count("skip_connect") for cell in found.history["architecture"]) >= 7


def test_measured_columns_series_and_predictors(data):
    by_column = graf.search(
        data,
        "test_acc",
        budget=30,
        constraints=Constraint("latency_b1_ms", at_most=0.6),
        strategy="evolution",
    )
    by_series = graf.search(
        data,
        "test_acc",
        budget=30,
        constraints=Constraint(data.targets["latency_b1_ms"], at_most=0.6),
        strategy="evolution",
    )
    pd.testing.assert_frame_equal(by_column.history, by_series.history)
    assert data.targets.loc[by_column.history["architecture"], "latency_b1_ms"].max() <= 0.6
    predictor = graf.PerformancePredictor(SMALL).fit(
        data.architectures[:100], data.targets["latency_b1_ms"][:100]
    )
    found = graf.search(
        data, "test_acc", budget=30, constraints=Constraint(predictor, at_most=0.6), strategy="evolution"
    )
    assert predictor.predict(found.history["architecture"]).max() <= 0.6


def test_infeasible_names_the_nearest(data):
    with pytest.raises(
        InputError, match=r"keeps n_parameters <= 10; the nearest of 15,625 .* n_parameters = 73306"
    ):
        graf.search("nasbench201", convolutions, constraints=Constraint("n_parameters", at_most=10))
    fastest = data.targets["latency_b1_ms"].idxmin()
    with pytest.raises(InputError) as caught:
        graf.search(data, "test_acc", constraints=Constraint("latency_b1_ms", at_most=1e-3))
    assert fastest in str(caught.value)
    both = [
        Constraint("op_count(skip)", at_least=4),
        Constraint("op_count(conv3x3)", at_least=4, name="convs"),
    ]
    with pytest.raises(InputError, match=r"op_count\(skip\) and 4 <= convs"):
        graf.search("nasbench201", convolutions, constraints=both)


@pytest.mark.parametrize("listed", [False, True])
def test_limits_may_be_written_in_another_notation(listed):
    space = graf.get_space("transnas_micro")
    limits = pd.Series([1.0, 1.0, 3.0], index=["3-2-3-1-0-2", "1-0-0-0-0-1", "2-0-0-1-0-1"])
    cells = [space.format(space.parse(name)) for name in limits.index]
    found = graf.search(
        cells if listed else space,
        len,
        constraints=Constraint(limits, at_most=2),
        strategy="random",
        budget=9,
    )
    assert set(found.history["architecture"]) == set(cells[:2])


@pytest.mark.parametrize(("dtype", "missing"), [(float, np.nan), ("Float64", pd.NA), (object, None)])
def test_missing_values_keep_no_limit(dtype, missing):
    cells = graf.get_space("nasbench201").sample(20, seed=1)
    limits = pd.Series([1.0] * 10 + [missing] * 10, index=cells, dtype=dtype)
    found = graf.search(
        cells, convolutions, budget=50, constraints=Constraint(limits, at_most=2), strategy="evolution"
    )
    assert set(found.history["architecture"]) == set(cells[:10])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Constraint("n_macs"), "needs `at_most` or `at_least`"),
        (lambda: Constraint("n_macs", at_most="3"), "as a number"),
        (lambda: Constraint("n_macs", at_most=1, at_least=2), "above `at_most`"),
        (
            lambda: graf.search(
                "darts", len, constraints=Constraint("n_mac", at_most=1), strategy="evolution"
            ),
            "did you mean 'n_macs'",
        ),
        (
            lambda: graf.search("darts", len, constraints=Constraint(3, at_most=1), strategy="evolution"),
            "`quantity` of a constraint",
        ),
        (
            lambda: graf.search(["a"], len, constraints=Constraint(pd.Series(["x"], ["a"]), at_most=1)),
            "must hold numbers .*'x'",
        ),
        (
            lambda: graf.search(["a"], len, constraints=Constraint(pd.Series([1, 2], ["a", "a"]), at_most=1)),
            "several rows of 'a'",
        ),
        (
            lambda: graf.search(["a"], len, constraints=Constraint(lambda cell: "2 MB", at_most=1)),
            "must give a number or None, got '2 MB' for 'a'",
        ),
        (
            lambda: graf.search("darts", len, constraints=["n_macs < 3"], strategy="evolution"),
            "must hold Constraint objects",
        ),
        (
            lambda: graf.search("darts", len, constraints=Constraint(graf.PerformancePredictor(), at_most=1)),
            "a fitted predictor of one target, got an unfitted predictor",
        ),
    ],
)
def test_bad_constraints(make, message):
    with pytest.raises(InputError, match=message):
        make()
