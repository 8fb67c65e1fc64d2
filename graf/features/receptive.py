"""How much of the input the positions of a network see."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from graf.features.depth import levels_of
from graf.features.registry import OperationSets, feature, nodes_of
from graf.features.summary import summary
from graf.graph import GraphBatch
from graf.graph.batch import INPUT

__all__ = ["AXES", "receptive_field", "settings_of"]

AXES = ("height", "width")

GLOBAL = ("attention", "recurrent", "reduction", "matmul", "spectral")
GLOBAL_POOLS = ("global_avg_pool", "global_max_pool", "adaptive_avg_pool", "adaptive_max_pool")
Values = NDArray[np.float64]


@feature(
    over="graph",
    stats=("size", "log", "of_input", "global_at"),
    unit="positions of the input, decimal logarithm or fraction",
    cost="O(V + E)",
    reference="Araujo et al., Computing Receptive Fields of Convolutional Neural Networks, Distill 2019",
    needs=("kernel", "stride"),
    default=False,
)
def receptive_field(batch: GraphBatch, sets: OperationSets, out: Values) -> None:
    """Largest receptive field of an operation, along paths without operations that see everything.

    `size`: longer side of the field, in positions of the input: each operation adds (kernel - 1)
    times its dilation times the product of the strides before it; where branches meet the largest
    counts. Height and width grow apart by `kernel_height` and `kernel_width` where these are
    given, by `kernel` elsewhere; strides and dilations are the same for both. A transposed
    convolution divides the product by its stride and adds for the kernel / stride positions that
    it reads; a resize multiplies it by the `resolution` of what it reads over its own, and adds
    nothing for what it interpolates; windowed attention sees the side of its window. What reads
    positions that were put into channels (space to depth, patches merged: attribute `packing`, how many
    along each side) reads all of them at once.
    Nothing caps the field, which may be larger than the input: `of_input` divides it by the side
    of the input (attribute `resolution` of the input nodes). Global attention, recurrent layers,
    global and adaptive pools, reductions, products of matrices and spectral operations see
    everything: what comes from them alone has no field, nor do strides before it count, and
    `global_at` says after which part of the depth the first of them comes, NaN if there is none.
    Norms and linear layers count as pointwise. `log`: decimal logarithm of the size. NaN where no
    kernels are known, as in cells.
    """
    from graf.kernels.receptive import receptive_fields

    offset, _, _, pred_indptr, preds = batch.arrays
    fields = np.empty((len(AXES), len(batch)))
    for axis, field in zip(AXES, fields, strict=True):
        reach, step, everything = settings_of(batch, axis)
        receptive_fields(offset, pred_indptr, preds, reach, step, everything, field)
    field = fields.max(axis=0) if "kernel" in batch.attributes else np.nan * fields[0]
    out[:, 0], out[:, 1] = field, np.log10(field)
    is_input = (batch.flags & INPUT > 0) & np.isfinite(batch.attribute("resolution"))
    level, depth = levels_of(batch)
    sides = np.where(is_input, batch.attribute("resolution"), np.nan)
    first = np.where(everything, level, np.nan)
    found = summary(batch, np.stack([sides, first]))
    side = found.most[:, 0]
    out[:, 2] = np.where(side > 0, field / np.maximum(side, 1), np.nan)
    out[:, 3] = found.least[:, 1] / np.maximum(depth, 1)


def settings_of(batch: GraphBatch, axis: str) -> tuple[Values, Values, NDArray[np.bool_]]:
    """What each node adds to the field, by what it multiplies distances, whether it sees everything."""
    sets = [(*GLOBAL, *GLOBAL_POOLS), ("attention",), ("transposed_convolution",), ("resize",)]
    everything, attention, transposed, resize = nodes_of(batch, sets)
    windowed = attention & (batch.attribute("windows") > 1)
    window = np.sqrt(batch.attribute("key_sequence"))
    side = batch.attribute(f"kernel_{axis}")
    kernel = np.where(np.isnan(side), batch.attribute("kernel"), side)
    kernel = np.nan_to_num(np.where(windowed, window, kernel), nan=1.0)
    stride = np.nan_to_num(batch.attribute("stride"), nan=1.0)
    dilation = np.nan_to_num(batch.attribute("dilation"), nan=1.0)
    kernel = np.where(transposed, np.ceil(kernel / stride), kernel)
    step = np.where(transposed, 1 / stride, stride)
    step = np.where(resize, _shrinking(batch), step)
    packing = np.nan_to_num(np.where(resize, 1.0, batch.attribute("packing")), nan=1.0)
    reach = (kernel - 1) * dilation * packing + np.maximum(packing - 1, 0)
    return reach, step * packing, everything & ~windowed


def _shrinking(batch: GraphBatch) -> Values:
    """Side of the image that each node reads, the largest, over that of its own; 1 if unknown."""
    own = batch.attribute("resolution")
    source, target = batch.edges
    read = np.full(len(own), np.nan)
    np.fmax.at(read, target, own[source])
    known = (own > 0) & (read > 0)
    return np.divide(read, own, out=np.ones(len(own)), where=known)
