"""What aten operators say of their steps beside the operands: strides, axes, bounds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import isfinite
from string import ascii_lowercase, ascii_uppercase
from typing import Any

__all__ = ["SETTINGS"]

Bound = Mapping[str, Any]
Settings = dict[str, Any]


def _conv(bound: Bound) -> Settings:
    return {
        "stride": _sizes(bound.get("stride", 1)),
        "dilation": _sizes(bound.get("dilation", 1)),
        "groups": bound.get("groups", 1),
        "transposed": bool(bound.get("transposed", False)),
    }


def _pool(bound: Bound) -> Settings:
    kernel = _sizes(bound["kernel_size"])
    if "output_size" in bound:  # at places drawn at random, a fraction of the positions apart
        sizes = zip(reversed(bound["self"].shape), reversed(_sizes(bound["output_size"])), strict=False)
        return {"kernel": kernel, "stride": tuple(before / after for before, after in sizes)[::-1]}
    return {
        "kernel": kernel,
        "stride": _sizes(bound.get("stride") or kernel),
        "dilation": _sizes(bound.get("dilation", 1)),
    }


def _norm(bound: Bound) -> Settings:
    order = bound.get("ord", bound.get("p"))
    return {"axes": _reduced(bound), "order": 2 if order is None else order}


def _reduced(bound: Bound) -> tuple[int, ...]:
    """Axes that are reduced, from 0; all where none is named."""
    given, n = bound.get("dim"), len(bound["self"].shape or ())
    axes = [given] if isinstance(given, int) else list(given or range(n))
    return tuple(axis % n if n else 0 for axis in axes)


def _clamp(bound: Bound) -> Settings:
    low, high = bound.get("min"), bound.get("max")
    return {"min": low if _is_finite(low) else None, "max": high if _is_finite(high) else None}


def _layer_norm(bound: Bound) -> Settings:
    n, n_normed = len(bound["input"].shape or ()), len(bound["normalized_shape"])
    return {"axes": tuple(range(n - n_normed, n))}


def _equation(bound: Bound) -> Settings:
    """How operands are multiplied, where it is not row by column: as `einsum` writes it."""
    return {"equation": _of_axes(bound)} if "dims_self" in bound else {}


def _of_axes(bound: Bound) -> str:
    """The equation of a product over given axes of both operands (`tensordot`)."""
    n, m = (len(bound[name].shape or ()) for name in ("self", "other"))
    first, second = list(ascii_lowercase[:n]), list(ascii_uppercase[:m])
    for a, b in zip(bound["dims_self"], bound["dims_other"], strict=True):
        second[b] = first[a]
    kept = [letter for letter in (*first, *second) if (letter in first) != (letter in second)]
    return f"{''.join(first)},{''.join(second)}->{''.join(kept)}"


SETTINGS: dict[str, Callable[[Bound], Settings]] = {
    "conv": _conv,
    "conv_transpose": lambda bound: _conv(bound) | {"transposed": True},
    "max_pool": _pool,
    "avg_pool": _pool,
    "group_norm": lambda bound: {"groups": bound.get("num_groups", bound.get("group"))},
    "layer_norm": _layer_norm,
    "rms_norm": _layer_norm,
    "attention": lambda bound: {"causal": bool(bound.get("is_causal", False))},
    "matmul": _equation,
    "clamp": _clamp,
    "hardtanh": lambda bound: {"min": bound.get("min_val", -1), "max": bound.get("max_val", 1)},
    **dict.fromkeys(
        ("mean", "sum", "max", "min", "product", "variance", "logsumexp"),
        lambda bound: {"axes": _reduced(bound)},
    ),
    "norm": _norm,
}


def _sizes(value: Any) -> tuple[int, ...]:
    return tuple(value) if isinstance(value, (tuple, list)) else (value,)


def _is_finite(value: Any) -> bool:
    return isinstance(value, (int, float)) and isfinite(value)
