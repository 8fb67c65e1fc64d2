"""What a network costs to run: on a log scale, per byte, and at the worst moment."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from graf.features.registry import OperationSets, feature, nodes_of
from graf.features.summary import summary
from graf.graph import GraphBatch

__all__ = ["arithmetic_intensity", "log_total", "op_cost", "peak_memory"]

LOW = 10.0  # operations per byte, below the balance of processors in use
COSTS = ("parameters", "macs", "elementary", "activations", "bytes")
Values = NDArray[np.float64]


@feature(over="attribute", unit="decimal logarithm", cost="O(V)", default=False)
def log_total(batch: GraphBatch, sets: OperationSets, out: Values) -> None:
    """Decimal logarithm of 1 + the sum of an attribute over all nodes."""
    out[:] = np.log10(1 + summary(batch, batch.rows([name for (name,) in sets])).total)


@feature(
    over="graph",
    stats=("network", "mean", "low"),
    unit="elementary operations per byte, or fraction",
    cost="O(V)",
    reference="Williams et al., Roofline, CACM 2009",
    needs=("n_macs", "n_bytes"),
    default=False,
)
def arithmetic_intensity(batch: GraphBatch, sets: OperationSets, out: Values) -> None:
    """Elementary operations per byte of memory traffic: of the network, and of its operations.

    A multiply-add counts as two operations, beside those of `n_elementary`; traffic is `n_bytes`.
    `network`: ratio of the totals. `mean`: mean of the operations' own ratios. `low`: part of the
    traffic that belongs to operations below ten per byte, which wait for memory on most machines.
    NaN without traffic.
    """
    traffic = batch.attribute("n_bytes")
    work = 2 * batch.attribute("n_macs") + np.nan_to_num(batch.attribute("n_elementary"))
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.where(traffic > 0, work / traffic, np.nan)
        known, low = np.where(traffic > 0, work, np.nan), np.where(ratio < LOW, traffic, np.nan)
        found = summary(batch, np.stack([known, traffic, ratio, low]))
        out[:, 0] = found.total[:, 0] / found.total[:, 1]
        out[:, 1] = found.total[:, 2] / found.n[:, 2]
        out[:, 2] = found.total[:, 3] / found.total[:, 1]


@feature(
    over="graph",
    stats=("bytes", "log", "share", "at"),
    unit="bytes, decimal logarithm or fraction",
    cost="O(V + E)",
    needs=("n_output_bytes",),
    default=False,
)
def peak_memory(batch: GraphBatch, sets: OperationSets, out: Values) -> None:
    """Most memory that activations take at once, when nodes run one after the other in their order.

    A tensor is live from its own node to the last that reads it; inputs and outputs of the network
    stay. Sizes are `n_output_bytes`; weights and working memory do not count, and nothing is
    computed in place. `bytes`, and `log`, the logarithm of 1 + bytes; `share`: part of all tensors
    that is live then; `at`: how many of the nodes have run before, as a fraction. NaN without
    sizes.
    """
    from graf.kernels import memory

    size = np.nan_to_num(batch.attribute("n_output_bytes"))
    found = np.empty((len(batch), 2))
    offset, _, flag, pred_indptr, preds = batch.arrays
    memory.peak_memory(offset, flag, pred_indptr, preds, size, found)
    total = np.bincount(batch.graph_of, weights=size, minlength=len(batch))
    peak = np.where(total > 0, found[:, 0], np.nan)
    out[:, 0], out[:, 1] = peak, np.log10(1 + peak)
    with np.errstate(invalid="ignore"):
        out[:, 2] = peak / total
        out[:, 3] = np.where(total > 0, found[:, 1] / np.diff(batch.offset), np.nan)


@feature(
    over="operation",
    stats=COSTS,
    unit="that of the attribute",
    cost="O(V)",
    needs=[f"n_{cost}" for cost in COSTS],
    default=False,
)
def op_cost(batch: GraphBatch, sets: OperationSets, out: Values) -> None:
    """What an operation, or the operations of a group, cost in all: sums of the attributes `n_...`.

    NaN where the attribute is not known.
    """
    here = nodes_of(batch, sets)
    for i, cost in enumerate(COSTS):
        total = summary(batch, np.where(here, batch.attribute(f"n_{cost}"), np.nan)).total
        out[:, i :: len(COSTS)] = total if f"n_{cost}" in batch.attributes else np.nan
