"""What a report says, as plain data: everything is computed here, nothing is drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from graf.datasets import Dataset
from graf.explainers import Explanation
from graf.ops import OpSet
from graf.predictors import PerformancePredictor
from graf.report import choices
from graf.report.cells import draw_cells
from graf.report.changes import changes
from graf.report.effects import by_operation, effects, ordered, strongest
from graf.report.examples import Example, choose_examples, examples
from graf.report.importances import importances
from graf.report.properties import properties
from graf.report.recipes import RecipeShares, recipe_shares
from graf.report.sentences import sentences
from graf.report.target import Plan, Settings, Step, TargetSummary, summarize_targets

__all__ = ["Summary", "summarize"]

N_EFFECTS = 20
N_SENTENCES = 4  # of operations, and of single features


@dataclass(frozen=True)
class Summary:
    """What a report says.

    Parameters
    ----------
    name, n : of the dataset, and its number of architectures.
    space, ops : name of the search space and its operations, "" and None if graf has it not.
    metadata : of the targets reported on, as in the dataset.
    features : what the explained predictions are made from.
    targets : one summary each.
    properties : of all architectures; see `graf.report.properties`.
    cells : what it takes to draw any of them; see `graf.report.cells`.
    effects : features x targets, see `graf.report.effects`; all of them.
    operation_effects : the same for the number of each operation, with all that its features
        added; empty without a search space.
    strongest : the rows of `effects` worth showing.
    sentences : the strongest in plain words.
    examples : the best, a middling and the worst architecture.
    changes : what is predicted to make them better, see `graf.report.changes`.
    lead : target that says which these are.
    settings : how it was made.
    recipes : how much of the targets is recipe, None where that was not measured.
    importances : of the lead target, see `compare_importances`; None where they were not asked for.
    """

    name: str
    n: int
    space: str
    ops: OpSet | None
    metadata: pd.DataFrame
    features: str
    targets: Sequence[TargetSummary]
    properties: pd.DataFrame
    cells: Mapping[str, Any]
    effects: pd.DataFrame
    operation_effects: pd.DataFrame
    strongest: pd.DataFrame
    sentences: Sequence[str]
    examples: Sequence[Example]
    changes: pd.DataFrame
    lead: str
    settings: Settings
    recipes: RecipeShares | None = None
    importances: pd.DataFrame | None = None


def summarize(data: Dataset, names: Sequence[str], settings: Settings, step: Step) -> Summary:
    """Everything that a report on some targets of a dataset says.

    Parameters
    ----------
    data : the dataset; of one with recipes, the means over the recipes are explained.
    names : its targets to report on, as `choose_targets` gives them.
    settings : how to go about it.
    step : called after each of the `STEPS` of each target with a few words on it.
    """
    shares = recipe_shares(data, names)
    data = data.mean_over_recipes()
    lead = _lead(data, names)
    chosen = choose_examples(data, lead)
    plan = Plan(data, settings, _predictors(data, settings), _explained(data, settings, chosen))
    targets = summarize_targets(plan, names, step)
    better = changes(plan, names, lead, chosen)
    step(f"{lead}: changes")
    compared = importances(plan, lead)
    if settings.n_refits:
        step(f"{lead}: importances")
    explanations = {target.name: target.explanation for target in targets}
    return Summary(
        name=data.name,
        n=len(data),
        space="" if data.space is None else data.space.name,
        ops=_ops(data),
        metadata=data.metadata.loc[names],
        features=next(iter(plan.predictors)),
        targets=targets,
        properties=properties(data),
        cells=draw_cells(data.space, data.architectures),
        **_across_targets(data, explanations),
        examples=examples(data, chosen, explanations),
        changes=better,
        lead=lead,
        settings=settings,
        recipes=shares,
        importances=compared,
    )


def _ops(data: Dataset) -> OpSet | None:
    return None if data.space is None else data.space.ops


def _across_targets(data: Dataset, explanations: Mapping[str, Explanation]) -> dict[str, Any]:
    """Effects of features and of operations, the strongest, and what they are in plain words."""
    names, ops = list(explanations), _ops(data)
    metadata, first = data.metadata.loc[names], explanations[names[0]]
    scales = data.targets[names].std(), metadata["direction"]
    table = effects(explanations, *scales)
    values = ordered(first.data, first.columns)
    told = _by_operation(data, explanations)
    operations = effects(told, *scales) if told else table.iloc[:0]
    operations = operations[operations.any(axis=1)]
    largest = pd.concat([table, operations]).abs().max()
    counts = told[names[0]].data if told else values
    spoken = [
        *sentences(operations, counts, metadata, ops, N_SENTENCES, largest),
        *sentences(table.drop(operations.index, errors="ignore"), values, metadata, ops, N_SENTENCES),
    ]
    return {
        "effects": table,
        "operation_effects": operations,
        "strongest": strongest(table, values, N_EFFECTS),
        "sentences": spoken,
    }


def _by_operation(data: Dataset, explanations: Mapping[str, Explanation]) -> dict[str, Explanation]:
    if data.space is None:
        return {}
    return {name: by_operation(explanation, data.space) for name, explanation in explanations.items()}


def _lead(data: Dataset, names: Sequence[str]) -> str:
    """The first accuracy, or the first target."""
    accuracies = [name for name in names if data.metadata.loc[name, "group"] == "accuracy"]
    return [*accuracies, *names][0]


def _predictors(data: Dataset, settings: Settings) -> dict[str, PerformancePredictor]:
    columns = choices.choose_columns(data)
    return {
        label: PerformancePredictor(
            settings.model,
            space=data.space,
            features=features,
            columns=columns,
            random_state=settings.seed,
            warn_beyond=None,
        )
        for label, features in choices.features_of(data).items()
    }


def _explained(data: Dataset, settings: Settings, chosen: Mapping[str, str]) -> list[str]:
    """The examples, and a random sample of the architectures."""
    order = np.random.default_rng(settings.seed).permutation(len(data))
    sample = [data.architectures[i] for i in order[: settings.n_explained].tolist()]
    return list(dict.fromkeys([*chosen.values(), *sample]))
