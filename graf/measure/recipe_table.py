"""From the journal of a measurement under several recipes to one table."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd

from graf.exceptions import InputError
from graf.journal import read_journal
from graf.measure.journals import RECIPES
from graf.measure.machine import machine
from graf.measure.noise import noise_facts
from graf.measure.recipe import Recipe
from graf.measure.table import last_date, write_table

__all__ = ["assemble"]

KEY = ["architecture", "recipe"]
TARGETS = ("test_acc", "val_acc")


def assemble(folder: str | os.PathLike[str], out: str | os.PathLike[str]) -> pd.DataFrame:
    """The table of a folder measured under several recipes, also written to `out` as Parquet.

    One row per architecture and recipe, sorted by both, of the architectures that have all
    recipes. `recipe` is a number; the columns of `Recipe.columns` say what it is. Figures are
    those of the first seed, which most architectures have (the lowest such seed): `test_acc`,
    `val_acc`, `val_acc_ep<k>` after k epochs (NaN where training ends with or before epoch k) and
    `train_seconds`. Of the other seeds there are `test_acc_seed<s>` and `val_acc_seed<s>`, NaN for
    architectures that were not repeated.

    The schema metadata of the file holds JSON under `graf`: `noise_ceiling` and
    `seed_agreement` by target, over the repeated rows, `settings`, `machine` (that wrote the table),
    `date` of the last measurement, and `n_dropped`, the number of architectures that were not
    complete.

    Raises
    ------
    InputError
        If the journal is missing or damaged, no architecture is complete, or `out` cannot be
        written.
    """
    settings, records = read_journal(Path(folder), RECIPES)
    runs = pd.DataFrame(records).drop_duplicates([*KEY, "seed"])
    first = int(runs["seed"].mode()[0])
    others = sorted(set(runs["seed"].tolist()) - {first})
    table = _complete(runs[runs["seed"] == first], len(settings["recipes"]))
    for seed in others:
        figures = runs[runs["seed"] == seed].set_index(KEY)[list(TARGETS)]
        table = table.join(figures.add_suffix(f"_seed{seed}"), on=KEY)
    table = _with_settings(table.drop(columns="seed"), [Recipe(**recipe) for recipe in settings["recipes"]])
    n_dropped = runs["architecture"].nunique() - table["architecture"].nunique()
    repeats = {name: table.filter(regex=f"^{name}(_seed.+)?$").dropna().to_numpy() for name in TARGETS}
    facts = noise_facts(repeats, k=1) | {
        "settings": settings | {"seeds": [first, *others]},
        "machine": machine(),
        "date": last_date(Path(folder) / RECIPES.name),
        "n_dropped": n_dropped,
    }
    write_table(table, facts, Path(out))
    return table


def _complete(runs: pd.DataFrame, n_recipes: int) -> pd.DataFrame:
    """The rows of architectures that have every recipe, sorted; figures as 32-bit floats."""
    whole = runs.groupby("architecture")["recipe"].transform("nunique") == n_recipes
    if not whole.any():
        raise InputError("no architecture has been trained under all recipes yet; go on measuring")
    table = runs[whole].sort_values(KEY, ignore_index=True)
    epochs = sorted((n for n in table if "_ep" in n), key=lambda name: int(name.rpartition("_ep")[2]))
    ordered = table[[*KEY, "seed", *TARGETS, *epochs, "train_seconds"]]
    return ordered.astype(dict.fromkeys(ordered.columns[3:], "float32"))


def _with_settings(table: pd.DataFrame, recipes: list[Recipe]) -> pd.DataFrame:
    columns = pd.DataFrame([recipe.columns for recipe in recipes]).loc[table["recipe"]].set_axis(table.index)
    return pd.concat([table[KEY], columns, table.drop(columns=KEY)], axis=1)
