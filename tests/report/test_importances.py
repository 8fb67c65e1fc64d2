"""Three kinds of importance on the page."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from graf import PerformancePredictor
from graf.exceptions import InputError
from graf.report.figures import importances_figure
from graf.report.importances import importances, importances_sentences
from graf.report.render import render
from graf.report.target import Plan, Settings


@pytest.fixture
def table():
    return pd.DataFrame(
        {
            "shapley": [2.0, 1.0, 0.1],
            "permutation": [1.5, 1.2, 0.0],
            "drop_column": [0.1, 0.9, 0.0],
            **{f"{m}_std": [0.1, 0.2, 0.3] for m in ("shapley", "permutation", "drop_column")},
            "more_than_noise": [True, True, False],
            "reason": ["paths says much the same and takes over once it is dropped", "", "noise"],
        },
        index=["counts", "paths", "idle"],
    )


def test_figure_holds_every_number_and_hollow_marks_for_noise(table):
    figure = importances_figure(table, "percent")
    assert [len(trace.x) for trace in figure.data] == [3, 3, 3]
    np.testing.assert_array_equal(figure.data[0].x, [2.0, 1.0, 0.1])
    np.testing.assert_array_equal(figure.data[2].error_x.array, [0.1, 0.2, 0.3])
    assert list(figure.data[0].marker.symbol) == ["circle", "circle", "circle-open"]


def test_figure_shows_every_group(table):
    many = pd.concat([table] * 7, keys=range(7))
    figure = importances_figure(many.set_axis([f"g{i}" for i in range(21)]), "percent")
    assert [len(trace.y) for trace in figure.data] == [21, 21, 21]
    assert figure.layout.height > importances_figure(table, "percent").layout.height + 18 * 15


def test_sentences(table):
    assert importances_sentences(table) == [
        "2 of 3 families matter more for this target than for permuted ones.",
        "Not distinguishable from noise: idle.",
        "counts: paths says much the same and takes over once it is dropped.",
    ]
    agreed = table.assign(reason="")
    assert importances_sentences(agreed)[2] == "The three methods rank the others alike."
    assert importances_sentences(agreed.iloc[:2])[1] == "The three methods rank them alike."
    assert len(importances_sentences(agreed.iloc[:1])) == 1


def test_the_page_has_a_section_only_where_importances_were_compared(summary):
    assert 'id="importances"' in render(summary)
    assert 'id="importances"' not in render(replace(summary, importances=None))
    assert summary.importances.loc["op_count", "more_than_noise"]


def test_a_forest_stands_in_for_the_default_model_and_the_page_says_so(data, summary):
    settings = Settings(n_refits=2, n_jobs=1)
    columns = ["op_count(conv3x3)", "op_count(none)"]
    predictors = {"graph features": PerformancePredictor(settings.model, features="graph", columns=columns)}
    found = importances(Plan(data, settings, predictors, []), "test_acc")
    assert found.index.tolist() == ["op_count"]
    assert "random forests, whose values" in render(replace(summary, settings=settings))
    assert "random forests, whose values" not in render(summary)


def test_one_refit_has_no_spread():
    with pytest.raises(InputError, match="`n_refits` must be at least 2 for a spread, or 0 for none, got 1"):
        Settings(n_refits=1)
