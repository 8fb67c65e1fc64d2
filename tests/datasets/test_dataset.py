from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import graf
from graf.exceptions import DatasetError, InputError, UnknownNameError


@pytest.fixture
def data(write, table):
    facts = {"phone_latency": {"direction": "min"}, "accuracy": {"primary": True}}
    return graf.load_dataset(write("<mine>.csv", table), targets=facts)


def test_tables_share_the_index(data, cells):
    assert len(data) == 3
    for part in (data.targets, data.proxies, data.info):
        assert part.index.tolist() == cells
        assert part.index.name == "architecture"
    assert data.metadata.index.name == "target"


def test_select_by_boolean(data, cells):
    for mask in ([True, False, True], data.targets["accuracy"] > 50, np.array([True, False, True])):
        chosen = data.select(mask)
        assert chosen.architectures == [cells[0], cells[2]]
        assert chosen.proxies["synflow"].tolist() == [1.0, 3.0]
        assert chosen.info["remark"].iloc[0] == "good"
        assert chosen.space == data.space and chosen.metadata is data.metadata


def test_select_by_booleans_some_of_which_are_missing_or_objects(data, cells):
    assert data.select(pd.Series([True, pd.NA, False], dtype="boolean")).architectures == cells[:1]
    assert data.select(pd.Series([True, None, True], cells[::-1], dtype=object)).architectures == cells[::2]


def test_select_by_booleans_in_another_order(data, cells):
    assert data.select(data.targets["accuracy"].sort_values() > 50).architectures == [cells[0], cells[2]]
    repeated = graf.load_dataset("digits201_recipes")
    with pytest.raises(InputError, match="cannot be matched"):
        repeated.select(repeated.targets["test_acc"].sort_values() > 0.5)
    with pytest.raises(InputError, match="other architectures"):
        data.select(pd.Series([True] * 3, [*cells[:2], "mine"]))


def test_select_by_architecture_keeps_the_given_order(data, cells):
    assert data.select([cells[2], cells[0]]).targets["accuracy"].tolist() == [85.25, 90.5]
    assert data.select(pd.Index([cells[1]])).architectures == [cells[1]]


@pytest.mark.parametrize(
    ("rows", "error", "message"),
    [
        ([True, False], InputError, "3 booleans"),
        (["|none~0|"], InputError, "no architecture"),
        ([0, 1], InputError, "no architecture"),
        ([False, False, False], DatasetError, "no rows"),
        ([], DatasetError, "no rows"),
    ],
)
def test_select_of_wrong_rows(data, rows, error, message):
    with pytest.raises(error, match=message):
        data.select(rows)


def test_select_of_a_row_twice(data, cells):
    with pytest.raises(DatasetError, match="more than once"):
        data.select([cells[0], cells[0]])


def test_tables_that_do_not_fit_together(data):
    with pytest.raises(DatasetError, match="same index"):
        replace(data, info=data.info.iloc[:2])
    with pytest.raises(DatasetError, match="`metadata`"):
        replace(data, metadata=data.metadata.iloc[:1])


def test_repr(data):
    assert repr(data) == "Dataset('<mine>': 3 architectures of nasbench201, 2 targets, 1 proxy)"


def test_html_shows_primary_targets_and_escapes(data):
    html = data._repr_html_()
    assert "&lt;mine&gt;" in html and "90.5" in html
    assert "phone_latency" not in html
    assert "phone_latency" in replace(data, metadata=data.metadata.assign(primary=False))._repr_html_()


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ("remark", "must hold numbers, or nothing where none was measured, got 'good' at index 0"),
        ("nothing", "has no number"),
        ("accuracy_seed0", "name it in `targets`"),
    ],
)
def test_why_a_column_is_no_target(write, table, column, message):
    data = graf.load_dataset(write("mine.csv", table.assign(nothing=None)))
    data.check_target("accuracy")
    with pytest.raises(InputError, match=f"column '{column}' of dataset 'mine' is no target: .*{message}"):
        data.check_target(column)
    with pytest.raises(UnknownNameError, match="did you mean 'accuracy'"):
        data.check_target("acuracy")


@pytest.mark.parametrize(
    "use", [graf.search, lambda data, name: graf.report.write_report(data, "r", targets=name)]
)
def test_searches_and_reports_say_why_a_column_is_no_target(write, table, use):
    with pytest.raises(InputError, match=r"column 'remark' .* got 'good' at index 0"):
        use(graf.load_dataset(write("mine.csv", table)), "remark")
