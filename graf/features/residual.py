"""Residual structure: shortcuts, and the paths of the unrolled network.

A network whose blocks are passed over by shortcuts is a collection of paths of different lengths
(Veit et al., Residual Networks Behave Like Ensembles of Relatively Shallow Networks, 2016). Their
number is given as a logarithm, and their lengths by moments over all of them, so that no number
of blocks is too large.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from graf.features.depth import levels_of
from graf.features.registry import OperationSets, are_zero, feature, membership
from graf.graph import GraphBatch

__all__ = ["WEIGHTED", "effective_depth", "log_paths", "shortcut"]

Values = NDArray[np.float64]
VEIT = "Veit et al., NeurIPS 2016"
WEIGHTED = (
    "convolution",
    "depthwise_convolution",
    "grouped_convolution",
    "transposed_convolution",
    "linear",
    "attention",
    "recurrent",
)


@feature(
    over="set",
    stats=("n", "mean", "std", "max"),
    unit="shortcuts or operations",
    cost="O((V + E) (1 + V / 64))",
    reference="He et al., CVPR 2016",
    default=False,
)
def shortcut(batch: GraphBatch, sets: OperationSets, out: Values) -> None:
    """Shortcuts that end in an operation of the set: their number and how many operations they skip.

    An edge u -> v is a shortcut if a path through other nodes leads from u to v; where it occurs twice,
    it counts twice. It skips as many operations as there are between the depths of u and v, where
    depth is the longest way from the start; NaN without a shortcut. `shortcut(add)` are residual connections, `shortcut(concat)` dense ones,
    `shortcut(multiply)` gates around which the input flows. Junctions, where tensors are summed,
    count with every set.
    """
    from graf.kernels.shortcuts import shortcuts

    offset, node_op, _, pred_indptr, preds = batch.arrays
    level, _ = levels_of(batch)
    shortcuts(offset, node_op, pred_indptr, preds, level, membership(batch.ops, sets), out)


@feature(over="graph", unit="decimal logarithm", cost="O(V + E)", reference=VEIT, default=False)
def log_paths(batch: GraphBatch, sets: OperationSets, out: Values) -> None:
    """Decimal logarithm of the number of live paths from an input to an output; NaN without one."""
    found = _moments(batch, np.zeros((len(batch.ops) + 2, 0)))
    out[:, 0] = np.where(np.isfinite(found[:, 0]), found[:, 0] / np.log(10), np.nan)


@feature(
    over="graph",
    stats=("min", "mean", "std", "max", "mean_ops", "std_ops"),
    unit="layers or operations",
    cost="O(V + E)",
    reference=VEIT,
    default=False,
)
def effective_depth(batch: GraphBatch, sets: OperationSets, out: Values) -> None:
    """Lengths of the paths of the unrolled network, over all live paths from an input to an output.

    `min`, `mean`, `std` and `max` count layers with weights (convolutions of all kinds, linear
    layers, attention, recurrent layers), `mean_ops` and `std_ops` all operations. A plain chain of
    n residual blocks of one layer has 2^n paths of n/2 layers in the mean, sqrt(n)/2 around it.
    NaN without a path.
    """
    from graf.kernels.paths import lightest_paths

    layers = membership(batch.ops, [WEIGHTED])[:, 0].copy()
    layers[-1] = False  # junctions
    operations = np.arange(len(layers)) < len(layers) - 1
    found = _moments(batch, np.stack([layers, operations], axis=1).astype(np.float64))
    out[:, [1, 4]], out[:, [2, 5]] = found[:, 1:3], np.sqrt(found[:, 3:5])
    zero = are_zero(batch.ops)
    cost, extreme = np.empty((len(layers), 1), np.float32), np.empty((len(batch), 1))
    for column, sign in ((0, 1.0), (3, -1.0)):
        cost[:, 0] = np.where(zero, np.inf, sign * layers)
        lightest_paths(*batch.arrays, cost, sign, extreme)
        out[:, column] = extreme[:, 0]


def _moments(batch: GraphBatch, weight: Values) -> Values:
    """Log number of live paths, and means and variances of weights along them."""
    from graf.kernels.path_moments import path_moments

    out = np.empty((len(batch), 1 + 2 * weight.shape[1]))
    zero = are_zero(batch.ops)
    path_moments(*batch.arrays, zero, weight, out)
    return out
