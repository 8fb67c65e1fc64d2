"""Which columns whole networks get: the same for every corpus, over groups of operations.

A corpus of networks has a hundred operations, and another corpus has others. So families run over
groups, whose names stand in parentheses (`op_count(convolution)`), and single operations are those
listed here. Left out are families whose sums over paths grow beyond any number (`n_paths`, `n_follow`,
`n_first`, `n_last`; `log_paths`, `effective_depth` and `n_adjacent` take their place), paths of
operations of one group only, which whole networks do not have, and attributes position by position
(quarters of the depth take their place).
"""

from __future__ import annotations

from collections.abc import Iterable

from graf.features.columns import Column, column_of
from graf.features.registry import BRANCHES, FEATURES, OperationSets, singly

__all__ = ["ATTRIBUTES", "network_columns"]

GROUPS = (
    "convolution", "depthwise_convolution", "grouped_convolution", "transposed_convolution", "linear",
    "matmul", "attention", "recurrent", "embedding", "position", "pool", "normalisation", "activation",
    "elementwise", "concat", "reduction", "resampling", "index", "spectral", "control", "other",
)  # fmt: skip
MAIN = (
    "convolution", "depthwise_convolution", "grouped_convolution", "linear", "attention", "pool",
    "normalisation", "activation", "elementwise", "concat",
)  # fmt: skip
PAIRED = ("convolution", "depthwise_convolution", "linear", "attention", "normalisation", "activation")
SINGLES = (
    "conv1x1", "conv3x3", "conv5x5", "conv7x7", "dw_conv3x3", "dw_conv5x5", "dw_conv7x7", "group_conv3x3",
    "lstm", "gru", "position_embedding", "rotary", "max_pool2x2", "max_pool3x3", "avg_pool2x2", "avg_pool3x3",
    "global_avg_pool", "batch_norm", "layer_norm", "rms_norm", "group_norm", "instance_norm", "relu", "relu6",
    "leaky_relu", "prelu", "elu", "gelu", "quick_gelu", "silu", "mish", "hardswish", "hardsigmoid", "sigmoid",
    "tanh", "softmax", "add", "multiply", "divide", "mean",
)  # fmt: skip
BY_DEPTH = (
    "convolution", "depthwise_convolution", "linear", "attention", "pool", "normalisation", "activation",
    "elementwise", "batch_norm", "layer_norm", "rms_norm", "group_norm", "relu", "relu6", "gelu", "silu",
    "hardswish", "sigmoid",
)  # fmt: skip
COSTS = ("n_parameters", "n_macs", "n_elementary", "n_activations", "n_bytes")
SIZES = ("channels", "resolution", "sequence", "kernel")
ATTRIBUTES = (
    *COSTS, *SIZES, "n_output_bytes", "stride", "dilation", "groups", "heads", "kv_heads", "head_dim",
    "key_sequence", "windows", "self_attention", "relative_bias", "causal", "shared_id", "folded_norms",
    "kernel_height", "kernel_width", "packing",
)  # fmt: skip
EACH = ("mean", "spread", "min", "max")
MERGES = ("add", "concat", "multiply")


GRAPH: OperationSets = [()]
ALL: tuple[str, ...] = ()  # every statistic
CHOSEN: dict[str, tuple[OperationSets, tuple[str, ...]]] = {
    "op_count": (singly((*GROUPS, *SINGLES)), ALL),
    "live": (GRAPH, ALL),
    "node_degree": (singly(MAIN), ("mean_in", "mean_out")),
    "path_ops": (singly(MAIN), ALL),
    "op_depth": (singly(MAIN), ALL),
    "branching": (singly(MAIN), ALL),
    "n_adjacent": ([(a, b) for a in PAIRED for b in PAIRED], ALL),
    "log_paths": (GRAPH, ALL),
    "effective_depth": (GRAPH, ALL),
    "shortcut": (singly(MERGES), ALL),
    "gradient_path": (GRAPH, ALL),
    "attention": (GRAPH, ALL),
    "mlp": (GRAPH, ALL),
    "depth_count": (singly(BY_DEPTH), ALL),
    "depth_mean": (singly(SIZES), ALL),
    "depth_share": (singly(COSTS), ALL),
    "profile": (singly((*SIZES, "stride", "groups")), EACH),
    "parameter_sharing": (GRAPH, ALL),
    "total": (singly(COSTS), ALL),
    "log_total": (singly(COSTS), ALL),
    "op_cost": (singly((*MAIN, "matmul")), ALL),
    "arithmetic_intensity": (GRAPH, ALL),
    "peak_memory": (GRAPH, ALL),
    "receptive_field": (GRAPH, ALL),
    "laplacian": (GRAPH, ALL),
}


def network_columns(attributes: Iterable[str] = ATTRIBUTES, simplified: bool = False) -> list[Column]:
    """The columns of whole networks whose nodes have the attributes.

    Parameters
    ----------
    attributes : of the nodes; by default those that graf's readers of networks give.
    simplified : leave out counts of parameters and the like, which networks of the same function
        need not share.

    Examples
    --------
    >>> [str(column) for column in network_columns()][:2]
    ['op_count(convolution)', 'op_count(depthwise_convolution)']
    """
    there = {name for name in attributes if not (simplified and name.startswith("n_"))}
    return [
        column_of(family, arguments, stat)
        for family, (sets, stats) in CHOSEN.items()
        if FEATURES[family].needs - {BRANCHES, "widths"} <= there
        for arguments in sets
        if FEATURES[family].over != "attribute" or there.issuperset(arguments)
        for stat in stats or FEATURES[family].stats
    ]
