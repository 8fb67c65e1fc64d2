"""Tables: one file each, nothing in the index, and the numbers of the summary."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from graf.report.summarize import summarize
from graf.report.tables import tables
from graf.report.target import Settings


@pytest.fixture(scope="module")
def found(summary):
    return tables(summary)


def test_tables_have_named_columns_and_no_index(found):
    assert set(found) == {
        "targets", "trials", "scores", "predictions", "effects", "effects_by_operation", "examples", "drivers",
        "architectures", "features", "shap",
        "changes", "importance_by_feature", "importance_by_family", "importance_by_operation", "importances",
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
    row = found["architectures"].set_index("architecture").loc[data.architectures[2]]
    assert row["measured latency_ms"] == data.targets["latency_ms"].iloc[2]
    assert row["predicted test_acc"] == accuracy.predictions["predicted"].iloc[2]
    assert row["op_count(conv3x3)"] == data.architectures[2].count("conv_3x3")
    importance = found["importance_by_feature"].set_index("feature")
    for target in summary.targets:
        table = target.explanation.importance()
        pd.testing.assert_series_equal(
            importance.loc[table.index, target.name], table[target.name], check_names=False
        )
    pd.testing.assert_frame_equal(found["effects"].set_index("feature"), summary.effects, check_names=False)
    assert len(found["trials"]) == 2 * len(accuracy.trials)
    assert found["drivers"].groupby(["role", "target"]).size().tolist() == [5] * 6


def test_shap_values_add_up_to_the_prediction(found):
    table = found["shap"]
    features = found["features"].columns.drop("architecture")
    total = table["base_value"] + table[features].sum(axis=1) + table["other_features"]
    assert 15 <= len(features) < len(found["effects"])
    np.testing.assert_allclose(total, table["prediction"], rtol=1e-4)
    assert len(table) == 2 * len(found["features"])


def test_a_feature_may_be_called_like_a_column(proxies, quick):
    columns = proxies.proxies.set_axis(["target", "architecture"], axis=1)
    data = replace(proxies, proxies=columns, space=None)
    found = tables(summarize(data, ["test_acc"], Settings(**quick), lambda text: None))
    assert found["shap"]["target"].unique().tolist() == ["test_acc"]
    assert {"target ", "architecture "} <= set(found["shap"])


def test_a_target_may_be_called_like_a_column(summary):
    names = {target.name: name for target, name in zip(summary.targets, ("feature", "family"), strict=True)}
    renamed = {
        name: getattr(summary, name).rename(columns=names) for name in ("effects", "operation_effects")
    }
    targets = [
        replace(t, name=names[t.name], explanation=_renamed(t.explanation, names)) for t in summary.targets
    ]
    metadata = summary.metadata.rename(index=names)
    found = tables(replace(summary, targets=targets, lead=targets[0].name, metadata=metadata, **renamed))
    assert list(found["effects"]) == ["feature", "feature ", "family"]
    assert list(found["importance_by_family"]) == ["family", "feature", "family "]


def _renamed(explanation, names):
    return replace(explanation, target_names=[names[name] for name in explanation.target_names])
