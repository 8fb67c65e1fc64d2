"""Writing files so that a kill or an error leaves none half-written."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from graf.exceptions import InputError

__all__ = ["atomic_path", "naming", "no_file", "output_folder"]


@contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A temporary path beside `path` that is moved into place if the block succeeds.

    A link stays, and what it points to is replaced. Raises `InputError` if the folder of `path` cannot be written to,
    or cannot hold a file of this name.
    """
    path = Path(path)
    output_folder(path.parent)
    try:
        strange = no_file(path)
        if strange is not None:
            raise OSError(f"it is a {strange}")
        path = Path(os.path.realpath(path))
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=path.suffix)
    except (OSError, ValueError) as error:  # ValueError: a null byte
        raise InputError(f"cannot write {str(path)!r:.200}: {error}; choose another name") from None
    os.close(handle)
    temporary = Path(name)
    try:
        with naming(path):
            yield temporary
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def no_file(path: Path) -> str | None:
    """What stands at a path, in words, where it is no file that could be replaced: a folder, a device such as /dev/null."""
    if path.is_dir():
        return "folder"
    return "device or pipe" if path.exists() and not path.is_file() else None


@contextmanager
def naming(path: str | os.PathLike[str]) -> Iterator[None]:
    """Names the file in an `OSError` of writing that names none, as that of a full disk."""
    try:
        yield
    except OSError as error:
        if error.filename is not None:
            raise
        raise OSError(error.errno, error.strerror or str(error), str(path)) from error


def output_folder(path: str | os.PathLike[str]) -> Path:
    """The folder, made if it is missing; `InputError` if it cannot be made or written to."""
    try:
        path = Path(path)
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            return path
    except (OSError, ValueError, TypeError) as error:
        known = "it is a file" if isinstance(error, FileExistsError) else getattr(error, "strerror", None)
        reason = known or error
        raise InputError(f"cannot write to the folder {str(path)!r:.200}: {reason}; choose another") from None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
