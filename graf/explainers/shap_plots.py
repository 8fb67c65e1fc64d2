"""The plots of shap for one target; each returns its Axes and shows nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from graf.explainers.shap_library import quiet_shap

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from graf.explainers.explanation import Explanation

__all__ = ["bar", "beeswarm", "dependence", "heatmap", "to_shap"]


def to_shap(explanation: Explanation) -> Any:
    """The same as a `shap.Explanation`."""
    with quiet_shap() as shap:
        return shap.Explanation(
            explanation.values,
            explanation.base_values,
            explanation.data.to_numpy(),
            feature_names=explanation.feature_names,
            output_names=str(explanation.target_names[0]),
        )


def beeswarm(explanation: Explanation, *, max_display: int = 12, ax: Axes | None = None) -> Axes:
    """One row per feature, one dot per architecture, coloured by the feature's value."""
    return _plot("beeswarm", explanation, ax, max_display=max_display, plot_size=None)


def bar(explanation: Explanation, *, max_display: int = 12, ax: Axes | None = None) -> Axes:
    """One bar per feature."""
    return _plot("bar", explanation, ax, max_display=max_display)


def heatmap(explanation: Explanation, *, max_display: int = 12, ax: Axes | None = None) -> Axes:
    """One row per feature, one column per architecture."""
    alone = {"instance_order": np.arange(1)} if len(explanation.data) == 1 else {}  # nothing to cluster
    drawn = _plot("heatmap", explanation, ax, max_display=max_display, **alone)
    drawn.set_aspect("auto")  # as shap fixes it, the layout leaves too little room for names
    return drawn


def dependence(explanation: Explanation, feature: str, *, ax: Axes | None = None) -> Axes:
    """One dot per architecture; those without a value are left out."""
    ax = ax or _new_axes()
    values = explanation.values[:, explanation.feature_names.index(feature)]
    ax.scatter(explanation.data[feature], values, s=14, alpha=0.6, color="#0072B2", linewidths=0)
    ax.axhline(0, color="#999999", linewidth=0.8, zorder=0)
    ax.set(xlabel=feature, ylabel=f"SHAP value for {explanation.target_names[0]}")
    return ax


def _plot(name: str, explanation: Explanation, ax: Axes | None, *, max_display: int, **kwargs: Any) -> Axes:
    ax = ax or _new_axes(_size(explanation, max_display))
    with quiet_shap() as shap:
        drawn: Axes = getattr(shap.plots, name)(
            to_shap(explanation), ax=ax, show=False, max_display=max_display, **kwargs
        )
    return drawn


def _size(explanation: Explanation, max_display: int) -> tuple[float, float]:
    """Width and height, in inches, that leave room for the names of features, which shap writes in 13 points."""
    shown = explanation.importance().index[:max_display]
    return 6 + 0.11 * max(map(len, map(str, shown))), max(3.5, 1.5 + 0.4 * len(shown))


def _new_axes(size: tuple[float, float] | None = None) -> Axes:
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=size, layout="constrained")[1]
