"""What is known of an operation, looked up by its name."""

from __future__ import annotations

from functools import lru_cache

from graf.ops.cells import CELL_OPERATIONS
from graf.ops.networks import NETWORK_OPERATIONS, WITH_KERNEL, with_kernel
from graf.ops.operation import Operation

__all__ = ["OPERATIONS", "is_known", "operation_of"]

OPERATIONS = {operation.name: operation for operation in (*NETWORK_OPERATIONS, *CELL_OPERATIONS)}
GROUPS = {operation.group for operation in OPERATIONS.values()} | {*WITH_KERNEL.values(), "other"}


def is_known(name: str) -> bool:
    """Whether it is the name of an operation that graf knows, or of a group.

    Examples
    --------
    >>> is_known("dw_conv7x7"), is_known("normalisation"), is_known("mystery")
    (True, True, False)
    """
    return name in GROUPS or operation_of(name).group != "other"


@lru_cache(maxsize=4096)
def operation_of(name: str) -> Operation:
    """The facts about an operation; an unknown one is in the group "other" and has parameters."""
    return OPERATIONS.get(name) or with_kernel(name) or Operation(name)
