"""Dataset: architectures with what was measured on them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from html import escape
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from graf.exceptions import DatasetError, InputError
from graf.spaces import SearchSpace

__all__ = ["Dataset"]

SHOWN = 5


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Architectures and tables about them, all with the same index, named "architecture".

    Parameters
    ----------
    name : what it is called in reports.
    targets : what can be predicted, floats; NaN where it was not measured.
    proxies : columns to predict from, floats; NaN where undefined. May have no columns.
    info : every other column, as in the file.
    metadata : indexed by target: kind, unit, direction ("max" or "min": which end is better),
        protocol, noise_ceiling (Kendall tau, NaN if unknown), primary, group.
    space : the search space of the architectures, None if graf does not have it.

    Raises
    ------
    DatasetError
        If it is empty, an architecture occurs twice, or the tables do not fit together.

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

    def __post_init__(self) -> None:
        index = self.targets.index
        if len(index) == 0:
            raise DatasetError(f"dataset {self.name!r} has no rows; at least one architecture is needed")
        if not index.is_unique:
            first = index[index.duplicated()][0]
            raise DatasetError(
                f"architecture {first!r:.200} occurs more than once in dataset {self.name!r};"
                " keep one row of each"
            )
        if not (index.equals(self.proxies.index) and index.equals(self.info.index)):
            raise DatasetError("`targets`, `proxies` and `info` must have the same index")
        if list(self.metadata.index) != list(self.targets.columns):
            raise DatasetError("`metadata` must have one row for each column of `targets`, in their order")

    @property
    def architectures(self) -> list[str]:
        """The architectures as written in the file, in its order."""
        names: list[str] = self.targets.index.tolist()
        return names

    def __len__(self) -> int:
        return len(self.targets)

    def select(self, rows: Any) -> Dataset:
        """The dataset of some rows: a boolean for each row, or a list of architectures."""
        positions = self._positions(rows)
        tables = {name: getattr(self, name).iloc[positions] for name in ("targets", "proxies", "info")}
        return replace(self, **tables)

    def _positions(self, rows: Any) -> NDArray[np.intp]:
        wanted = np.asarray(rows)
        if wanted.dtype == bool:
            if wanted.shape != (len(self),):
                raise InputError(f"`rows` must have {len(self)} booleans, one per row, got {wanted.shape}")
            return np.flatnonzero(wanted)
        positions: NDArray[np.intp] = self.targets.index.get_indexer(pd.Index(wanted.ravel().astype(object)))
        if (positions < 0).any():
            missing = wanted.ravel()[positions < 0][0]
            raise InputError(f"`rows`: dataset {self.name!r} has no architecture {missing!r:.200}")
        return positions

    def __repr__(self) -> str:
        return f"Dataset({self.name!r}: {self._summary()})"

    def _repr_html_(self) -> str:
        first = self.metadata["primary"].astype(bool)
        shown = self.targets.loc[:, first.to_numpy()] if first.any() else self.targets
        return f"<p><b>{escape(self.name)}</b>: {self._summary()}</p>{shown.head(SHOWN).to_html()}"

    def _summary(self) -> str:
        space = f" of {self.space.name}" if self.space else ""
        targets, proxies = _count(self.targets.shape[1], "target"), _count(self.proxies.shape[1], "proxy")
        return f"{_count(len(self), 'architecture')}{space}, {targets}, {proxies}"


def _count(n: int, noun: str) -> str:
    plural = noun[:-1] + "ies" if noun.endswith("y") else noun + "s"
    return f"{n:,} {noun if n == 1 else plural}"
