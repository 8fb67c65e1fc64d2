"""The protocol: splits, what is learnt from what, and the table of results."""

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import train_test_split

from graf import GraphFeatures, PerformancePredictor, get_space
from graf.exceptions import InputError, UnknownNameError
from graf.predictors import evaluate, free_rows, score, summary

SPACE = get_space("nasbench201")
CELLS = SPACE.sample(60, seed=0)
MACS = pd.Series([SPACE.graph(cell).n_macs / 1e6 for cell in CELLS], CELLS)
COLUMNS = ["op_count(conv3x3)", "op_count(conv1x1)"]
FIGURES = ["tau", "rho", "r2", "mae", "regret"]


def small_forest():
    return PerformancePredictor(RandomForestRegressor(3, random_state=0), columns=COLUMNS)


def line():
    return PerformancePredictor(LinearRegression(), columns=COLUMNS)


def test_one_row_per_predictor_size_and_seed():
    results = evaluate(
        {"forest": small_forest(), "line": line()}, CELLS, MACS, train_sizes=(5, 20), seeds=[3, 0]
    )
    assert list(results) == ["predictor", "labels", "seed", *FIGURES, "fit_seconds"]
    expected = [(p, n, s) for p in ("forest", "line") for n in (5, 20) for s in (3, 0)]
    assert list(results[["predictor", "labels", "seed"]].itertuples(index=False, name=None)) == expected
    assert (results["fit_seconds"] > 0).all()


def test_a_row_is_the_published_split():
    row = evaluate({"forest": small_forest()}, CELLS, MACS, train_sizes=[20], seeds=[7]).iloc[0]
    train, test = train_test_split(np.arange(60), train_size=20, random_state=49)
    fitted = small_forest().fit([CELLS[i] for i in train], MACS.to_numpy()[train])
    expected = score(MACS.iloc[test], fitted.predict([CELLS[i] for i in test]))
    assert row[FIGURES].to_dict() == expected


def test_labels_are_matched_by_architecture():
    settings = {"train_sizes": [20], "seeds": [0]}
    results = evaluate({"forest": small_forest()}, CELLS, MACS, **settings)
    shuffled = evaluate({"forest": small_forest()}, CELLS, MACS.sample(frac=1, random_state=1), **settings)
    pd.testing.assert_frame_equal(results[FIGURES], shuffled[FIGURES])


def test_direction_turns_the_regret():
    costs = {
        d: evaluate({"l": line()}, CELLS, MACS, train_sizes=[5], seeds=[0], direction=d)
        for d in ("max", "min")
    }
    opposite = evaluate({"l": line()}, CELLS, -MACS, train_sizes=[5], seeds=[0], direction="max")
    assert costs["min"]["regret"].item() == pytest.approx(opposite["regret"].item())


def test_the_number_of_threads_changes_nothing():
    one, two = (
        evaluate({"forest": small_forest()}, CELLS, MACS, train_sizes=[10], seeds=range(4), n_jobs=n)
        for n in (1, 2)
    )
    pd.testing.assert_frame_equal(one[FIGURES], two[FIGURES])


def test_predictors_are_left_as_they_were():
    predictor = small_forest()
    evaluate({"forest": predictor}, CELLS, MACS, train_sizes=[10], seeds=[0])
    assert predictor.features == "all"
    assert not hasattr(predictor, "estimators_")


def test_free_rows_enter_with_their_own_tables():
    rows = free_rows(CELLS, SPACE)
    results = evaluate({"graph": line(), **rows}, CELLS, MACS, train_sizes=[30], seeds=[0]).set_index(
        "predictor"
    )
    assert results.index.tolist() == ["graph", "FLOPs", "parameters", "one-hot"]
    assert results.loc["FLOPs", "tau"] == pytest.approx(1)
    assert results.loc["FLOPs", "r2"] == pytest.approx(1)
    assert 0.3 < results.loc["one-hot", "tau"] < 1


def test_summary_is_the_mean_and_spread_over_splits():
    results = evaluate({"f": small_forest(), "l": line()}, CELLS, MACS, train_sizes=(5, 20), seeds=range(3))
    table = summary(results)
    assert table[["predictor", "labels", "n_splits"]].to_numpy().tolist() == [
        ["f", 5, 3], ["f", 20, 3], ["l", 5, 3], ["l", 20, 3]
    ]  # fmt: skip
    first = results["tau"][:3]
    assert table.loc[0, ["tau_mean", "tau_std"]].tolist() == pytest.approx([first.mean(), first.std()])


def test_what_is_undefined_on_one_split_is_undefined_in_the_mean():
    results = pd.DataFrame(
        {"predictor": "p", "labels": 5, "seed": [0, 1], "tau": [0.5, np.nan], "mae": [1, 2]}
    )
    table = summary(results)
    assert table[["tau_mean", "tau_std"]].isna().all(axis=None)
    assert table["mae_mean"].item() == 1.5


@pytest.mark.parametrize("sizes", [[1], [59], [20, 600]])
def test_sizes_must_leave_a_test(sizes):
    with pytest.raises(InputError, match=f"between 2 and 58 for 60 items, got {sizes[-1]}"):
        evaluate({"line": line()}, CELLS, MACS, train_sizes=sizes)


def test_sizes_and_seeds_may_be_drawn_one_by_one():
    found = evaluate({"line": line()}, CELLS, MACS, train_sizes=iter([5, 20]), seeds=iter([0]))
    assert found["labels"].tolist() == [5, 20]


def test_bad_arguments_are_named():
    with pytest.raises(InputError, match="at least one predictor"):
        evaluate({}, CELLS, MACS)
    with pytest.raises(InputError, match="one target, got a, b"):
        evaluate({"line": line()}, CELLS, MACS.to_frame("a").assign(b=1))
    with pytest.raises(UnknownNameError, match="direction"):
        evaluate({"line": line()}, CELLS, MACS, direction="up")
    with pytest.raises(InputError, match="got 59 for 60 items"):
        evaluate({"line": line()}, CELLS, MACS[:-1])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"predictors": line()}, "`predictors` must be a dictionary .*, got PerformancePredictor"),
        (
            {"predictors": {"line": "xgboost"}},
            "`predictors\\['line'\\]` must be a PerformancePredictor, .*'xgboost'",
        ),
        ({"predictors": {"line": (line(),)}}, "or a pair of one and a DataFrame"),
        ({"train_sizes": 20}, "`train_sizes` must hold numbers of labels, .* got 20"),
        ({"train_sizes": []}, "`train_sizes` must hold numbers of labels"),
        ({"train_sizes": [20.5]}, "between 2 and 58 for 60 items, got 20.5"),
        ({"seeds": 3}, "`seeds` must be whole numbers from 0 on, .* got 3"),
        ({"seeds": []}, "`seeds` must be whole numbers"),
        ({"seeds": [-50]}, "`seeds` must be whole numbers"),
        ({"n_jobs": 0}, "`n_jobs` must be None, a positive integer, or -1 .*, got 0"),
    ],
)
def test_arguments_of_another_kind_are_named(arguments, message):
    with pytest.raises(InputError, match=message):
        evaluate(**{"predictors": {"line": line()}, "items": CELLS, "y": MACS, **arguments})


def test_tables_of_their_own_may_come_in_any_order():
    table = graf_table().sample(frac=1, random_state=3)
    settings = {"train_sizes": [20], "seeds": [0]}
    given = PerformancePredictor(LinearRegression(), features="given")
    own = evaluate({"items": given, "own": (given, table)}, graf_table(), MACS, **settings)
    assert own["tau"].iloc[0] == own["tau"].iloc[1]
    for items in (graf_table(), CELLS):  # labels without names are in the order of the items
        first = evaluate({"own": (given, table)}, items, np.array(MACS), **settings)
        assert first["tau"].iloc[0] == own["tau"].iloc[0]


def graf_table():
    return GraphFeatures(SPACE, COLUMNS).fit_transform(CELLS)
