"""Which kernels to run for which columns, worked out once and used for every batch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from graf.features.columns import Column, column_of
from graf.features.published import PublishedColumn
from graf.features.registry import FEATURES, OperationSets
from graf.features.simplified import simplified
from graf.graph import GraphBatch

__all__ = ["Plan"]

MOST_VALUES, FEWEST_ROWS = 1_000_000, 256
Place = tuple[str, bool]
Block = tuple[Place, str, OperationSets, int, int]


@dataclass(frozen=True)
class Plan:
    """How to fill a table of named columns.

    Parameters
    ----------
    names : of the columns, object array (n_columns,).
    blocks : place (cell, and whether of the simplified graph), family, sets, first and last position
        of what the family writes.
    wanted : position of each column among what families write; the last of all is zero.
    offsets : what is added to each column.
    fills : what stands for NaN in each column.
    fills_with : position of what is added to it.
    """

    names: NDArray[np.object_]
    blocks: Sequence[Block]
    wanted: NDArray[np.intp]
    offsets: NDArray[np.float64]
    fills: NDArray[np.float64]
    fills_with: NDArray[np.intp]

    @classmethod
    def of(cls, columns: Sequence[PublishedColumn]) -> Plan:
        """The plan of columns: every statistic of every set asked for is computed."""
        blocks, position = _blocks(c for column in columns for c in (column.column, column.fill_with))
        zero = len(position)
        return cls(
            names=np.array([column.name for column in columns], dtype=object),
            blocks=blocks,
            wanted=np.array([position.get(column.column, zero) for column in columns], np.intp),
            offsets=np.array([column.offset for column in columns], np.float64),
            fills=np.array([column.fill for column in columns], np.float64),
            fills_with=np.array([position.get(column.fill_with, zero) for column in columns], np.intp),
        )

    def values(self, batch: GraphBatch) -> NDArray[np.float64]:
        """The table of a batch, (n_graphs, n_columns); worked out in pieces that stay in cache."""
        out = np.empty((len(batch), len(self.names)))
        rows = max(FEWEST_ROWS, MOST_VALUES // (1 + self._n_written))
        for start in range(0, len(batch), rows):
            part = batch if len(batch) <= rows else batch.slice(start, start + rows)
            self._fill(part, out[start : start + rows])
        return out

    @property
    def _n_written(self) -> int:
        return max((stop for *_, stop in self.blocks), default=0)

    def _fill(self, batch: GraphBatch, out: NDArray[np.float64]) -> None:
        from graf.kernels._jit import threads_for
        from graf.kernels.table import assemble

        written = np.zeros((len(batch), self._n_written + 1))
        places = {place for place, *_ in self.blocks}
        whole = {some: simplified(batch) if some else batch for some in {some for _, some in places}}
        parts = {(cell, some): whole[some].cell(cell) if cell else whole[some] for cell, some in places}
        with threads_for(len(batch)):
            for place, family, sets, start, stop in self.blocks:
                FEATURES[family].compute(parts[place], sets, written[:, start:stop])
            assemble(written, self.wanted, self.offsets, self.fills, self.fills_with, out)


def _blocks(columns: Iterable[Column | None]) -> tuple[list[Block], dict[Column | None, int]]:
    """What each family has to compute for each place, and where each column then is."""
    sets: dict[tuple[Place, str], dict[tuple[str, ...], None]] = {}
    for column in columns:
        if column is not None:
            place = column.cell, column.simplified
            sets.setdefault((place, column.family), {})[column.arguments] = None
    blocks: list[Block] = []
    position: dict[Column | None, int] = {}
    for (place, family), found in sets.items():
        start = len(position)
        for arguments in found:
            for stat in FEATURES[family].stats:
                position[column_of(family, arguments, stat, *place)] = len(position)
        blocks.append((place, family, list(found), start, len(position)))
    return blocks, position
