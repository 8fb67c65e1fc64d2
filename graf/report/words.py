"""Column and target names in plain words."""

from __future__ import annotations

from collections.abc import Iterable

from graf.exceptions import InputError
from graf.features import Column, parse_column
from graf.ops import OpSet
from graf.report.network_phrases import NETWORK_PHRASES

__all__ = ["ATTRIBUTES", "label", "listed", "words"]

# {n} says how much there is, {l} how long, {h} how high it is, {c} whether it is so, {ops} which operations, {i} which one
PHRASES = {
    "op_count": "{n} {kind} operations",
    "min_path_len": "{l} shortest path over {ops}",
    "max_path_len": "{n} operations on the longest path over {ops}",
    "traded_path_len": "{n} operations of {ops} on the path that trades them best",
    "n_paths": "{n} paths over {ops}",
    "node_degree.in": "{n} operations of {ops} at the input",
    "node_degree.out": "{n} operations of {ops} at the output",
    "node_degree.mean_in": "{n} operations of {ops} per node",
    "node_degree.mean_out": "{n} operations of {ops} leaving a node on average",
    "live.nodes": "{n} live nodes",
    "live.edges": "{n} live edges",
    "live.depth": "{n} operations on the longest live path",
    "live.width": "{n} live operations side by side",
    "n_nodes": "{n} nodes",
    "n_among_first.blocks": "{n} operations of {ops} among the first {i} blocks",
    "input_path_len.first": "{n} operations on the longest path from the first input over {ops}",
    "input_path_len.second": "{n} operations on the longest path from the second input over {ops}",
    "input_degree.first": "{n} operations of {ops} at the first input",
    "input_degree.second": "{n} operations of {ops} at the second input",
    "path_ops.min": "{n} operations of {ops} on the path with fewest",
    "path_ops.mean": "{n} operations of {ops} on the average path",
    "path_ops.max": "{n} operations of {ops} on the path with most",
    "op_depth.first_in": "{n} operations before the first of {ops}",
    "op_depth.last_in": "{n} operations before the last of {ops}",
    "op_depth.first_out": "{n} operations behind the last of {ops}",
    "op_depth.last_out": "{n} operations behind the first of {ops}",
    "junction_degree.out": "{n} live operations of {ops} that read junction {i}",
    "junction_degree.in": "{n} live operations of {ops} that junction {i} from the end reads",
    "n_follow": "{n} paths on which {second} follows {kind}",
    "n_first": "{n} paths that begin with {kind}",
    "n_last": "{n} paths that end with {kind}",
    "branching.in": "{n} operations that flow into one {kind}",
    "branching.out": "{n} operations that flow out of one {kind}",
    "parameter_sharing": "{h}share of operations that reuse weights",
    "total": "{h}total of {attribute}",
    "profile.mean": "{h}mean of {attribute}",
    "profile.spread": "{h}spread of {attribute}",
    "profile.min": "{h}least value of {attribute}",
    "profile.max": "{h}greatest value of {attribute}",
    "profile.at": "{h}value of {attribute} at position {i}",
    "stage.sum": "{h}sum of {attribute} in stage {i}",
    "choice": "{c} {attribute}",
    **NETWORK_PHRASES,
}
ATTRIBUTES = {
    "n_parameters": "parameters",
    "n_macs": "multiply-adds",
    "n_elementary": "elementary operations",
    "n_activations": "activations",
    "n_bytes": "memory traffic",
    "head_dim": "head size",
    "mlp_ratio": "MLP ratio",
    "sequence_length": "sequence length",
}
SENSES = {
    0: {"n": "number of", "l": "length of the", "h": "", "c": "choice of"},
    1: {"n": "more", "l": "a longer", "h": "a higher ", "c": "choice of"},
    -1: {"n": "fewer", "l": "a shorter", "h": "a lower ", "c": "another choice than"},
}
SHORT = {
    "cifar10": "CIFAR-10",
    "cifar100": "CIFAR-100",
    "imagenet": "ImageNet",
    "edgegpu": "edge GPU",
    "edgetpu": "edge TPU",
    "acc": "accuracy",
    "lat": "latency",
    "val": "validation",
    "hw": "",
    "rob": "robust accuracy",
    "b1": "(batch 1)",
    "b64": "(batch 64)",
    "ece": "calibration error",
    "mce": "maximum calibration error",
    "nll": "negative log-likelihood",
    "brier": "Brier score",
    "linf": "L∞",
    "pgd": "PGD",
    "fgsm": "FGSM",
    "apgd": "APGD",
    "ts": "after temperature scaling",
    "pct": "",
    "ssim": "SSIM",
}


def words(name: str, sense: int = 0, ops: OpSet | None = None) -> str:
    """A column in plain words.

    Parameters
    ----------
    name : a column of `GraphFeatures`, or any other column, which keeps its name.
    sense : 0 for what it is, 1 for more of it, -1 for less of it.
    ops : vocabulary of the space, so that its whole is called "all operations", and what
        lacks one of them "all operations but {none}".

    Examples
    --------
    >>> words("op_count(conv3x3)")
    'number of conv3x3 operations'
    >>> words("min_path_len(skip+conv1x1)", 1)
    'a longer shortest path over {skip, conv1x1}'
    """
    try:
        column = parse_column(name)
    except InputError:
        return SENSES[sense]["h"] + name
    stat = column.stat.rstrip("0123456789")
    phrase = PHRASES.get(f"{column.family}.{stat}".rstrip("."), "{n} " + name)
    spoken = phrase.format(
        **SENSES[sense],
        ops=_set(column, ops),
        kind=column.ops[0] if column.ops else "",
        second=column.ops[-1] if column.ops else "",
        attribute=ATTRIBUTES.get(column.attribute, column.attribute),
        i=column.stat[len(stat) :],
    )
    if column.cell:
        spoken = f"{spoken} in the {column.cell} cell"
    return f"{spoken}, without what changes nothing" if column.simplified else spoken


def _set(column: Column, ops: OpSet | None) -> str:
    missing = [] if ops is None else [name for name in ops if name not in column.ops]
    if ops is None or len(missing) > 1 or len(ops) < 4:
        return "{" + ", ".join(column.ops) + "}"
    return "all operations" + "".join(f" but {{{name}}}" for name in missing)


def label(target: str, unit: str = "") -> str:
    """A target in plain words; the unit is left out of the name, others say it.

    Examples
    --------
    >>> label("latency_b1_ms", "ms")
    'latency (batch 1)'
    >>> label("latency (ms)", "ms")
    'latency'
    """
    parts = [part for part in target.removesuffix(f"({unit})").strip().split("_") if part]
    if len(parts) > 1 and parts[-1].lower() == unit.lower():
        parts = parts[:-1]
    spoken = [SHORT.get(part, part) for part in parts]
    return " ".join(part for part in spoken if part) or target


def listed(parts: Iterable[object]) -> str:
    """Several things as one text.

    Examples
    --------
    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    found = list(map(str, parts))
    return " and ".join([", ".join(found[:-1]), found[-1]]) if len(found) > 1 else "".join(found)
