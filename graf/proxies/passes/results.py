"""What a pass has found so far."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from graf.proxies.undefined import Undefined, is_out_of_memory, reason_of

__all__ = ["Results"]


class Results(dict[str, Any]):
    """Quantities by name; an `Undefined` in the place of one that does not exist."""

    @contextmanager
    def attempt(self, names: Iterable[str]) -> Iterator[None]:
        """An error inside the block becomes the reason why the named quantities are missing.

        That memory is full is no such reason: it depends on what else is running, and is raised.
        """
        try:
            yield
        except Exception as error:  # a module may raise anything
            if is_out_of_memory(error):
                raise
            for name in names:
                self.setdefault(name, Undefined(reason_of(error)))

    def read(self, name: str) -> Any:
        """The quantity; raises `Undefined` with the reason if it does not exist."""
        value = self[name]
        if isinstance(value, Undefined):
            raise Undefined(str(value))  # the one that is kept would keep all that runs now
        return value
