"""Names by kernel, kind and reach: what operations are called once their parts are known."""

from __future__ import annotations

from collections.abc import Callable
from operator import ge

from graf.sources.network.patterns import pairs
from graf.sources.network.step import Network, Step
from graf.sources.network.vocabulary import REARRANGEMENTS, VOCABULARY

__all__ = ["name_operations"]

FORBIDDEN = str.maketrans("+,[]<>()@. :/", "_" * 13)
RENAMED = {"reciprocal": "divide", "square": "power", "sum_square": "norm", "order": "compare"}


def name_operations(network: Network) -> None:
    """Give convolutions and pools their final names, and other steps a name that may stand in a column."""
    for step in network:
        if step.op in NAMED:
            step.op = NAMED[step.op](step)
        elif step.op == "multiply" and any(first is second for first, second in pairs(step)):
            step.become("power", step.reads[:1], **step.settings)
        elif step.op not in VOCABULARY and step.op not in REARRANGEMENTS:
            step.op = step.op.translate(FORBIDDEN)
        step.op = RENAMED.get(step.op, step.op)


def _convolution(step: Step) -> str:
    weight, groups = step.reads[1].shape or (0, 0), step.settings.get("groups", 1)
    step.settings["kernel"] = kernel = weight[2:]
    transposed = step.op == "conv_transpose" or step.settings.get("transposed")
    n_in = weight[0] if transposed else weight[1] * groups  # by the weight: an input may have no batch
    kind = "" if groups == 1 else "dw_" if groups == n_in else "group_"
    return f"{kind}conv{'_transpose' if transposed else ''}{_joined(kernel)}"


def _pool(step: Step) -> str:
    kernel, before, after = step.settings["kernel"], _spatial(step.reads[0]), _spatial(step)
    if all(size == 1 for size in kernel) and all(size == 1 for size in step.settings.get("stride", (1,))):
        return "identity"
    covers = len(before) == len(kernel) and all(map(ge, kernel, before))
    if covers and before != after and all(size == 1 for size in after) and step.op != "lp_pool":
        for name in ("kernel", "stride", "dilation"):
            step.settings.pop(name, None)
        return f"global_{step.op}"
    return f"{step.op}{_joined(kernel)}"


def _adaptive(step: Step) -> str:
    """A pool to a given size is an ordinary one where the sizes divide."""
    before, after = _spatial(step.reads[0]), _spatial(step)
    if before == after:
        return "identity"
    if all(size == 1 for size in after):
        return step.op.replace("adaptive", "global")
    if all(a % b == 0 for a, b in zip(before, after, strict=False)):
        kernel = tuple(a // b for a, b in zip(before, after, strict=False))
        step.settings |= {"kernel": kernel, "stride": kernel}
        return f"{step.op.removeprefix('adaptive_')}{_joined(kernel)}"
    return step.op


def _reduction(step: Step) -> str:
    """A mean or maximum over all positions is a global pool."""
    axes, n = step.settings.get("axes") or (), len(step.reads[0].shape or ())
    spatial = {tuple(range(2, n)), tuple(range(1, n - 1))}
    pooled = n > 2 and tuple(sorted(axes)) in spatial
    return {"mean": "global_avg_pool", "max": "global_max_pool"}[step.op] if pooled else step.op


def _group_norm(step: Step) -> str:
    """One with a group for each channel is an instance norm."""
    if (step.reads[0].shape or ())[1:2] != (step.settings.get("groups"),):
        return step.op
    del step.settings["groups"]
    return "instance_norm"


def _spatial(step: Step) -> tuple[int, ...]:
    return (step.shape or ())[2:]


def _joined(sizes: tuple[int, ...]) -> str:
    return "x".join(map(str, sizes))


NAMED: dict[str, Callable[[Step], str]] = {
    **dict.fromkeys(("conv", "conv_transpose"), _convolution),
    **dict.fromkeys(("max_pool", "avg_pool", "lp_pool"), _pool),
    **dict.fromkeys(("adaptive_avg_pool", "adaptive_max_pool"), _adaptive),
    **dict.fromkeys(("mean", "max"), _reduction),
    "group_norm": _group_norm,
}
