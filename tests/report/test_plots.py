"""Figures: they hold the numbers of the summary."""

import numpy as np
import pandas as pd
import pytest

from graf.explainers import Explanation
from graf.report import plots
from graf.report.render import figures


@pytest.fixture(scope="module")
def drawn(summary):
    return figures(summary)


def test_every_figure_has_data(drawn, summary):
    places = ["ranking", "predicted", "features", "families", "operations", "beeswarm", "dependence"]
    assert set(drawn) == {"effects", "operations", *(f"{name}-{i}" for name in places for i in range(2))}
    for figure in drawn.values():
        assert all(len(trace.x) for trace in figure.data)


def test_predicted_over_measured(drawn, summary):
    dots = drawn["predicted-1"].data[1]
    table = summary.targets[1].predictions
    np.testing.assert_array_equal(dots.x, table["measured"])
    np.testing.assert_array_equal(dots.y, table["predicted"])
    assert drawn["predicted-1"].layout.xaxis.title.text == "measured latency (ms)"


def test_bars_are_the_strongest_features_from_the_top(drawn, summary):
    bars = drawn["features-0"].data[0]
    table = summary.targets[0].explanation.importance()["test_acc"].head(15)
    assert list(bars.y)[::-1] == list(table.index)
    np.testing.assert_array_equal(bars.x[::-1], table)


def test_a_swarm_has_every_value_near_its_line(drawn, summary):
    explanation = summary.targets[0].explanation
    names = list(drawn["beeswarm-0"].layout.yaxis.ticktext)
    for i, (trace, name) in enumerate(zip(drawn["beeswarm-0"].data, names, strict=True)):
        k = explanation.feature_names.index(name)
        np.testing.assert_array_equal(trace.x, explanation.values[:, k])
        assert np.abs(np.array(trace.y) - i).max() <= 0.45


def test_ranking_has_a_line_per_row_and_the_ceiling_if_known(drawn):
    names = [trace.name for trace in drawn["ranking-0"].data]
    assert names == ["graph features", "FLOPs", "parameters", "one-hot"]
    assert [shape.y0 for shape in drawn["ranking-0"].layout.shapes] == [0.9]
    assert len(drawn["ranking-1"].layout.shapes) == 0


def test_effects_are_coloured_about_zero(drawn, summary):
    heat = drawn["effects"].data[0]
    np.testing.assert_array_equal(np.array(heat.z)[::-1], summary.strongest)
    assert heat.zmin == -heat.zmax == -summary.strongest.abs().max(axis=None)


def test_undefined_and_constant_values_are_drawn():
    data = pd.DataFrame({"gaps": [np.nan, 1.0, 3.0], "flat": 1.0, "absent": np.nan}, index=list("abc"))
    values = np.array([[3.0, 2.0, 1.0], [-3.0, -2.0, 1.0], [0.0, 2.0, 1.0]])
    explanation = Explanation(values, np.zeros(3), values.sum(axis=1), data, ("t",))
    dots = plots.dependence_figure(explanation, "").data
    assert dots[0].x[0] < 1.0
    assert list(dots[0].marker.color) == [plots.GREY, plots.BLUE, plots.BLUE]
    assert np.isfinite(dots[1].x).all()
    assert len(plots.beeswarm_figure(explanation, "").data) == 3


def test_names_are_text_not_markup():
    data = pd.DataFrame({"<b>x</b>": [1.0, 2.0]}, index=["<i>", "b"])
    explanation = Explanation(np.array([[1.0], [2.0]]), np.zeros(2), np.zeros(2), data, ("t",))
    for figure in (
        plots.beeswarm_figure(explanation, "<u>"),
        plots.dependence_figure(explanation, "<u>"),
        plots.importance_figure(explanation.importance()["t"], "<u>"),
        plots.effects_figure(pd.DataFrame({"t": [1.0]}, index=["<b>x</b>"]), ["<u>"]),
        plots.predicted_figure(
            pd.DataFrame({"measured": [1.0], "predicted": 1.0}, index=["<i>"]), "<u>", "<u>"
        ),
    ):
        assert not any(tag in str(figure.to_dict()) for tag in ("<b>x", "<i>", "<u>"))
