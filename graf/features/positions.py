"""Where operations sit: how far from the input and the output, and beside which junction.

Only live operations count: those on a path from an input to an output without zero operations.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from graf.features.registry import (
    NUMBERED_JUNCTIONS,
    OperationSets,
    are_active,
    are_zero,
    feature,
    membership,
)
from graf.graph import GraphBatch

__all__ = ["junction_degree", "op_depth"]


@feature(
    over="kind",
    stats=("first_in", "last_in", "first_out", "last_out"),
    unit="operations",
    cost="O(sets V + E)",
)
def op_depth(batch: GraphBatch, sets: OperationSets, out: NDArray[np.float64]) -> None:
    """Distances of the operations from the ends, in operations that are no identities.

    `first_in`: fewest such operations before one of the set, over all its operations and the
    paths that lead to them; `last_in`: most of them. `first_out` and `last_out`: the same
    behind, up to the output. NaN where no operation of the set is live.
    """
    from graf.kernels.depths import depths

    zero, active = are_zero(batch.ops), are_active(batch.ops)
    depths(*batch.arrays, zero, active, membership(batch.ops, sets), out)


@feature(
    over="kind",
    stats=("out1", "out2", "out3", "in1", "in2", "in3"),
    unit="operations",
    cost="O(sets (V + E))",
    needs=(NUMBERED_JUNCTIONS,),
)
def junction_degree(batch: GraphBatch, sets: OperationSets, out: NDArray[np.float64]) -> None:
    """Live operations of the set beside the outermost junctions.

    `out1` to `out3`: how many read the first, second and third junction in topological order;
    `in1` to `in3`: how many the last, second last and third last junction read. NaN where there
    are not as many junctions. Follows the numbering of junctions, which a search space fixes:
    graphs of no space do not get these columns unless asked for. So cells of DARTS and LHD that
    differ in the order of their inner nodes alone differ here, simplified or not.
    """
    from graf.kernels.live import junction_degrees

    zero = are_zero(batch.ops)
    junction_degrees(*batch.arrays, zero, membership(batch.ops, sets), out)
