"""The computation graph of a network: its steps recognised, cleaned and counted."""

from __future__ import annotations

import warnings
from collections import Counter
from math import nan, prod
from typing import Any

import numpy as np

from graf.exceptions import GraphError
from graf.graph import ComputationGraph
from graf.ops import OpSet
from graf.sources.network.activations import recognise_activations
from graf.sources.network.attention import recognise_attention
from graf.sources.network.constants import settle_constants
from graf.sources.network.costs import Cost, cost_of
from graf.sources.network.layout import Layout, layout_of
from graf.sources.network.linear import add_biases, fold_batch_norms, recognise_linear, recognise_positions
from graf.sources.network.naming import name_operations
from graf.sources.network.norms import recognise_norms
from graf.sources.network.packing import Packing
from graf.sources.network.parameters import count_parameters, shared_ids
from graf.sources.network.rotary import recognise_rotary
from graf.sources.network.step import Network, Step, unfixed
from graf.sources.network.vocabulary import REARRANGEMENTS

__all__ = ["to_graph"]

SETTINGS = (
    "heads", "kv_heads", "head_dim", "key_sequence", "windows", "self_attention", "relative_bias", "causal",
    "groups", "folded_norms", "packing",
)  # fmt: skip
SIZES = ("kernel", "stride", "dilation")


def to_graph(network: Network, fold_batch_norm: bool) -> ComputationGraph:
    """The graph of a network, with the attributes that costs and features are computed from.

    The steps are changed on the way. Raises `GraphError` if no output depends on an operation.
    Complexity: linear in the number of steps.
    """
    fixed = _recognise(network, fold_batch_norm)
    costs = {id(step): cost_of(step) for step in unfixed(network) if step.op != "input"}
    steps = _without_rearrangements(network)
    number = {id(step): i for i, step in enumerate(steps)}
    reads = [sorted(number[id(read)] for read in step.reads if id(read) in number) for step in steps]
    names = [None if step.op == "input" else step.op for step in steps]
    if not any(names):
        raise GraphError("the network computes nothing from its inputs: no operation depends on them")
    _report_unknown(steps)
    ops = OpSet(tuple(dict.fromkeys(name for name in names if name is not None)))
    return ComputationGraph(
        ops=ops,
        node_op=np.array([-1 if name is None else ops.index(name) for name in names], np.int32),
        pred_indptr=np.cumsum([0, *map(len, reads)], dtype=np.int32),
        preds=np.array([u for own in reads for u in own], np.int32),
        inputs=np.array([i for i, name in enumerate(names) if name is None], np.int32),
        outputs=np.array(
            sorted({number[id(step)] for step in network.outputs if id(step) in number}), np.int32
        ),
        names=tuple(step.name or step.op for step in steps),
        attributes=_attributes(steps, costs, fixed),
    )


def _recognise(network: Network, fold_batch_norm: bool) -> int:
    """Change the steps into what they stand for; see `settle_constants` for what is returned."""
    fixed = settle_constants(network)
    for step in network:
        for subgraph in step.settings.get("subgraphs", ()):
            _recognise(subgraph, fold_batch_norm)
    recognise_linear(network)
    recognise_activations(network)
    recognise_norms(network)
    recognise_rotary(network)
    recognise_attention(network)
    add_biases(network)
    recognise_positions(network)
    if fold_batch_norm:
        fold_batch_norms(network)
    name_operations(network)
    return fixed


def _without_rearrangements(network: Network) -> list[Step]:
    """The steps that become nodes; each reads what lies behind rearrangements."""
    behind: dict[int, Step] = {}
    packing = Packing()

    def found(step: Step) -> Step:
        return behind.get(id(step), step)

    for step in unfixed(network):
        reads = unfixed(step.reads)
        packed = packing.of(reads)
        step.settings |= {} if packed == 1 else {"packing": packed}
        step.reads = [found(read) for read in step.reads]
        if _rearranges(step):
            packing.follow(step, reads)
            behind[id(step)] = next(iter(unfixed(step.reads)), step)
    network.outputs = [found(step) for step in network.outputs]
    return unfixed(network)


def _rearranges(step: Step) -> bool:
    """Whether a step only moves elements; a concatenation does if its parts are cut from one tensor."""
    if step.op == "concat":
        return len(set(map(id, step.reads))) == 1
    return step.op in REARRANGEMENTS


def _attributes(steps: list[Step], costs: dict[int, Cost], fixed: int) -> dict[str, Any]:
    layouts: dict[int, Layout] = {}
    rows = [_row(step, costs.get(id(step), Cost()), layouts) for step in steps]
    rows[0]["n_macs_fvcore"] += fixed  # of no node
    columns: dict[str, Any] = {"n_parameters": count_parameters(steps)}
    columns |= {name: [row[name] for row in rows] for name in rows[0]}
    return columns | {"shared_id": shared_ids(steps), "call_id": range(len(steps))}


def _row(step: Step, cost: Cost, layouts: dict[int, Layout]) -> dict[str, Any]:
    """The attributes of one node; a layout depends on those before."""
    before = [layouts[id(read)] for read in step.reads if id(read) in layouts]
    layouts[id(step)] = layout = layout_of(step, before)
    return {
        "n_macs": cost.macs,
        "n_macs_fvcore": cost.fvcore,
        "n_elementary": cost.elementary,
        "n_activations": cost.activations,
        "n_output_bytes": step.size * step.itemsize,
        "n_bytes": cost.n_bytes,
        "channels": float(layout.channels),
        "resolution": float(layout.resolution),
        "sequence": float(layout.sequence),
        **{name: _mean_size(step.settings.get(name)) for name in SIZES},
        "kernel_height": _side(step.settings.get("kernel"), -2),
        "kernel_width": _side(step.settings.get("kernel"), -1),
        **{name: float(step.settings.get(name, nan)) for name in SETTINGS},
        "shape": "x".join(map(str, step.shape or ())),
        "module": step.module,
    }


def _mean_size(sizes: tuple[int, ...] | None) -> float:
    """Geometric mean of sizes along the spatial axes."""
    return float(prod(sizes) ** (1 / len(sizes))) if sizes else nan


def _side(sizes: tuple[int, ...] | None, axis: int) -> float:
    """Size along the last axis but one (-2) or the last (-1); a single axis counts as both."""
    return float(sizes[max(axis, -len(sizes))]) if sizes else nan


def _report_unknown(steps: list[Step]) -> None:
    unknown = Counter(step.op for step in steps if step.settings.get("unknown"))
    if unknown:
        listed = ", ".join(f"{name} ({count})" for name, count in unknown.most_common())
        warnings.warn(
            f"operations that graf does not know are kept under their own names, without a cost: {listed}",
            stacklevel=2,
        )
