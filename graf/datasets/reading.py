"""Opening files, and one clear error for whatever is wrong with them."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

import pyarrow as pa
from pandas.errors import ParserWarning

from graf.exceptions import DatasetError, InputError

__all__ = ["open_binary", "reading"]

GZIP = b"\x1f\x8b"
FAULTS = (
    OSError,
    EOFError,
    ValueError,
    OverflowError,
    RecursionError,
    zlib.error,
    pa.ArrowException,
)


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turns what a reader raises over a bad file into a `DatasetError` that names the file."""
    try:
        yield
    except InputError:
        raise
    except UnicodeDecodeError as error:
        raise DatasetError(
            f"cannot read {path}: it is not text in UTF-8 ({error.reason}); save it as such"
        ) from None
    except ParserWarning:
        raise DatasetError(
            f"cannot read {path}: a row has more cells than there are column names in its first row"
        ) from None
    except FAULTS as error:
        reason = getattr(error, "strerror", None) or " ".join(str(error).split()) or "it is not complete"
        raise DatasetError(f"cannot read {path}: {reason:.300}") from None


def open_binary(path: Path) -> IO[bytes]:
    """The file's bytes, unpacked if they are gzip, whatever the file is called."""
    with path.open("rb") as stream:
        packed = stream.read(2) == GZIP
    return cast(IO[bytes], gzip.open(path, "rb")) if packed else path.open("rb")
