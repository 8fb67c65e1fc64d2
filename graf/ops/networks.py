"""Operations of whole networks, by group; those with a kernel are named by it."""

from __future__ import annotations

import re

from graf.ops.operation import Operation

__all__ = ["NETWORK_OPERATIONS", "with_kernel"]

GROUPS = {
    "linear": ("linear",),
    "matmul": ("matmul",),
    "attention": ("attention",),
    "recurrent": ("lstm", "gru", "rnn"),
    "embedding": ("embedding",),
    "position": ("position_embedding", "rotary"),
    "pool": ("global_avg_pool", "global_max_pool", "adaptive_avg_pool", "adaptive_max_pool"),
    "normalisation": (
        "batch_norm", "layer_norm", "rms_norm", "group_norm", "instance_norm", "local_response_norm",
        "l2_norm",
    ),
    "activation": (
        "relu", "relu6", "leaky_relu", "prelu", "elu", "selu", "celu", "gelu", "quick_gelu", "silu", "mish",
        "hardswish", "hardsigmoid", "hardtanh", "sigmoid", "log_sigmoid", "tanh", "softplus", "softsign", "softmax",
        "log_softmax", "erf", "shrink", "threshold",
    ),
    "elementwise": (
        "add", "subtract", "multiply", "divide", "power", "sqrt", "exp", "log", "negate", "absolute",
        "sin", "cos", "maximum", "minimum", "clamp", "where", "compare", "logical", "round", "sign",
        "remainder", "trigonometric", "sample",
    ),
    "concat": ("concat",),
    "reduction": (
        "mean", "sum", "max", "min", "product", "argmax", "norm", "variance", "cumulative_sum",
        "logsumexp", "distance", "loss", "topk", "sort",
    ),
    "resampling": ("resize", "grid_sample", "affine_grid", "roi_align"),
    "index": ("gather", "scatter", "nonzero", "non_max_suppression"),
    "spectral": ("fft",),
    "control": ("if", "loop"),
}  # fmt: skip
WITH_KERNEL = {
    r"conv": "convolution",
    r"dw_conv": "depthwise_convolution",
    r"group_conv": "grouped_convolution",
    r"(dw_|group_)?conv_transpose": "transposed_convolution",
    r"(max|avg|lp)_pool": "pool",
}
STATELESS = ("activation", "elementwise", "concat", "reduction")
RANDOM = ("sample",)  # two of them differ
NETWORK_OPERATIONS = tuple(
    Operation(name, group, stateless=group in STATELESS and name not in RANDOM)
    for group, names in GROUPS.items()
    for name in names
)


def with_kernel(name: str) -> Operation | None:
    """The operation of a name that ends in a kernel, `dw_conv7x7`; None for any other name.

    Examples
    --------
    >>> with_kernel("conv1x7").group
    'convolution'
    """
    kind = re.sub(r"\d+(x\d+)*$", "", name)
    if kind == name:
        return None
    for pattern, group in WITH_KERNEL.items():
        if re.fullmatch(pattern, kind):
            return Operation(name, group, stateless=group == "pool", linear=kind == "avg_pool")
    return None
