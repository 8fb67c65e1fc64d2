"""Where a result goes and where it comes from (versions, commit, date, machine), and its files, written whole."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pandas as pd

import graf
from graf.files import atomic_path

__all__ = ["output_path", "provenance", "write_csv", "write_json"]

PACKAGES = ("networkx", "numba", "numpy", "pandas", "rustworkx", "scikit-learn", "scipy", "xgboost")


def output_path(default: str, position: int = 1) -> Path:
    """Where a script writes: its argument at a position, else the default."""
    return Path(sys.argv[position] if len(sys.argv) > position else default)


def provenance() -> dict[str, Any]:
    """What to write beside a result, so that it can be made again."""
    return {
        "graf": graf.__version__,
        "commit": _commit(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in PACKAGES if _is_installed(name)},
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
    }


def _is_installed(name: str) -> bool:
    try:
        return bool(version(name))
    except PackageNotFoundError:
        return False


def _commit() -> str:
    """The commit, with "-dirty" after it if code differs from it."""
    commit = _git("rev-parse", "HEAD") or "unknown"
    return commit + "-dirty" * bool(_git("status", "--porcelain", "graf", "experiments"))


def _git(*arguments: str) -> str:
    command = ["git", "--no-optional-locks", *arguments]
    folder = Path(__file__).parents[1]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout.strip()


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """The table without its index; figures to six significant digits."""
    with atomic_path(path) as temporary:
        table.to_csv(temporary, index=False, float_format="%.6g")


def write_json(facts: Mapping[str, Any], path: Path) -> None:
    """The facts, behind where they come from."""
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(provenance() | facts, indent=1) + "\n")
