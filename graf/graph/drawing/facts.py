"""What a picture says of the nodes of a graph: shapes, and all that is known in a tooltip."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from graf.graph.drawing.texts import common_path

if TYPE_CHECKING:
    from graf.graph.computation_graph import ComputationGraph

__all__ = ["NodeFacts"]

# settings by which operations of the same name differ; sizes, as of channels, are none
SETTINGS = ("kernel", "stride", "dilation", "causal", "self_attention", "relative_bias")
TOTALS = {"n_parameters": "parameters", "n_macs": "multiply-adds"}
Path = tuple[str, ...]
TIMES = "\N{MULTIPLICATION SIGN}"


class NodeFacts:
    """Module paths, settings and shapes of nodes; attributes that are missing say nothing."""

    def __init__(self, graph: ComputationGraph) -> None:
        self.graph = graph

    @cached_property
    def paths(self) -> list[tuple[str, ...]]:
        """Module path of each node, () where it is not known.

        A mere list of modules, none of which reads another, is no module: its name stays with
        the names in it, as in ("moe", "experts.0", "up").
        """
        paths = [tuple(name.split(".")) if name else () for name in self._strings("module")]
        lists = _lists(paths, self.graph.edges.tolist())
        return [_without(path, lists) for path in paths]

    @cached_property
    def shapes(self) -> list[str]:
        """Output shape of each node without the batch: "64x56x56" with real crosses."""
        sizes = [text.split("x") if text else [] for text in self._strings("shape")]
        batches = {size[0] for size in (sizes[i] for i in self.graph.inputs) if size}
        rests = [size[1:] if len(size) > 1 and size[0] in (batches or {"1"}) else size for size in sizes]
        return [TIMES.join(rest) or self._measured(node) for node, rest in enumerate(rests)]

    @cached_property
    def sizes(self) -> list[str]:
        """Spatial size or length of the output, in which repetitions must agree."""
        return [
            TIMES.join(shape.split(TIMES)[1:] if shape.count(TIMES) > 1 else shape.split(TIMES)[:-1])
            for shape in self.shapes
        ]

    @cached_property
    def settings(self) -> list[tuple[Any, ...]]:
        """Operation of each node with the settings that tell it from others of its name."""
        columns = [self.graph.attributes[name] for name in SETTINGS if name in self.graph.attributes]
        rows = zip(*(map(str, np.nan_to_num(column, nan=-1).tolist()) for column in columns), strict=True)
        found = list(rows) if columns else [()] * self.graph.n_nodes
        return [(op or "", *row) for op, row in zip(self.graph.op_names, found, strict=True)]

    def title(self, node: int) -> str:
        """Operation and label of a node in a few words."""
        names = self.graph.names
        words = [self.graph.op_names[node] or "", "" if names is None else names[node]]
        return " ".join(filter(None, words)) or "junction"

    def describe(self, node: int) -> str:
        """All that is known of one node, a fact a line."""
        graph = self.graph
        lines = [graph.op_names[node] or "junction"]
        lines += [] if graph.names is None else [f"name: {graph.names[node]}"]
        for name, values in graph.attributes.items():
            value = values[node]
            if values.ndim > 1:
                lines.append(f"{name}: {value.tolist()}")
            elif value and (isinstance(value, str) or np.isfinite(value)):
                lines.append(f"{name}: {value if isinstance(value, str) else _number_text(value)}")
        return "\n".join(lines)

    def total(self, nodes: Sequence[int], name: str) -> float | None:
        """Sum of a numeric attribute over nodes, None if the graph does not have it."""
        values = self.graph.attributes.get(name)
        if values is None or values.dtype.kind not in "if":
            return None
        return float(np.nansum(values[list(nodes)]))

    def totals(self, nodes: Sequence[int]) -> list[tuple[float, str]]:
        """Parameters and multiply-adds of nodes, each with its unit, as far as they are known."""
        found = ((self.total(nodes, name), unit) for name, unit in TOTALS.items())
        return [(total, unit) for total, unit in found if total is not None]

    def _strings(self, name: str) -> list[str]:
        values = self.graph.attributes.get(name)
        if values is None or values.dtype.kind != "U" or values.ndim > 1:
            return [""] * self.graph.n_nodes
        return values.tolist()

    def _measured(self, node: int) -> str:
        """Shape as far as the attributes `channels` and `resolution` or `sequence` tell it."""
        channels, side, length = (self._number(name, node) for name in ("channels", "resolution", "sequence"))
        if channels and side:
            return TIMES.join([channels, side, side])
        return TIMES.join(filter(None, [length, channels]))

    def _number(self, name: str, node: int) -> str:
        values = self.graph.attributes.get(name)
        if (
            values is None
            or values.ndim > 1
            or values.dtype.kind not in "if"
            or not np.isfinite(values[node])
        ):
            return ""
        return f"{values[node]:g}" if values[node] > 0 else ""


def _number_text(value: np.generic) -> str:
    return f"{value:,}" if isinstance(value, np.integer) else f"{value:,g}"


def _lists(paths: Sequence[Path], edges: Sequence[tuple[int, int]]) -> set[Path]:
    """Paths of modules that do nothing but hold at least two others without data flow between."""
    held: dict[Path, set[str]] = {}
    for path in set(paths):
        for depth in range(1, len(path)):
            held.setdefault(path[:depth], set()).add(path[depth])
    linked = {common_path([paths[u], paths[v]]) for u, v in edges if paths[u] != paths[v]}
    return {path for path, names in held.items() if len(names) > 1} - linked - set(paths)


def _without(path: Path, lists: set[Path]) -> Path:
    found: list[str] = []
    for depth, name in enumerate(path):
        if path[:depth] in lists:
            found[-1] += f".{name}"
        else:
            found.append(name)
    return tuple(found)
