"""What would make an example better: on the page what `improve` says, with what was measured."""

import re
from dataclasses import replace
from html import escape

import numpy as np
import pandas as pd
import pytest

from graf.report.changes import changes
from graf.report.render import render
from graf.report.target import Plan, Settings, rows_of


def plan_of(data, **settings):
    from graf.report.summarize import _predictors

    settings = Settings(**settings)
    return Plan(data, settings, _predictors(data, settings), data.architectures[:5])


def test_changes_better_the_lead_and_cost_nothing(data, quick):
    chosen = {"middling": data.architectures[5], "worst": data.targets["test_acc"].idxmin()}
    table = changes(plan_of(data, **quick), ["test_acc", "latency_ms"], "test_acc", chosen)
    assert set(table["role"]) <= set(chosen)
    assert len(table) > 0
    assert (table["predicted test_acc"] > 0).all()
    assert (table["predicted latency_ms"] <= 0).all()
    for row in table.to_dict("records"):
        assert row["architecture"] == chosen[row["role"]]
        assert row["changed"] != row["architecture"]
        assert row["changes"].count(" to ") in (1, 2)
        measured = data.targets["test_acc"].get(row["changed"], np.nan)
        expected = measured - data.targets["test_acc"][row["architecture"]]
        np.testing.assert_equal(row["measured test_acc"], expected)


def as_naslib_writes_it(cell):
    ids = ["skip_connect", "none", "nor_conv_3x3", "nor_conv_1x1", "avg_pool_3x3"]
    a, b, c, d, e, f = (ids.index(name) for name in re.findall(r"(\w+)~", cell))
    return str((a, b, d, c, e, f))


@pytest.mark.parametrize("written", [str, as_naslib_writes_it])
def test_measured_changes_are_told(data, quick, written):
    """With all neighbours of a cell in the dataset every change was measured, however the dataset writes cells."""
    start = data.architectures[0]
    space = data.space
    cells = list(dict.fromkeys([start, *space.neighbours(space.parse(start)), *data.architectures]))
    targets = pd.DataFrame(
        {"test_acc": [3.0 * cell.count("conv_3x3") for cell in cells], "latency_ms": 1.0},
        index=list(map(written, cells)),
    )
    empty = pd.DataFrame(index=targets.index)
    whole = replace(data, targets=targets, proxies=empty, info=empty, recipes=None, fidelities=None)
    table = changes(plan_of(whole, **quick), ["test_acc"], "test_acc", {"best": written(start)})
    single = table[table["changes"].str.count(" to ") == 1]
    assert single["measured test_acc"].notna().all() and single["changed"].isin(targets.index).all()
    assert list(table.filter(like="latency")) == []


def test_targets_of_different_architectures(data, quick):
    """No row has both; each target is learned from those that have it."""
    targets = data.targets.copy()
    targets.iloc[:45, 0] = np.nan
    targets.iloc[45:, 1] = np.nan
    split = plan_of(replace(data, targets=targets), most_rows=20, **quick)
    rows = rows_of(split, ["test_acc", "latency_ms"]).targets
    assert rows.notna().sum().tolist() == [20, 20]
    start = targets["test_acc"].idxmin()
    table = changes(split, ["test_acc", "latency_ms"], "test_acc", {"worst": start})
    assert len(table) > 0
    assert (table["predicted test_acc"] > 0).all()


def test_without_a_space_nothing_can_be_changed(proxies, quick):
    given = replace(proxies, space=None)
    table = changes(plan_of(given, **quick), ["test_acc"], "test_acc", {"best": given.architectures[0]})
    assert table.empty
    assert not [name for name in table if name.startswith("predicted")]


def test_on_the_page(summary):
    page = render(summary)
    assert "What would make it better" in page
    for row in summary.changes.to_dict("records"):
        assert escape(row["changes"]) in page
        assert f"{row['predicted test_acc']:+.3g}" in page
