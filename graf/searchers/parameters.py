"""Parameters of estimators that a search fills in."""

from __future__ import annotations

from typing import Any

__all__ = ["filled"]


def filled(estimator: Any, name: str, value: Any) -> Any:
    """The estimator with the parameters of a name, its own and those of its parts, where they are open."""
    parameters = estimator.get_params().items()
    still_open = [key for key, given in parameters if key.rpartition("__")[2] == name and given is None]
    return estimator.set_params(**dict.fromkeys(still_open, value))
