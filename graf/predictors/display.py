"""What notebooks say of a fitted predictor."""

from __future__ import annotations

from html import escape
from typing import Any

__all__ = ["learnt_html"]


def learnt_html(predictor: Any) -> str:
    """Targets, search space and columns of a fitted predictor in a sentence, "" before `fit`."""
    if not hasattr(predictor, "estimators_"):
        return ""
    targets = ", ".join(map(escape, map(str, predictor.target_names_)))
    graph, given = predictor.inputs_.graph, len(predictor.inputs_.given)
    n_graph = len(predictor.inputs_.names) - given
    space = "" if graph is None or graph.space_ is None else f" of {escape(graph.space_.name)}"
    parts = [f"{n_graph:,} graph features{space}"] * bool(n_graph) + [f"{given:,} given columns"] * bool(
        given
    )
    return f"<p>Predicts <b>{targets}</b> from {' and '.join(parts)}.</p>"
