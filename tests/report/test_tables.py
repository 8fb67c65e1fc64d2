"""Tables: one file each, nothing in the index, and the numbers of the summary."""

import pandas as pd
import pytest

from graf.report.tables import tables


@pytest.fixture(scope="module")
def found(summary):
    return tables(summary)


def test_tables_have_named_columns_and_no_index(found):
    assert set(found) == {
        "targets", "trials", "scores", "predictions", "effects", "effects_by_operation", "examples", "drivers",
        "importance_by_feature", "importance_by_family", "importance_by_operation",
    }  # fmt: skip
    for table in found.values():
        assert len(table)
        assert table.index.equals(pd.RangeIndex(len(table)))
        assert all(isinstance(name, str) and name for name in table.columns)
        assert table.columns.is_unique


def test_numbers_are_those_of_the_summary(found, summary, data):
    accuracy, latency = summary.targets
    assert found["targets"]["target"].tolist() == list(data.targets)
    assert found["targets"]["n_missing"].tolist() == [0, 2]
    assert found["targets"]["protocol"].tolist() == ["ten epochs", ""]
    predictions = found["predictions"].set_index(["target", "architecture"])
    pd.testing.assert_frame_equal(predictions.loc["latency_ms"], latency.predictions)
    importance = found["importance_by_feature"].set_index("feature")
    for target in summary.targets:
        table = target.explanation.importance()
        pd.testing.assert_series_equal(
            importance.loc[table.index, target.name], table[target.name], check_names=False
        )
    pd.testing.assert_frame_equal(found["effects"].set_index("feature"), summary.effects, check_names=False)
    assert len(found["trials"]) == 2 * len(accuracy.trials)
    assert found["drivers"].groupby(["role", "target"]).size().tolist() == [5] * 6
