"""Figures: they hold the numbers of the summary."""

import numpy as np
import pandas as pd
import pytest

from graf.explainers import Explanation
from graf.report import figures as plots
from graf.report.figures.looks import BLUE, GREY, dots
from graf.report.render import figures
from graf.report.tables import tables


@pytest.fixture(scope="module")
def drawn(summary):
    return figures(summary)


def test_every_figure_has_data(drawn, summary):
    places = [
        "ranking",
        "predicted",
        "features",
        "families",
        "operations",
        "beeswarm",
        "dependence0",
        "dependence1",
        "dependence2",
    ]
    always = {"effects", "importances", "operations", "tradeoff", "waterfall"}
    assert set(drawn) == {*always, *(f"{name}-{i}" for name in places for i in range(2))}
    for name in set(drawn) - {"tradeoff", "waterfall"}:
        assert all(len(trace.x) for trace in drawn[name].data if not trace.meta)


def test_dots_of_all_architectures_come_from_the_table(drawn, summary):
    names = set(tables(summary)["architectures"])
    for i, target in enumerate(summary.targets):
        found = drawn[f"predicted-{i}"].data[1].meta
        assert found == {
            "rows": "architectures",
            "x": f"measured {target.name}",
            "y": f"predicted {target.name}",
        }
        assert {found["x"], found["y"]} <= names


def test_rings_follow_the_dots_of_their_panel(drawn):
    for name in ("tradeoff", "predicted-0", "beeswarm-0", "dependence2-1"):
        traces = drawn[name].data
        followed = []
        for trace in traces:
            if trace.meta and "follows" in trace.meta:
                followed += trace.meta["follows"]
                assert {traces[k].xaxis for k in trace.meta["follows"]} == {trace.xaxis}
        assert followed == [k for k, trace in enumerate(traces) if trace.meta and "rows" in trace.meta]


def test_many_dots_are_drawn_by_webgl():
    assert dots(3000, "architectures").type == "scatter"
    assert dots(3001, "architectures").type == "scattergl"


def test_predicted_over_measured(drawn, summary):
    table = summary.targets[1].predictions
    ends = [table.min().min(), table.max().max()]
    assert list(drawn["predicted-1"].data[0].x) == list(drawn["predicted-1"].data[0].y) == ends
    assert drawn["predicted-1"].layout.xaxis.title.text == "measured latency (ms)"


def test_bars_are_the_strongest_features_from_the_top(drawn, summary):
    bars = drawn["features-0"].data[0]
    table = summary.targets[0].explanation.importance()["test_acc"].head(15)
    assert list(bars.y)[::-1] == list(table.index)
    np.testing.assert_array_equal(bars.x[::-1], table)


def test_a_swarm_has_every_value_near_its_line(drawn, summary):
    explanation = summary.targets[0].explanation
    names = [text.replace("<br>", "") for text in drawn["beeswarm-0"].layout.yaxis.ticktext]
    for i, (trace, name) in enumerate(zip(drawn["beeswarm-0"].data[:-1], names, strict=True)):
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
    found = plots.dependence_figure(explanation, "gaps", "").data
    assert found[0].x[0] < 1.0
    assert list(found[0].marker.color) == [GREY, BLUE, BLUE]
    assert list(found[0].marker.symbol) == ["x", "circle", "circle"]
    assert np.isfinite(plots.dependence_figure(explanation, "absent", "").data[0].x).all()
    assert len(plots.beeswarm_figure(explanation, "").data) == 3 + 1


def test_names_are_text_not_markup():
    data = pd.DataFrame({"<b>x</b>": [1.0, 2.0]}, index=["<i>", "b"])
    explanation = Explanation(np.array([[1.0], [2.0]]), np.zeros(2), np.zeros(2), data, ("t",))
    for figure in (
        plots.beeswarm_figure(explanation, "<u>"),
        plots.dependence_figure(explanation, "<b>x</b>", "<u>"),
        plots.importance_figure(explanation.importance()["t"], "<u>"),
        plots.effects_figure(pd.DataFrame({"t": [1.0]}, index=["<b>x</b>"]), ["<u>"]),
        plots.predicted_figure(
            "t", pd.DataFrame({"measured": [1.0], "predicted": 1.0}, index=["<i>"]), "<u>", "<u>"
        ),
    ):
        figure.update_traces(meta=None)  # data for the page, not shown
        assert not any(tag in str(figure.to_dict()) for tag in ("<b>x", "<i>", "<u>"))


def test_quotation_marks_are_shown_as_they_are():
    table = pd.DataFrame({"measured": [1.0], "predicted": 1.0})
    layout = plots.predicted_figure("t", table, 'the "late" one\'s', '"').layout
    assert layout.xaxis.title.text == 'measured the "late" one\'s (")'


def test_long_names_of_targets_are_broken_into_lines():
    label = "validation accuracy after two hundred epochs of training with <cutout>"
    table = pd.DataFrame({"measured": [1.0], "predicted": 1.0})
    title = plots.predicted_figure("t", table, label, "%").layout.xaxis.title.text
    assert max(map(len, title.split("<br>"))) <= 40
    assert "&lt;cutout&gt;" in title


def test_names_of_features_have_at_most_two_lines():
    several = "+".join(["max_pool3x3", "avg_pool3x3", "skip", "sep_conv5x5", "dil_conv5x5", "none"])
    names = [
        f"node_degree({several}).mean_in@simplified.reduce",
        "node_degree(skip).mean_in@simplified.reduce",
    ]
    ticks = plots.importance_figure(pd.Series(1.0, index=names), "").layout.yaxis.ticktext
    assert ticks == (
        "node_degree(skip)<br>.mean_in@simplified.reduce",
        "node_degree(max_pool3x3+<br>…).mean_in@simplified.reduce",
    )
