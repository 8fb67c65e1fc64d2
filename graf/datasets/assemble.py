"""From the rows of a file and the roles of its columns to a Dataset."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from graf.datasets.dataset import Dataset, means
from graf.datasets.description import Description, TargetRule, matches
from graf.datasets.fidelities import fidelity_metadata
from graf.datasets.notation import resolve_space
from graf.datasets.roles import Roles
from graf.exceptions import DatasetError

__all__ = ["Rows", "assemble", "warn_of_text"]

FAILED = -1e8  # what published files write where nothing could be computed; it becomes NaN
NUMBERS = (int, float, Decimal, str)
FACTS = ("kind", "unit", "direction", "protocol", "noise_ceiling", "primary", "group")


@dataclass(frozen=True)
class Rows:
    """The rows of a file, and what is known of its columns.

    Parameters
    ----------
    name : of the table.
    path : of the file, for errors.
    frame : the columns as in the file.
    noise_ceiling : by target; overrules that of the description.
    """

    name: str
    path: Path
    frame: pd.DataFrame
    description: Description
    roles: Roles
    noise_ceiling: Mapping[str, float]

    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables of a dataset by their names. Architectures may repeat."""
        frame, roles, path, key = self.frame, self.roles, self.path, self.description.architecture
        index = _architectures(frame, key, path)
        targets = {column: _target(frame[column], rule, path) for column, rule in roles.targets.items()}
        given = (*roles.proxies, *roles.recipes, *roles.fidelities)
        numbers = pd.DataFrame({column: _floats(frame[column], path) for column in given}, index=index)
        used = {*targets, *given, *(key if len(key) == 1 else ())}
        info = {column: _tidy(frame[column]).array for column in frame.columns if column not in used}
        tables = {
            "targets": pd.DataFrame(targets, index=index),
            "proxies": numbers[list(roles.proxies)],
            "info": pd.DataFrame(info, index=index),
            "recipes": numbers[list(roles.recipes)],
            "fidelities": numbers[list(roles.fidelities)],
        }
        if self.description.average_repeats:  # only now, when what failed is missing and counts for no mean
            return {name: means(table) for name, table in tables.items()}
        return tables


def assemble(rows: Rows) -> Dataset:
    """The dataset, in which an architecture occurs once (under one recipe)."""
    tables = rows.tables()
    return Dataset(
        rows.name,
        metadata=_metadata(rows.roles.targets, rows.noise_ceiling),
        space=resolve_space(rows.description, tables["targets"].index.tolist()),
        fidelity_metadata=fidelity_metadata(rows.roles.fidelities),
        **tables,
    )


def warn_of_text(rows: pd.DataFrame, columns: Sequence[str], path: Path) -> None:
    """Warn of columns of numbers that a few cells of text make no targets."""
    for column in (rows[name] for name in columns if rows[name].dtype in (object, "str")):
        known = column.notna().to_numpy()
        wrong = known & np.isnan(_parse(column))
        if 0 < wrong.sum() < known.sum() / 2:
            row = wrong.argmax()
            warnings.warn(
                f"column {column.name!r} of {path} is info and no target, since {wrong.sum()} of {known.sum()} cells"
                f" are no numbers, the first {column.iloc[row]!r:.40} at index {row}; leave these cells empty, or"
                " say in `targets` what the targets are",
                stacklevel=4,
            )


def _architectures(rows: pd.DataFrame, key: Sequence[str], path: Path) -> pd.Index:
    parts = (_text(rows[column], path) for column in key)
    joined = reduce(lambda left, right: left + ":" + right, parts)
    index: pd.Index[str] = pd.Index(joined.tolist(), dtype=str, name="architecture")
    return index


def _text(column: pd.Series, path: Path) -> pd.Series:
    if pd.api.types.infer_dtype(column.astype(object)) not in ("string", "integer"):
        raise DatasetError(f"column {column.name!r} of {path} must hold architectures as text")
    texts = column.astype(str).str.strip()
    empty = (column.isna() | (texts == "")).to_numpy()
    if empty.any():
        raise DatasetError(f"column {column.name!r} of {path} has no architecture at index {empty.argmax()}")
    return texts


def _target(column: pd.Series, rule: TargetRule, path: Path) -> NDArray[np.float64]:
    values = _floats(column, path)
    values[np.isin(values, rule.missing)] = np.nan
    if np.isnan(values).all():
        raise DatasetError(f"target {column.name!r} of {path} has no number; leave it out of the targets")
    return values


def _floats(column: pd.Series, path: Path) -> NDArray[np.float64]:
    values = _parse(column)
    wrong = np.isnan(values) & column.notna().to_numpy()
    if wrong.any():
        row = wrong.argmax()
        raise DatasetError(
            f"column {column.name!r} of {path} must hold numbers, got {column.iloc[row]!r:.100} at index {row}"
        )
    values[~np.isfinite(values) | (values == FAILED)] = np.nan
    return values


def _parse(column: pd.Series) -> NDArray[np.float64]:
    """The numbers, NaN where there is none; dates are not numbers."""
    if not pd.api.types.is_numeric_dtype(column.dtype):
        column = column.astype(object).where(np.array([isinstance(value, NUMBERS) for value in column]))
    numbers = pd.to_numeric(column, errors="coerce")
    values: NDArray[np.float64] = numbers.to_numpy(np.float64, na_value=np.nan, copy=True)
    return values


def _tidy(column: pd.Series) -> pd.Series:
    """The column with failed values missing."""
    if not pd.api.types.is_numeric_dtype(column.dtype):
        return column
    failed = column == FAILED
    return column.mask(failed) if failed.any() else column


def _metadata(rules: Mapping[str, TargetRule], noise_ceiling: Mapping[str, float]) -> pd.DataFrame:
    index = pd.Index(list(rules), name="target", dtype=str)
    facts = pd.DataFrame([_facts(column, rule) for column, rule in rules.items()], index=index, columns=FACTS)
    known = pd.Series(noise_ceiling, dtype=float).reindex(index)
    facts["noise_ceiling"] = known.fillna(facts["noise_ceiling"].astype(float))
    return facts.astype({"primary": bool})


def _facts(column: str, rule: TargetRule) -> dict[str, Any]:
    return {fact: getattr(rule, fact) for fact in FACTS} | {"primary": matches(column, rule.primary)}
