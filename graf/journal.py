"""Append-only files of finished work, which make a long measurement resumable."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from graf.exceptions import InputError
from graf.files import atomic_path, naming

__all__ = ["Journal", "JournalKind", "Record", "read_journal"]

Record = dict[str, Any]


class JournalKind(NamedTuple):
    """File name of a journal, and the entries by which one of its results is known."""

    name: str
    key: tuple[str, ...]


class Journal:
    """A JSON-lines file: the first line holds the settings, each other line one result.

    Opening an existing file checks that it was written with the same settings; a last line
    that was cut off by a kill is dropped. One process at a time may write to it.

    Parameters
    ----------
    folder : where the file is; made if it is missing.
    kind : name of the file and key of its results.
    settings : what the results depend on.

    Raises
    ------
    InputError
        If the folder cannot be written to, the settings differ, or a line is damaged.
    """

    def __init__(self, folder: Path, kind: JournalKind, settings: Record) -> None:
        self.path, self.key = folder / kind.name, kind.key
        settings = json.loads(json.dumps(settings))
        lines, size = _whole_lines(self.path, kind.key)
        if lines and lines[0] != settings:
            raise InputError(
                f"{self.path} was written with other settings ({_difference(lines[0], settings)});"
                " use the same, or write elsewhere"
            )
        self.records = lines[1:]
        if size:
            os.truncate(self.path, size)
        else:
            with atomic_path(self.path) as path:
                path.write_text(json.dumps(settings) + "\n", encoding="utf-8")

    def missing(self, keys: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        """Those of the keys whose results are not there yet, in the same order."""
        done = {tuple(record[name] for name in self.key) for record in self.records}
        return [key for key in keys if key not in done]

    def append(self, record: Record) -> None:
        """Write one result to the disk."""
        self.extend([record])

    def extend(self, records: Sequence[Record]) -> None:
        """Write many results to the disk at once, which takes no longer than one."""
        with naming(self.path), self.path.open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(record) + "\n" for record in records)
            file.flush()
            os.fsync(file.fileno())
        self.records += records


def read_journal(folder: Path, kind: JournalKind) -> tuple[Record, list[Record]]:
    """Settings and results of a journal, which is left as it is and may still be growing.

    Raises `InputError` if it holds no results, or a line is damaged.
    """
    lines, _ = _whole_lines(folder / kind.name, kind.key)
    if len(lines) < 2:
        raise InputError(f"{folder / kind.name} holds no results; measure into this folder first")
    return lines[0], lines[1:]


def _whole_lines(path: Path, key: tuple[str, ...]) -> tuple[list[Record], int]:
    """All finished lines, and their length in bytes.

    The first line is written whole, so without any line end this is some other file.
    """
    try:
        content = path.read_bytes() if path.exists() else b""
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from None
    *lines, tail = content.split(b"\n")
    found = [_parse(path, i, line, key) for i, line in enumerate(lines or [tail], 1)] if content else []
    return found, len(content) - len(tail)


def _parse(path: Path, number: int, line: bytes, key: tuple[str, ...]) -> Record:
    try:
        record = json.loads(line)
    except ValueError:
        record = None
    if isinstance(record, dict) and (number == 1 or all(name in record for name in key)):
        return record
    expected = f"a result with {' and '.join(key)}" if number > 1 else "the settings of a measurement"
    remedy = "delete this line, and its work is done again" if number > 1 else "write elsewhere"
    raise InputError(
        f"{path}, line {number}: expected {expected} as a JSON object,"
        f" got {line[:60].decode(errors='replace')!r}; {remedy}"
    )


def _difference(old: Record, new: Record) -> str:
    old, new = _flat(old), _flat(new)
    keys = [key for key in sorted({*old, *new}) if old.get(key) != new.get(key)]
    return "; ".join(f"{key}: {old.get(key)!r:.60} there, {new.get(key)!r:.60} now" for key in keys)


def _flat(settings: Record) -> Record:
    """Entries of entries under joined names, so that a difference is shown where it is."""
    flat: Record = {}
    for name, value in settings.items():
        flat |= {f"{name}.{key}": v for key, v in value.items()} if isinstance(value, dict) else {name: value}
    return flat
