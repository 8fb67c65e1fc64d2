"""Dataset: architectures with what was measured on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from html import escape
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from graf.datasets.fidelities import fidelity_metadata
from graf.exceptions import DatasetError, InputError, UnknownNameError
from graf.spaces import SearchSpace

__all__ = ["Dataset", "means"]

SHOWN = 5
TABLES = ("targets", "proxies", "info", "recipes", "fidelities")


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Architectures and tables about them, all with the same index, named "architecture".

    A table that is left out has no columns.

    Parameters
    ----------
    name : what it is called in reports.
    targets : what can be predicted, floats; NaN where it was not measured.
    proxies : columns to predict from, floats; NaN where undefined. May have no columns.
    info : every other column, as in the file.
    metadata : indexed by target: kind, unit, direction ("max" or "min": which end is better),
        protocol, noise_ceiling (Kendall tau, NaN if unknown), primary, group.
    space : the search space of the architectures, None if graf does not have it.
    recipes : how each row was trained, floats. Where it has columns, architectures may occur more
        than once, but not twice with the same recipe.
    fidelities : results known before training ends, floats; NaN where there are none. Never
        predicted from unless named in `items`.
    fidelity_metadata : indexed by fidelity: epochs (its cost), checkpoint (whether training goes
        on from it to the target), protocol.

    Raises
    ------
    DatasetError
        If it is empty, an architecture occurs twice (with one recipe), or the tables do not fit
        together.

    Examples
    --------
    >>> from graf.datasets import load_dataset
    >>> from tempfile import TemporaryDirectory
    >>> from pathlib import Path
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "mine.csv"
    ...     _ = path.write_text("cell,accuracy\\n0-0-0-0-0-1,0.1\\n1-3-3-0-2-1,0.9\\n")
    ...     data = load_dataset(path)
    >>> data
    Dataset('mine': 2 architectures of transnas_micro, 1 target, 0 proxies)
    >>> data.select(data.targets["accuracy"] > 0.5).architectures
    ['1-3-3-0-2-1']
    """

    name: str
    targets: pd.DataFrame
    proxies: pd.DataFrame
    info: pd.DataFrame
    metadata: pd.DataFrame
    space: SearchSpace | None = None
    recipes: pd.DataFrame = None
    fidelities: pd.DataFrame = None
    fidelity_metadata: pd.DataFrame = field(default_factory=lambda: fidelity_metadata({}))

    def __post_init__(self) -> None:
        index = self.targets.index
        for name in ("recipes", "fidelities"):
            if getattr(self, name) is None:
                object.__setattr__(self, name, pd.DataFrame(index=index))
        if len(index) == 0:
            raise DatasetError(f"dataset {self.name!r} has no rows; at least one architecture is needed")
        if not all(index.equals(getattr(self, name).index) for name in TABLES):
            raise DatasetError(f"`{'`, `'.join(TABLES[:-1])}` and `{TABLES[-1]}` must have the same index")
        self._check_repeats()
        if list(self.metadata.index) != list(self.targets.columns):
            raise DatasetError("`metadata` must have one row for each column of `targets`, in their order")
        if list(self.fidelity_metadata.index) != list(self.fidelities.columns):
            raise DatasetError("`fidelity_metadata` must have one row for each column of `fidelities`")

    def _check_repeats(self) -> None:
        repeated = self.recipes.reset_index().duplicated().to_numpy()
        if repeated.any():
            first = self.targets.index[repeated][0]
            under = " with the same recipe" if self.recipes.shape[1] else ""
            raise DatasetError(
                f"architecture {first!r:.200} occurs more than once{under} in dataset {self.name!r};"
                " keep one row of each, or let a description average them (`average_repeats`) or name the numbers that tell"
                " them apart (`recipes`)"
            )

    @property
    def architectures(self) -> list[str]:
        """The architecture of every row, as written in the file, in its order."""
        names: list[str] = self.targets.index.tolist()
        return names

    def items(self, fidelities: str | Sequence[str] = ()) -> pd.DataFrame:
        """What a predictor predicts from, beside features of the graphs: proxies and recipes.

        Parameters
        ----------
        fidelities : names of early results to predict from too, or one name. Their cost is in
            `fidelity_metadata`.

        Examples
        --------
        >>> from graf.datasets import load_dataset
        >>> load_dataset("digits201").items().shape
        (1682, 23)
        """
        named = [fidelities] if isinstance(fidelities, str) else list(fidelities)
        for name in named:
            if name not in self.fidelities:
                raise UnknownNameError("fidelity", name, map(str, self.fidelities))
        return pd.concat([self.proxies, self.recipes, self.fidelities[named]], axis=1)

    def check_target(self, name: str) -> None:
        """Raise an error where there is no target of this name.

        Raises
        ------
        InputError
            If a column of this name is no target; says why.
        UnknownNameError
            If there is no such column either.
        """
        if name in self.targets:
            return
        if name not in self.info:
            raise UnknownNameError("target", name, map(str, self.targets))
        reason = _why_no_target(self.info[name])
        raise InputError(f"column {name!r} of dataset {self.name!r} is no target: {reason}")

    def mean_over_recipes(self) -> Dataset:
        """One row per architecture: means of its numbers over the recipes, the first of its texts.

        Noise ceilings are unknown then. A dataset without recipes is returned as it is.
        """
        if self.recipes.shape[1] == 0:
            return self
        tables = {name: means(getattr(self, name)) for name in TABLES if name != "recipes"}
        per = round(len(self) / self.targets.index.nunique(), 1)
        stated = self.metadata["protocol"]
        protocol = [", ".join(filter(None, (text, f"mean over {per:g} recipes"))) for text in stated]
        facts = self.metadata.assign(protocol=protocol, noise_ceiling=np.nan)
        return replace(self, recipes=None, metadata=facts, **tables)

    def __len__(self) -> int:
        return len(self.targets)

    def select(self, rows: Any) -> Dataset:
        """The dataset of some rows: a boolean for each row, or architectures (all rows of each).

        Booleans of a Series indexed by architecture are matched by it, others are in the order of the rows; where a
        Series lacks one, the row is left out.
        """
        positions = self._positions(rows)
        tables = {name: getattr(self, name).iloc[positions] for name in TABLES}
        return replace(self, **tables)

    def _positions(self, rows: Any) -> NDArray[np.intp]:
        wanted = np.asarray(self._in_order(_plain_booleans(rows)))
        if wanted.dtype == bool:
            if wanted.shape != (len(self),):
                raise InputError(f"`rows` must have {len(self)} booleans, one per row, got {wanted.shape}")
            return np.flatnonzero(wanted)
        positions: NDArray[np.intp] = self.targets.index.get_indexer_for(
            pd.Index(wanted.ravel().astype(object))
        )
        if (positions < 0).any():
            missing = next(name for name in wanted.ravel().tolist() if name not in self.targets.index)
            raise InputError(f"`rows`: dataset {self.name!r} has no architecture {missing!r:.200}")
        return positions

    def _in_order(self, rows: Any) -> Any:
        """Booleans that are indexed by architecture, in the order of the rows."""
        index = self.targets.index
        named = (
            isinstance(rows, pd.Series) and pd.api.types.is_bool_dtype(rows) and rows.index.isin(index).any()
        )
        if not named or len(rows) != len(self) or rows.index.equals(index):
            return rows
        if not (index.is_unique and rows.index.is_unique and rows.index.isin(index).all()):
            raise InputError(
                f"`rows` are booleans of other architectures than those of dataset {self.name!r}, or in another order"
                " and some occur twice, so that they cannot be matched; bring them into its order"
            )
        return rows[index]

    def __repr__(self) -> str:
        return f"Dataset({self.name!r}: {self._summary()})"

    def _repr_html_(self) -> str:
        first = self.metadata["primary"].astype(bool)
        shown = self.targets.loc[:, first.to_numpy()] if first.any() else self.targets
        return f"<p><b>{escape(self.name)}</b>: {self._summary()}</p>{shown.head(SHOWN).to_html()}"

    def _summary(self) -> str:
        space = f" of {self.space.name}" if self.space else ""
        targets, proxies = _count(self.targets.shape[1], "target"), _count(self.proxies.shape[1], "proxy")
        n_architectures = _count(self.targets.index.nunique(), "architecture")
        if self.recipes.shape[1]:
            proxies = f"{_count(len(self.recipes.drop_duplicates()), 'recipe')}, {proxies}"
        return f"{n_architectures}{space}, {targets}, {proxies}"


def _plain_booleans(rows: Any) -> Any:
    """The booleans of a Series, which may lack some or be objects, as NumPy's; anything else as it is."""
    if not isinstance(rows, pd.Series) or pd.api.types.infer_dtype(rows) != "boolean":
        return rows
    return rows.astype("boolean").fillna(False).astype(bool)


def means(table: pd.DataFrame) -> pd.DataFrame:
    """One row per architecture: the mean of its numbers, the first of its texts."""
    groups = table.groupby(level=0, sort=False)
    numbers = groups.mean(numeric_only=True)
    return groups.first().assign(**{column: numbers[column] for column in numbers})


def _why_no_target(column: pd.Series[Any]) -> str:
    numbers = pd.to_numeric(column, errors="coerce")
    words = (column.notna() & numbers.isna()).to_numpy()
    if words.any():
        row = int(words.argmax())
        return f"it must hold numbers, or nothing where none was measured, got {column.iloc[row]!r:.60} at index {row}"
    if numbers.isna().all():
        return "it has no number"
    return "it is described as information; name it in `targets` of `load_dataset`"


def _count(n: int, noun: str) -> str:
    plural = noun[:-1] + "ies" if noun.endswith("y") else noun + "s"
    return f"{n:,} {noun if n == 1 else plural}"
