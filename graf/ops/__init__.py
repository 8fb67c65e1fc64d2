"""Operations, what is known of them, and ordered sets of them."""

from graf.ops.op_set import OpSet
from graf.ops.operation import Operation
from graf.ops.tables import OPERATIONS

__all__ = ["OPERATIONS", "OpSet", "Operation"]
