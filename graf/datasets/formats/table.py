"""Plain tables: CSV, packed or not, and Parquet."""

from __future__ import annotations

import json
import re
import warnings
from codecs import getincrementaldecoder
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
from pandas.errors import ParserWarning

from graf.datasets.catalogue import shipped_description
from graf.datasets.description import Description
from graf.datasets.reading import open_binary, reading
from graf.exceptions import DatasetError
from graf.spaces.registry import SPACES, known_settings

__all__ = ["Table", "open_csv", "open_parquet", "whole"]


LONGEST_HEADER = 100_000  # bytes


@dataclass(frozen=True)
class Table:
    """A table that has been looked at, and how to read all of it.

    Parameters
    ----------
    head : its first row, text where `read` could lose something of it (leading zeros).
    read : all rows, with the named columns as text.
    description : what the format says of its columns.
    noise_ceiling : Kendall tau by target, where the file states it.
    suffix : what tells this table from others of the same file.
    """

    head: pd.DataFrame
    read: Callable[[Sequence[str]], pd.DataFrame]
    description: Description
    noise_ceiling: Mapping[str, float] = field(default_factory=dict)
    suffix: str = ""


def open_csv(path: Path) -> Table:
    """A comma-separated table with a header row; blanks around its names are no part of them."""
    _check_separator(path)
    names = _names(path)
    head = _read_csv(path, names=names, header=0, nrows=1, dtype=str)

    def read(text: Sequence[str]) -> pd.DataFrame:
        return _read_csv(path, names=names, header=0, dtype=dict.fromkeys(text, str))

    return Table(head, read, shipped_description("_table"))


def open_parquet(path: Path) -> Table:
    """A Parquet table; its schema metadata `graf` may hold what `graf.measure` writes there.

    Of that are read {"noise_ceiling": {target: tau}}, and the space and its settings under "settings".
    """
    with reading(path), pq.ParquetFile(path) as file:
        stored = file.read()
        frame = stored.to_pandas(ignore_metadata=True)
        facts = _facts(stored.schema.metadata or {}, path)
        ceilings = _noise_ceilings(facts, path)
    _check_names(frame.columns, path)
    described = replace(shipped_description("_table"), **_measured_space(facts))
    return whole(frame, described, noise_ceiling=ceilings)


def whole(frame: pd.DataFrame, description: Description, **facts: Any) -> Table:
    """A table that has been read already."""
    return Table(frame.head(1), lambda _: frame, description, **facts)


def _read_csv(path: Path, **options: Any) -> pd.DataFrame:
    with reading(path), warnings.catch_warnings(), open_binary(path) as stream:
        warnings.simplefilter("error", ParserWarning)  # a row longer than the header
        frame: pd.DataFrame = pd.read_csv(
            stream, index_col=False, skipinitialspace=True, low_memory=False, **options
        )
        return frame


def _names(path: Path) -> list[str]:
    """The names of the columns; pandas' own where there is none."""
    written = _read_csv(path, header=None, nrows=1, dtype=str, keep_default_na=False).iloc[0]
    numbered = _read_csv(path, nrows=0).columns  # not for the others: it has the second "a" as "a.1"
    names = [name.strip() or other for name, other in zip(written, numbered, strict=True)]
    _check_names(pd.Index(names), path)
    return names


def _check_names(names: pd.Index[str], path: Path) -> None:
    repeated = names[names.duplicated()]
    if len(repeated):
        raise DatasetError(
            f"cannot read {path}: the column name {repeated[0]!r:.80} occurs more than once; rename one of them"
        )


def _check_separator(path: Path) -> None:
    """Raise `DatasetError` for a header whose names are separated by something else than commas."""
    with reading(path), open_binary(path) as stream:
        start = stream.readline(LONGEST_HEADER)
        header = getincrementaldecoder("utf-8")().decode(start).strip()  # its last character may be cut
    marks = re.sub('"[^"]*"', "", header)
    other = max(";\t", key=marks.count)
    if marks.count(other) > marks.count(","):
        raise DatasetError(
            f"cannot read {path}: its columns must be separated by commas, got {other!r} in {header!r:.80}"
        )


def _facts(metadata: Mapping[bytes, bytes], path: Path) -> dict[str, Any]:
    facts = json.loads(metadata.get(b"graf", b"{}"))
    if not isinstance(facts, dict):
        raise DatasetError(f"cannot read {path}: its metadata under `graf` must be a JSON object")
    return facts


def _noise_ceilings(facts: Mapping[str, Any], path: Path) -> dict[str, float]:
    ceilings = facts.get("noise_ceiling", {})
    if not isinstance(ceilings, dict):
        raise DatasetError(f"cannot read {path}: its metadata must map targets to noise ceilings")
    return {target: float(tau) for target, tau in ceilings.items() if isinstance(tau, (int, float))}


def _measured_space(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The space and the networks around its cells that were measured, where the facts name one."""
    settings = facts.get("settings")
    if not isinstance(settings, dict) or settings.get("space") not in list(SPACES):
        return {}
    return {"space": settings["space"], "space_settings": known_settings(settings["space"], settings)}
