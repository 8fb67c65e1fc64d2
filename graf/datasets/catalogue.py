"""The datasets known by name, their descriptions, and where their tables are."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import pandas as pd

from graf.datasets.description import Description, read_description
from graf.exceptions import DatasetError

__all__ = [
    "SUFFIXES",
    "dataset_names",
    "described_like",
    "find_table",
    "list_datasets",
    "shipped_description",
]

DESCRIPTIONS = Path(__file__).parent / "descriptions"
TABLES = Path(__file__).parent / "tables"
DATA_VARIABLE = "GRAF_DATA"
SUFFIXES = (".csv.gz", ".csv", ".parquet")


def list_datasets() -> pd.DataFrame:
    """The datasets that `load_dataset` knows by name.

    Returns
    -------
    DataFrame indexed by name: available (its table is here), file (where, else empty),
    source (who measured it and where it was published).

    Published tables are looked for in the folder that the environment variable GRAF_DATA names.
    """
    names = dataset_names()
    files = [_look_for(name) for name in names]
    columns = {
        "available": [file is not None for file in files],
        "file": [str(file or "") for file in files],
        "source": [shipped_description(name).source for name in names],
    }
    return pd.DataFrame(columns, index=pd.Index(names, name="name"))


def dataset_names() -> list[str]:
    """Names of the datasets that come with a description."""
    return sorted(path.stem for path in DESCRIPTIONS.glob("[!_]*.toml"))


def described_like(name: str) -> str | None:
    """The dataset of a name, or the longest one that the name begins with.

    Examples
    --------
    >>> described_like("nasbench201_devices_rest"), described_like("nasbench2010")
    ('nasbench201_devices', None)
    """
    alike = (known for known in dataset_names() if f"{name}_".startswith(f"{known}_"))
    return max(alike, key=len, default=None)


@cache
def shipped_description(name: str) -> Description:
    """The description that graf ships under a name."""
    return read_description(DESCRIPTIONS / f"{name}.toml")


def find_table(name: str) -> Path:
    """The file of a dataset known by name; `DatasetError` says how to make it available."""
    found = _look_for(name)
    if found is None:
        raise DatasetError(
            f"the table of dataset {name!r} is not here: set the environment variable {DATA_VARIABLE}"
            f" to a folder that holds {name}.csv.gz, {name}.csv or {name}.parquet"
        )
    return found


def _look_for(name: str) -> Path | None:
    folders = [TABLES, *([Path(os.environ[DATA_VARIABLE])] if os.environ.get(DATA_VARIABLE) else [])]
    candidates = (folder / f"{name}{suffix}" for folder in folders for suffix in SUFFIXES)
    return next((path for path in candidates if path.is_file()), None)
