"""The folder of a report: replaced as a whole, or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from graf.exceptions import InputError
from graf.files import output_folder

__all__ = ["PAGE", "TABLES", "check_replaceable", "report_folder"]

PAGE, TABLES = "index.html", "tables"
SIGN = b'<meta name="generator" content="graf '


def check_replaceable(path: str | os.PathLike[str]) -> Path:
    """The absolute path, if a report can be put there; `InputError` says why not.

    It may be new, an empty folder, or hold an earlier report and nothing else.
    """
    path = Path(path).resolve()
    if path.exists() and not path.is_dir():
        raise InputError(f"`out` must be a folder, but {path} is a file; name another")
    if path.exists() and any(path.iterdir()):
        _check_report(path)
    output_folder(path.parent)
    return path


def _check_report(path: Path) -> None:
    strange = sorted(found.name for found in path.iterdir() if found.name not in (PAGE, TABLES))
    page = path / PAGE
    if strange or not page.is_file() or SIGN not in page.read_bytes()[:2000]:
        what = f"holds {', '.join(strange[:3])}" if strange else "is not empty"
        raise InputError(f"`out` must be a new folder or an earlier report, but {path} {what}; name another")


@contextmanager
def report_folder(path: Path) -> Iterator[Path]:
    """A new folder that takes the place of `path` if the block succeeds."""
    with TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as scratch:
        new = Path(scratch) / "new"
        new.mkdir()
        yield new
        if path.exists():
            path.rename(Path(scratch) / "old")
        new.rename(path)
