"""What is known of an operation, looked up by its name."""

from __future__ import annotations

from functools import lru_cache

from graf.ops.cells import CELL_OPERATIONS
from graf.ops.networks import NETWORK_OPERATIONS, with_kernel
from graf.ops.operation import Operation

__all__ = ["OPERATIONS", "operation_of"]

OPERATIONS = {operation.name: operation for operation in (*NETWORK_OPERATIONS, *CELL_OPERATIONS)}


@lru_cache(maxsize=4096)
def operation_of(name: str) -> Operation:
    """The facts about an operation; an unknown one is in the group "other" and has parameters."""
    return OPERATIONS.get(name) or with_kernel(name) or Operation(name)
