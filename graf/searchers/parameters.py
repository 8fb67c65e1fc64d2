"""Parameters of estimators: those that a search fills in, and what a checkpoint knows them by."""

from __future__ import annotations

import re
from typing import Any

__all__ = ["described", "filled"]


def described(given: Any) -> str:
    """The representation of an object, without the addresses of functions, which each process has anew.

    Examples
    --------
    >>> described([len, lambda y: y])
    '[<built-in function len>, <function <lambda>>]'
    """
    return re.sub(r" at 0x[0-9A-Fa-f]+", "", repr(given))


def filled(estimator: Any, name: str, value: Any) -> Any:
    """The estimator with the parameters of a name, its own and those of its parts, where they are open."""
    parameters = estimator.get_params().items()
    still_open = [key for key, given in parameters if key.rpartition("__")[2] == name and given is None]
    return estimator.set_params(**dict.fromkeys(still_open, value))
