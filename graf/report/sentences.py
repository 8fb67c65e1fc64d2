"""Effects in plain sentences."""

from __future__ import annotations

import numpy as np
import pandas as pd

from graf.ops import OpSet
from graf.report.effects import unalike
from graf.report.words import label, listed, words

__all__ = ["headline", "sentences"]

MOST_NAMED = 4  # of the targets in one part of a sentence
VISIBLE = 0.2  # share of a target's largest effect from which an effect is worth saying


def headline(label: str, scores: pd.DataFrame, features: str, ceiling: float) -> str:
    """How well a target is ranked with the most labels, and how well by what else.

    Parameters
    ----------
    label : the target in plain words.
    scores : as `graf.predictors.summary` gives them.
    features : the predictor among them that the sentence is about.
    ceiling : Kendall tau that could be reached at best, NaN if unknown.
    """
    rows = scores[scores["labels"] == scores["labels"].max()].set_index("predictor")
    known = rows["tau_mean"].notna()
    tau = rows["tau_mean"].map("{:.2f}".format).where(known, "\N{EN DASH}")
    bound = "" if np.isnan(ceiling) else f" (noise ceiling {ceiling:.2f})"
    bound += (
        "" if known[features] else " (undefined where all values or all predictions of a split are the same)"
    )
    others = listed(f"{name} {tau[name]}" for name in tau.index.drop(features))
    return (
        f"{label[0].upper()}{label[1:]}: after {rows['labels'].iloc[0]:,} labels, {features} rank the other"
        f" architectures with a Kendall tau of {tau[features]}{bound}" + (f"; {others}." if others else ".")
    )


def sentences(
    effects: pd.DataFrame,
    data: pd.DataFrame,
    metadata: pd.DataFrame,
    ops: OpSet | None = None,
    n: int = 6,
    largest: pd.Series[float] | None = None,
) -> list[str]:
    """What the strongest trade-offs are, then the strongest of the other effects.

    Parameters
    ----------
    effects : feature x target, positive helps; the first target leads each sentence.
    data : values of the features, to leave out those that say the same.
    metadata : unit and direction by target.
    ops : vocabulary of the search space.
    n : at most so many.
    largest : effect by target that others are compared with; the largest of these effects if None.
    """
    scaled = effects / (effects.abs().max() if largest is None else largest)
    visible = scaled.where(scaled.abs() >= VISIBLE, 0.0)
    gain, loss = visible.max(axis=1), -visible.min(axis=1)
    score = pd.concat([gain, loss], axis=1).clip(lower=0)
    order = pd.DataFrame({"both": score.min(axis=1), "one": score.max(axis=1)})
    order = order[order["one"] > 0].sort_values(["both", "one"], ascending=False, kind="stable")
    return [_sentence(name, visible.loc[name], metadata, ops) for name in unalike(list(order.index), data, n)]


def _sentence(name: str, row: pd.Series[float], metadata: pd.DataFrame, ops: OpSet | None) -> str:
    row = row[row != 0]
    sense = 1 if row.iloc[0] > 0 else -1
    helped = [target for target in row.index if row[target] * sense > 0]
    harmed = [target for target in row.index if row[target] * sense < 0]
    text = f"With {words(name, sense, ops)}, {_moves(helped, metadata)}"
    if len(harmed) > MOST_NAMED:
        text += f", at the cost of {len(harmed)} targets"
    elif harmed:
        costs = [f"{_end(target, metadata, worse=True)} {_label(target, metadata)}" for target in harmed]
        text += f", at the cost of {listed(costs)}"
    return text + "."


def _moves(targets: list[str], metadata: pd.DataFrame) -> str:
    """What happens to targets that all get better, or all worse; many are counted, not named."""
    parts = []
    for verb, end in (("rise", "higher"), ("fall", "lower")):
        names = [_label(t, metadata) for t in targets if _end(t, metadata, worse=False) == end]
        if names:
            named = listed(names) if len(names) <= MOST_NAMED else f"{len(names)} targets"
            parts.append(f"{named} {verb}{'s' if len(names) == 1 else ''}")
    return listed(parts)


def _end(target: str, metadata: pd.DataFrame, *, worse: bool) -> str:
    return "lower" if (metadata.loc[target, "direction"] == "max") == worse else "higher"


def _label(target: str, metadata: pd.DataFrame) -> str:
    return label(target, str(metadata.loc[target, "unit"]))
