"""load_dataset: from a name or a file to a Dataset."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from graf.datasets.assemble import Rows, assemble, warn_of_text
from graf.datasets.catalogue import SUFFIXES, dataset_names, described_like, find_table, shipped_description
from graf.datasets.dataset import Dataset
from graf.datasets.description import Description, expand, parse_description, read_description
from graf.datasets.formats import Table, open_table
from graf.datasets.notation import infer
from graf.datasets.roles import assign_roles
from graf.datasets.schema import texts
from graf.exceptions import DatasetError, InputError, UnknownNameError
from graf.spaces import SearchSpace

__all__ = ["load_dataset", "load_numbers"]

KEY_NAMES = ("architecture", "arch", "cell", "net")
FILES = "file"  # as `graf features` names networks


def load_dataset(
    name_or_path: str | os.PathLike[str],
    *,
    space: str | SearchSpace | None = None,
    architecture: str | Sequence[str] | None = None,
    targets: str | Sequence[str] | Mapping[str, Mapping[str, Any]] | None = None,
    proxies: str | Sequence[str] | None = None,
    fidelities: str | Sequence[str] | Mapping[str, Mapping[str, Any]] | None = None,
    description: str | os.PathLike[str] | Mapping[str, Any] | None = None,
    task: str | None = None,
) -> Dataset:
    """A dataset by name, or from a file: CSV (packed or not), Parquet, or NASLib's JSON.

    What the columns mean is told by the first of these that there is: `description`; the TOML file beside
    the table; what graf knows of a published table of this format or name, or of a longer one such as
    `nasbench101_rest`, if the columns fit. Without any it is guessed from the columns' names: every numeric
    column that is neither a known proxy nor a feature of graphs is a target of kind "not stated"; `latency_ms`
    tells its unit and that less is better. The other arguments overrule all of these. -1e8, which published
    files write for a failed proxy, and infinite values become NaN.

    Parameters
    ----------
    name_or_path : a name from `graf.datasets.list_datasets()`, or a file.
    space : search space of the architectures, "none" for one that graf does not have; by default
        that which `graf.measure` wrote into the table, with its settings, else it is inferred from
        their notation (a bare tuple of six numbers is NAS-Bench-201's).
    architecture : the column of architectures, or several that are joined by ":".
    targets : names or patterns of columns, or a mapping of these to what is known of them:
        {"accuracy": {"kind": ..., "unit": ..., "direction": "max", "group": ...}}.
    proxies : names or patterns of columns to predict from.
    fidelities : names or patterns of columns known before training ends, or a mapping of these to
        what is known of them: {"acc_ep10": {"epochs": 10, "checkpoint": True}}. They are
        predicted from only where they are named: `data.items(fidelities=["acc_ep10"])`.
    description : a TOML file or a mapping; its form is told in `graf.datasets.description`.
    task : which task, if a NASLib file holds several.

    Raises
    ------
    UnknownNameError
        If no dataset, column, task or space has the name; the message lists the near ones.
    DatasetError
        If the file is missing, damaged, empty, repeats an architecture, or has a target that
        is no number.

    Warns
    -----
    UserWarning
        If it is guessed what columns mean, and text in a few cells makes a column of numbers no target.

    Examples
    --------
    >>> data = load_dataset("nasbench201")              # doctest: +SKIP
    >>> data.metadata.loc["cifar10_val_acc", "kind"]    # doctest: +SKIP
    'measured training, one seed'
    """
    rows = _rows(name_or_path, space, task, description, architecture, targets, proxies, fidelities)
    return assemble(rows)


def load_numbers(path: Path, space: str | None) -> pd.DataFrame:
    """The columns of numbers in a table, row by row, indexed by architecture.

    Unlike in a dataset, an architecture may occur several times: rows are there to be predicted.
    Errors and warnings are those of `load_dataset`.
    """
    tables = _rows(path, space).tables()
    tables["info"] = tables["info"].select_dtypes("number")
    return pd.concat(tables.values(), axis=1)


def _rows(
    name_or_path: str | os.PathLike[str],
    space: str | SearchSpace | None,
    task: str | None = None,
    description: Any = None,
    architecture: str | Sequence[str] | None = None,
    targets: Any = None,
    proxies: Any = None,
    fidelities: Any = None,
) -> Rows:
    name, path = _locate(name_or_path)
    table = open_table(path, task)
    described = _describe(table, path, name, description)
    if space is not None and space != described.space:
        described = replace(described, space=space, space_settings={})
    described = replace(described, architecture=_key(table.head, described, architecture, path))
    frame = table.read(described.architecture)
    roles = assign_roles(described, frame, targets, proxies, fidelities)
    if described.guess and targets is None:
        warn_of_text(frame, [name for name in frame if name not in described.architecture], path)
    return Rows(name + table.suffix, path, frame, described, roles, table.noise_ceiling)


def _locate(name_or_path: str | os.PathLike[str]) -> tuple[str, Path]:
    if not isinstance(name_or_path, (str, os.PathLike)):
        raise InputError(f"`name_or_path` must be a name or a path, got {type(name_or_path).__name__}")
    path = Path(name_or_path)
    if name_or_path in dataset_names():
        return path.name, find_table(path.name)
    if not path.suffix and len(path.parts) < 2 and not os.path.lexists(path):
        raise UnknownNameError("dataset", str(name_or_path), dataset_names())
    return _stem(path), path


def _stem(path: Path) -> str:
    known = (suffix for suffix in (*SUFFIXES, ".json.gz") if path.name.endswith(suffix))
    return path.name.removesuffix(next(known, path.suffix))


def _describe(table: Table, path: Path, name: str, given: Any) -> Description:
    columns = list(table.head.columns)
    sidecar = path.with_name(f"{name}.toml")
    if given is not None or sidecar.is_file():
        found = _given(sidecar if given is None else given)
        found.check(columns)
        return found
    published = described_like(name)
    if published is not None and shipped_description(published).fits(columns):
        return shipped_description(published)
    return table.description


def _given(description: Any) -> Description:
    if isinstance(description, (str, os.PathLike)):
        return read_description(Path(description))
    return parse_description(description, "`description`")


def _key(head: pd.DataFrame, described: Description, given: Any, path: Path) -> tuple[str, ...]:
    """The columns that hold the architecture."""
    key = described.architecture if given is None else texts(given, "`architecture`")
    if key:
        return tuple(expand(key, list(head.columns)))
    named = [name for name in KEY_NAMES if name in head.columns]
    written = (name for name in head.columns if infer([v for v in head[name] if isinstance(v, str)]))
    found = named[0] if named else next(written, FILES if FILES in head.columns else None)
    if found is not None and infer([found]):
        raise DatasetError(
            f"{path} has no row of column names: its first row holds the architecture {found!r:.60}"
        )
    if found is None:
        columns = ", ".join(map(repr, head.columns))
        raise DatasetError(
            f"no column of {path} holds architectures; call it 'architecture', or name it with the argument"
            f" `architecture`: {columns:.200}"
        )
    return (found,)
