"""Explanation: importance, selection, tables and plots."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes

from graf.exceptions import InputError, UnknownNameError
from graf.explainers import Explanation, explain
from graf.features import Column

COLUMNS = {
    "op_count(skip)": Column("op_count", ("skip",)),
    "op_count(conv3x3)": Column("op_count", ("conv3x3",)),
    "n_paths(skip+conv3x3)": Column("n_paths", ("skip", "conv3x3")),
    "live.edges": Column("live", (), "edges"),
}
NAMES = [*COLUMNS, "flops"]


@pytest.fixture
def small():
    """Two architectures, one target; the two counts cancel out on the first."""
    return Explanation(
        values=np.array([[2.0, -2.0, 4.0, 0.0, 1.0], [1.0, 1.0, -2.0, 0.0, 1.0]]),
        base_values=np.array([5.0, 5.0]),
        predictions=np.array([10.0, 6.0]),
        data=pd.DataFrame(np.eye(5)[:2], index=["a", "b"], columns=NAMES),
        target_names=("accuracy",),
        columns=COLUMNS,
    )


def test_importance_by_feature_is_the_mean_size(small):
    table = small.importance()
    assert list(table.columns) == ["accuracy"]
    assert table["accuracy"].to_dict() == {
        "n_paths(skip+conv3x3)": 3.0,
        "op_count(skip)": 1.5,
        "op_count(conv3x3)": 1.5,
        "flops": 1.0,
        "live.edges": 0.0,
    }
    assert table.index[0] == "n_paths(skip+conv3x3)"
    assert table["accuracy"].is_monotonic_decreasing


def test_importance_by_family_adds_before_it_takes_the_size(small):
    table = small.importance("family")
    assert table["accuracy"].to_dict() == {"n_paths": 3.0, "op_count": 1.0, "given columns": 1.0, "live": 0.0}


def test_importance_by_operation_shares_sets_equally(small):
    table = small.importance("operation")
    expected = {"skip": (4 + 0) / 2, "conv3x3": (0 + 0) / 2, "given columns": 1.0, "whole graph": 0.0}
    assert table["accuracy"].to_dict() == expected


def test_importance_of_several_targets_is_ordered_by_share(explanation):
    table = explanation.importance()
    assert list(table.columns) == ["up", "down"]
    share = (table / table.sum()).mean(axis=1)
    assert share.is_monotonic_decreasing
    by_operation = explanation.importance("operation")
    assert by_operation["up"].idxmax() == "conv3x3"
    assert by_operation["down"].idxmax() == "skip"


def test_unknown_grouping(small):
    with pytest.raises(UnknownNameError, match="unknown grouping 'familly'; did you mean 'family'"):
        small.importance("familly")


def test_select_one_of_several_targets(explanation):
    down = explanation.select("down")
    np.testing.assert_array_equal(down.values, explanation.values[..., 1])
    np.testing.assert_array_equal(down.predictions, explanation.predictions[..., 1])
    assert down.target_names == ("down",)
    assert down.select("down") is down
    with pytest.raises(UnknownNameError, match="unknown target 'dawn'; did you mean 'down'"):
        explanation.select("dawn")


def test_to_shap_holds_the_same(explanation):
    found = explanation.to_shap("up")
    np.testing.assert_array_equal(found.values, explanation.values[..., 0])
    np.testing.assert_array_equal(found.base_values, explanation.base_values[..., 0])
    assert list(found.feature_names) == explanation.feature_names


@pytest.mark.parametrize("name", ["plot_beeswarm", "plot_bar", "plot_heatmap"])
def test_plots_draw_on_their_own_or_given_axes(name, explanation, monkeypatch):
    monkeypatch.setattr(plt, "show", lambda: pytest.fail("a plot was shown"))
    assert getattr(explanation, name)("up").has_data()
    ax = plt.subplots()[1]
    assert getattr(explanation, name)("down", ax=ax, max_display=4) is ax
    assert ax.has_data()
    plt.close("all")


@pytest.mark.parametrize("name", ["plot_beeswarm", "plot_bar", "plot_heatmap"])
def test_one_architecture_is_drawn_too(name, predictor, cells):
    assert getattr(explain(predictor, cells[:1]), name)("up").has_data()
    plt.close("all")


@pytest.mark.parametrize("name", ["plot_beeswarm", "plot_bar", "plot_heatmap"])
def test_names_of_features_fit_into_the_figure(name, explanation):
    ax = getattr(explanation, name)("up")
    ax.figure.canvas.draw()
    labels = [label.get_window_extent() for label in ax.get_yticklabels()]
    assert min(label.x0 for label in labels) >= 0
    assert ax.get_window_extent().width > 300  # pixels
    plt.close("all")


def test_dependence_shows_every_architecture_with_a_value(explanation):
    ax = explanation.plot_dependence("op_count(conv3x3)", "up")
    points = ax.collections[0].get_offsets()
    assert isinstance(ax, Axes)
    np.testing.assert_array_equal(points[:, 0], explanation.data["op_count(conv3x3)"])
    k = explanation.feature_names.index("op_count(conv3x3)")
    np.testing.assert_array_equal(points[:, 1], explanation.values[:, k, 0])
    plt.close("all")


def test_plots_ask_for_what_they_miss(explanation):
    with pytest.raises(InputError, match="`target` must be named, one of up, down"):
        explanation.plot_bar()
    with pytest.raises(UnknownNameError, match="did you mean"):
        explanation.plot_dependence("op_count(conv3)", "up")


def test_html_is_a_small_table(explanation):
    html = explanation._repr_html_()
    assert html.count("<tr") <= 13
    assert explanation.importance().index[0] in html
    assert (
        repr(explanation)
        == f"<Explanation of up, down: 30 architectures, {explanation.data.shape[1]} features>"
    )
