"""Attention and the MLPs beside it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from graf.features.registry import OperationSets, feature, nodes_of
from graf.features.summary import summary
from graf.graph import GraphBatch

__all__ = ["attention", "attention_values", "mlp", "ratios_of"]

COUNTS = (
    "blocks",
    "cross",
    "global",
    "windowed",
    "grouped_query",
    "causal",
    "relative",
    "rotary",
    "absolute",
)
MEANS = ("heads", "kv_heads", "head_dim", "sequence", "key_sequence", "windows")
Values = NDArray[np.float64]


@feature(
    over="graph",
    stats=(*COUNTS, *MEANS, "max_heads", "max_sequence", "max_key_sequence"),
    unit="operations, or that of the attribute",
    cost="O(V)",
    reference="Vaswani et al., NeurIPS 2017",
    needs=("heads",),
    default=False,
)
def attention(batch: GraphBatch, sets: OperationSets, out: Values) -> None:
    """Attention: how many blocks, of which kinds, and their size.

    Numbers of attention operations: all (`blocks`), whose keys and values come from another tensor
    than their queries (`cross`), over all tokens (`global`) or several windows (`windowed`), with
    fewer heads for keys and values than for queries (`grouped_query`, Ainslie et al. 2023), that
    see only earlier tokens (`causal`), with a trained bias of relative positions (`relative`). Numbers of
    operations that bring in positions: `rotary` (Su et al. 2021) and `absolute` (added embeddings that are
    trained, fixed sines, or looked up at counted places).
    Means over attention operations of the attributes `heads`, `kv_heads`, `head_dim`, `sequence`
    (queries), `key_sequence` and `windows`, and maxima of three; NaN without attention.
    """
    found, n = summary(batch, np.stack(list(attention_values(batch).values()))), len(COUNTS)
    out[:, :n] = found.total[:, :n]
    with np.errstate(invalid="ignore"):
        out[:, n : n + len(MEANS)] = found.total[:, n:] / found.n[:, n:]
    shown = [n + MEANS.index(name) for name in ("heads", "sequence", "key_sequence")]
    out[:, n + len(MEANS) :] = found.most[:, shown]


def attention_values(batch: GraphBatch) -> dict[str, Values]:
    """What each node adds to each number, and its attributes where it is attention, (n_nodes,) each."""
    here, rotary, absolute = nodes_of(batch, [("attention",), ("rotary",), ("position_embedding",)])
    value = {name: np.where(here, batch.attribute(name), np.nan) for name in MEANS}
    marked = (
        here,
        here & (batch.attribute("self_attention") == 0),
        here & ~(value["windows"] > 1),
        here & (value["windows"] > 1),
        here & (value["kv_heads"] < value["heads"]),
        here & (batch.attribute("causal") == 1),
        here & (batch.attribute("relative_bias") == 1),
        rotary,
        absolute,
    )
    return dict(zip(COUNTS, np.array(marked, float), strict=True)) | value


@feature(
    over="graph",
    stats=("n", "ratio", "min_ratio", "max_ratio"),
    unit="blocks or ratio",
    cost="O(V + E)",
    needs=("channels",),
    default=False,
)
def mlp(batch: GraphBatch, sets: OperationSets, out: Values) -> None:
    """MLPs inside of a network: their number, and mean, least and greatest MLP ratio.

    An MLP leads from one linear layer, or convolution of kernel 1, to another. Between them stand at least
    one activation, and otherwise only products (gates), powers, bounds, norms, and sums of branches that
    start at the same tensor: a shortcut ends it. A depthwise convolution of an image right behind a linear
    layer is part of it (Mix-FFN, Xie et al., SegFormer, 2021). One between convolutions makes an inverted
    residual block, which is no MLP.

    The ratio is the number of channels that go into the last layer over those that come out: 4 in most
    vision transformers. Layers on pooled features (squeeze-and-excitation, classifiers), with neither a
    `sequence` nor a `resolution` above 1, do not count; linear layers on one token do. NaN without one.
    """
    n, total, least, most = (part[:, 0] for part in summary(batch, ratios_of(batch)[None]))
    with np.errstate(invalid="ignore"):
        out.T[:] = n, total / n, least, most


def ratios_of(batch: GraphBatch) -> Values:
    """MLP ratio of the last layer of each MLP, NaN for other nodes, (n_nodes,)."""
    from graf.kernels.mlps import ACTIVATION, DENSE, GATE, SUM, mlp_ratios

    gates = ("multiply", "divide", "power", "clamp", "normalisation")
    sets = [
        ("linear",),
        ("conv1", "conv1x1", "conv1x1x1"),
        ("activation",),
        gates,
        ("add",),
        ("depthwise_convolution",),
    ]
    member = nodes_of(batch, sets)
    role = np.array([DENSE, DENSE, ACTIVATION, GATE, SUM, 0]) @ member
    linear, *_, depthwise = member
    sequence, image = batch.attribute("sequence"), batch.attribute("resolution") > 1
    spread = (sequence > 1) | image | (linear & np.isfinite(sequence))
    role[(role == DENSE) & ~spread] = 0
    source, target = batch.edges
    role[target[(depthwise & image)[target] & (linear & (role == DENSE))[source]]] = DENSE
    ratio = np.empty(len(role))
    offset, _, _, pred_indptr, preds = batch.arrays
    mlp_ratios(offset, pred_indptr, preds, role, batch.attribute("channels"), ratio)
    return ratio
