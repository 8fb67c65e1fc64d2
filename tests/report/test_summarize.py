"""The numbers of a report: a planted effect is found, and everything fits together."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor
from xgboost import XGBRegressor

from graf import Dataset, get_space
from graf.exceptions import InputError, UnsupportedError
from graf.predictors import kendall_tau
from graf.report.summarize import summarize
from graf.report.target import STEPS, Settings


def report(data, quick, names=("test_acc",), **settings):
    return summarize(data, list(names), Settings(**{**quick, **settings}), lambda text: None)


def test_the_planted_effect_is_found(summary):
    accuracy = summary.targets[0]
    assert accuracy.explanation.importance().index[0] == "op_count(conv3x3)"
    assert accuracy.explanation.importance("operation").index[0] == "conv3x3"
    effect = summary.effects.loc["op_count(conv3x3)"]
    assert effect["test_acc"] > 0.5
    assert effect["latency_ms"] < -0.1
    assert summary.strongest.index[0] == "op_count(conv3x3)"
    operations = summary.operation_effects
    assert operations["test_acc"].idxmax() == operations["latency_ms"].idxmin() == "op_count(conv3x3)"
    assert summary.sentences[0] == (
        "With more conv3x3 operations, test accuracy rises, at the cost of higher latency."
    )


def test_operations_that_always_occur_as_often_have_no_row(data, quick):
    space = get_space("autoformer")
    networks = space.sample(40, seed=0)
    rows = pd.DataFrame(index=networks)
    targets = rows.assign(test_acc=[max(map(int, network.split("-")[:2])) for network in networks])
    planted = Dataset("planted", targets, rows, rows, data.metadata.loc[["test_acc"]], space)
    assert report(planted, quick).operation_effects.index.tolist() == ["op_count(attention)"]


def test_predictions_are_of_held_out_architectures(summary, data):
    accuracy = summary.targets[0]
    assert list(accuracy.predictions.index) == data.architectures
    assert accuracy.predictions["measured"].tolist() == data.targets["test_acc"].tolist()
    tau = kendall_tau(accuracy.predictions["measured"], accuracy.predictions["predicted"])
    assert 0.7 < tau < 0.95  # the noise is not learnt by heart
    explained = accuracy.explanation
    fitted = kendall_tau(data.targets.loc[explained.architectures, "test_acc"], explained.predictions)
    assert tau < fitted


def test_rows_without_a_value_are_counted_and_predicted(summary, data):
    accuracy, latency = summary.targets
    assert (accuracy.n, accuracy.n_missing) == (len(data), 0)
    assert (latency.n, latency.n_missing) == (len(data) - 2, 2)
    assert (accuracy.n_fitted, latency.n_fitted) == (len(data), len(data) - 2)
    assert latency.predictions["measured"].isna().sum() == 2
    assert latency.predictions["predicted"].notna().all()


def test_scores_have_every_row_and_size(summary):
    scores = summary.targets[0].scores
    labels = ["graph features", "FLOPs", "parameters", "one-hot"]
    expected = [(name, size) for name in labels for size in (20, 40)]
    assert list(scores[["predictor", "labels"]].itertuples(index=False, name=None)) == expected
    tau = scores.set_index(["predictor", "labels"])["tau_mean"]
    assert tau["graph features", 40] > tau["one-hot", 40]


def test_examples_are_first_middle_and_last_and_add_up(summary, data):
    roles = {example.role: example for example in summary.examples}
    ranked = data.targets["test_acc"].sort_values(ascending=False).index
    assert roles["best"].architecture == ranked[0]
    assert roles["middling"].architecture == ranked[len(ranked) // 2]
    assert roles["worst"].architecture == ranked[-1]
    best = roles["best"]
    assert best.graph == data.space.graph(best.architecture)
    assert best.values.loc["test_acc", "measured"] == data.targets["test_acc"].max()
    explanation = summary.targets[0].explanation
    row = explanation.architectures.get_loc(best.architecture)
    drivers = best.drivers[best.drivers["target"] == "test_acc"]
    assert len(drivers) == 5
    assert drivers["contribution"].abs().is_monotonic_decreasing
    assert drivers["contribution"].iloc[0] == np.abs(explanation.values[row]).max()
    assert drivers["feature"].iloc[0] == "op_count(conv3x3)"
    assert drivers["value"].iloc[0] == best.architecture.count("conv_3x3")


def test_lower_is_better_turns_the_examples(data, quick):
    latency = data.targets["latency_ms"]
    found = report(data, quick, ["latency_ms"])
    assert found.lead == "latency_ms"
    assert found.examples[0].architecture == latency.idxmin()
    assert found.examples[-1].architecture == latency.idxmax()


def test_proxies_are_evaluated_too_and_structure_is_explained(proxies, quick):
    found = report(proxies, quick)
    scores = found.targets[0].scores
    assert {"graph features", "proxies", "graph features + proxies"} <= set(scores["predictor"])
    assert "telling" not in found.targets[0].explanation.feature_names
    tau = scores.set_index(["predictor", "labels"])["tau_mean"]
    assert tau["proxies", 20] > 0.5


def test_without_a_space_proxies_are_explained_and_nothing_is_drawn(proxies, quick):
    found = report(replace(proxies, space=None), quick)
    assert found.features == "proxies"
    assert found.effects.index[0] == "telling"
    assert found.sentences == ["With a higher telling, test accuracy rises."]
    assert all(example.graph is None for example in found.examples)
    assert set(found.targets[0].scores["predictor"]) == {"proxies"}


def test_few_rows_and_boosted_trees(data, quick):
    model = XGBRegressor(n_estimators=5, n_jobs=1)
    found = report(data.select(data.architectures[:10]), quick, model=model, train_sizes=None)
    assert found.targets[0].scores["labels"].tolist() == [5] * 4
    assert len(found.targets[0].explanation.data) == 10
    assert len(found.targets[0].predictions) == 10


def test_large_datasets_are_explained_on_a_sample(data, quick):
    found = report(data, quick, most_rows=50).targets[0]
    assert (found.n, found.n_fitted) == (len(data), 50)
    assert found.predictions["predicted"].notna().all()
    tau = kendall_tau(found.predictions["measured"], found.predictions["predicted"])
    assert 0.7 < tau < 0.95  # no model has seen what it predicts


def test_numbers_do_not_depend_on_the_number_of_processes(data, quick):
    data = data.select(data.architectures[:40])
    one, other = (report(data, quick, n_jobs=n_jobs) for n_jobs in (1, 2))
    pd.testing.assert_frame_equal(one.effects, other.effects)
    seconds = ["fit_seconds"]
    pd.testing.assert_frame_equal(
        one.targets[0].trials.drop(columns=seconds), other.targets[0].trials.drop(columns=seconds)
    )
    other = report(data, quick, seed=1).targets[0].predictions
    assert not other.equals(one.targets[0].predictions)


def test_every_step_is_announced(data, quick):
    steps = []
    settings = Settings(**{**quick, "n_explained": 1, "train_sizes": (5,)})
    summarize(data.select(data.architectures[2:12]), ["test_acc", "latency_ms"], settings, steps.append)
    doings = [f"{name}: {doing}" for doing in STEPS for name in ("test_acc", "latency_ms")]
    assert steps == [*doings, "test_acc: changes"]


def test_settings_are_checked():
    with pytest.raises(InputError, match="`n_explained` must be at least 1, got 0"):
        Settings(n_explained=0)
    with pytest.raises(InputError, match="`seeds` must hold at least one"):
        Settings(seeds=())


def test_a_model_without_trees_is_refused(data, quick):
    with pytest.raises(UnsupportedError, match="got HistGradientBoostingRegressor"):
        report(data, quick, model=HistGradientBoostingRegressor(max_iter=1))
