"""Operation: what graf knows of an operation by its name."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Operation"]


@dataclass(frozen=True)
class Operation:
    """What graf knows of an operation by its name.

    Parameters
    ----------
    name : canonical name, as it stands in column names.
    group : family of operations it belongs to ("convolution", "pool", ...).
    zero : it returns zeros, whatever comes in.
    identity : it returns what comes in.
    stateless : it has no parameters, so two copies on the same input are equal.
    linear : it maps a sum to the sum of what it maps the terms to.
    """

    name: str
    group: str = "other"
    zero: bool = False
    identity: bool = False
    stateless: bool = False
    linear: bool = False
