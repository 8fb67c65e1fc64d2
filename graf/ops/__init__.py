"""Operations, what is known of them, and ordered sets of them."""

from graf.ops.op_set import MAX_FULL_SUBSETS, OpSet
from graf.ops.operation import Operation
from graf.ops.tables import OPERATIONS, is_known

__all__ = ["MAX_FULL_SUBSETS", "OPERATIONS", "OpSet", "Operation", "is_known"]
