"""Signed effects: their sign, size and orientation."""

import numpy as np
import pandas as pd
import pytest

from graf import get_space
from graf.explainers import Explanation
from graf.features import parse_column
from graf.report.effects import by_operation, effects, ordered, strongest, trend, unalike

PATHS = ["min_path_len(skip)", "max_path_len(skip)"]
COLUMNS = {name: parse_column(name) for name in PATHS}


def explanation(values, data, **kwargs):
    zeros = np.zeros(len(data))
    return Explanation(np.array(values, float), zeros, zeros, pd.DataFrame(data), ("t",), **kwargs)


def test_no_path_counts_as_infinitely_long_and_as_shortest():
    data = pd.DataFrame({PATHS[0]: [1, np.nan], PATHS[1]: [np.nan, 2], "flops": [np.nan, 1]})
    found = ordered(data, COLUMNS)
    assert found[PATHS[0]].tolist() == [1, np.inf]
    assert found[PATHS[1]].tolist() == [-np.inf, 2]
    assert found["flops"].isna().tolist() == [True, False]


def test_trend_is_a_rank_correlation():
    values = [[1, 5, 0], [10, -5, 0], [100, 0, 0], [1000, -7, 0]]
    data = {"rises": [1, 2, 3, 4], "mixed": [1, 2, 3, 4], "idle": [1, 2, 3, 4]}
    found = trend(explanation(values, data))
    assert found.tolist() == pytest.approx([1.0, -0.8, 0.0])


def test_trend_knows_about_missing_paths():
    data = {PATHS[0]: [1, 2, np.nan], "flops": [1, 2, np.nan]}
    found = trend(explanation([[3, 1], [2, 2], [1, -9]], data, columns=COLUMNS))
    assert found.tolist() == pytest.approx([-1.0, 1.0])


def test_effects_are_in_deviations_and_positive_for_the_better_end():
    one = explanation([[2.0, 1.0], [-2.0, -3.0]], {"a": [2, 1], "b": [1, 2]})
    spread = pd.Series({"accuracy": 4.0, "latency": 2.0})
    table = effects(
        {"accuracy": one, "latency": one}, spread, pd.Series({"accuracy": "max", "latency": "min"})
    )
    assert table.loc["a"].tolist() == pytest.approx([0.5, -1.0])
    assert table.loc["b"].tolist() == pytest.approx([-0.5, 1.0])


def test_strongest_weighs_targets_alike_and_skips_what_repeats():
    table = pd.DataFrame({"big": [9.0, 8.0, 1.0, 0.0], "small": [0.0, 0.0, 0.1, 0.0]}, index=list("abcd"))
    data = pd.DataFrame({"a": [1, 2, 3, 4], "b": [8, 6, 4, 2], "c": [1, 3, 2, 9], "d": [4, 1, 3, 2]})
    assert list(strongest(table, data, 3).index) == ["a", "c"]
    assert list(strongest(table, data, 1).index) == ["a"]


def test_unalike_keeps_the_first_of_those_alike():
    data = pd.DataFrame({"a": [1, 2, 3, np.nan], "b": [3, 2, 1, 7], "c": [2, 3, 1, 1]})
    assert unalike(["b", "a", "c"], data, 9) == ["b", "c"]


def test_features_of_an_operation_are_told_together():
    cells = ["0-0-0-0-0-3", "0-0-3-0-0-3", "3-3-3-3-3-3"]
    names = ["op_count(conv3x3)", "n_paths(skip+conv3x3)", "live.depth"]
    data = pd.DataFrame(1.0, cells, names)
    columns = {name: parse_column(name) for name in names}
    told = by_operation(
        explanation([[1, 2, 50], [2, 4, 60], [3, 6, 70]], data, columns=columns), get_space("transnas_micro")
    )
    assert told.data["op_count(conv3x3)"].tolist() == [1, 2, 6]
    assert told.values[:, told.feature_names.index("op_count(conv3x3)")].tolist() == [2, 4, 6]
    assert told.values[:, told.feature_names.index("op_count(skip)")].tolist() == [1, 2, 3]
    assert told.values[:, told.feature_names.index("op_count(none)")].tolist() == [0, 0, 0]
