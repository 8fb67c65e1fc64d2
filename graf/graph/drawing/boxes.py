"""What stands in the boxes of a picture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from graf.graph.drawing.colours import Painter
from graf.graph.drawing.facts import TIMES, NodeFacts
from graf.graph.drawing.parts import Part
from graf.graph.drawing.texts import ELLIPSIS, path_range, shortened, shortened_path, text_width

if TYPE_CHECKING:
    from graf.graph.computation_graph import ComputationGraph

__all__ = ["SMALL", "Box", "BoxMaker", "count_text"]

RADIUS, PORT, HALF_HEIGHT, SECOND_LINE = 12, 4, 13, 7  # pixels
BADGE, COUNT_GAP = 20, 8  # room for a letter in a disc, and before a count
SMALL = 11  # size of the second line
MOST_FACTS = 8


@dataclass(frozen=True)
class Box:
    """A box of a picture.

    Parameters
    ----------
    form : "operation", "block", "junction" (a circle) or "port" (a dot where data enters or
        leaves).
    text, second : its lines; the second may be empty.
    half_width, half_height : in pixels.
    colours : of an operation its colour; of a block the share of each colour.
    tooltip : all else that is known.
    count : how often it occurs, "" for once.
    letter : of the drawing that shows what is inside.
    faded : no output depends on it.
    """

    form: str
    text: str
    second: str
    half_width: float
    half_height: float
    colours: tuple[tuple[str, float], ...]
    tooltip: str
    count: str = ""
    letter: str = ""
    faded: bool = False


class BoxMaker:
    """Makes the boxes of one graph.

    Parameters
    ----------
    second : what stands for the second line of every box; None for the shape of what comes out.
    """

    def __init__(
        self, graph: ComputationGraph, facts: NodeFacts, painter: Painter, second: str | None = None
    ) -> None:
        self.graph, self.facts, self.painter, self.second = graph, facts, painter, second

    def box(self, part: Part, within: tuple[str, ...], letter: str) -> Box:
        """The box of a part in the drawing of the module `within`."""
        if part.parts:
            box = self._block(part, within, letter)
        elif self.graph.node_op[part.nodes[0]] < 0:
            box = self._junction(part.nodes[0])
        else:
            box = self._operation(part)
        return box if self.second is None else _fitted(replace(box, second=self.second))

    def port(self, direction: str, nodes: Sequence[int]) -> Box:
        """The dot where tensors enter a block "from" nodes or leave it "to" them."""
        found = dict.fromkeys(nodes)
        names = [f"{direction} {self.facts.title(node)}" for node in found]
        more = [f"and {len(names) - MOST_FACTS} more"] * (len(names) > MOST_FACTS)
        return Box("port", "", "", PORT, PORT, (), "\n".join(names[:MOST_FACTS] + more))

    def full_name(self, part: Part) -> str:
        """Module path and count of a part, or how large it is if it has no path."""
        return " ".join(filter(None, [self._name(part, ()), _count(part) if part.path else ""]))

    def painted(self, nodes: Sequence[int]) -> Counter[tuple[str, str]]:
        """How many operations have each colour and word of the legend."""
        ops = Counter(op for op in self.graph.node_op[list(nodes)].tolist() if op >= 0)
        found: Counter[tuple[str, str]] = Counter()
        for op, n in sorted(ops.items()):
            found[self.painter(self.graph.ops.operation(op))] += n
        return found

    def _operation(self, part: Part) -> Box:
        node = part.nodes[0]
        shapes = self.facts.shapes
        changed = any(shapes[u] != shapes[node] for u in self.graph.predecessors(node))
        name = self.graph.op_names[node] or ""
        box = Box(
            "operation", shortened(name), self._shape(part) if changed or part.times > 1 else "", 0, 0,
            ((self.painter(self.graph.ops.operation(self.graph.node_op[node]))[0], 1.0),),
            self.facts.describe(node), _count(part), faded=not self.graph.live[node],
        )  # fmt: skip
        return _fitted(box)

    def _junction(self, node: int) -> Box:
        name = "" if self.graph.names is None else self.graph.names[node]
        ends = {*self.graph.inputs.tolist(), *self.graph.outputs.tolist()}
        tooltip, faded = self.facts.describe(node), not self.graph.live[node]
        known = self.graph.ops_on == "nodes" and name and self.facts.shapes[node]
        if node not in ends or not (known or len(name) > 2):
            return Box(
                "junction", name if len(name) <= 2 else "", "", RADIUS, RADIUS, (), tooltip, faded=faded
            )
        return _fitted(
            Box("operation", shortened(name), self.facts.shapes[node], 0, 0, (), tooltip, faded=faded)
        )

    def _block(self, part: Part, within: tuple[str, ...], letter: str) -> Box:
        shares = Counter[str]()
        for (colour, _), n in self.painted(part.nodes).items():
            shares[colour] += n
        total = max(1, shares.total())
        box = Box(
            "block", shortened_path(self._name(part, within)), self._shape(part), 0, 0,
            tuple((colour, n / total) for colour, n in shares.most_common()),
            self._summary(part), _count(part), letter, not self.graph.live[list(part.nodes)].any(),
        )  # fmt: skip
        return _fitted(box)

    def _name(self, part: Part, within: tuple[str, ...]) -> str:
        """Paths of the modules in a block, less what the drawing says already; else how large it is."""
        modules = [part] if part.path else [inner for inner in part.parts if inner.path]
        if not modules:
            return count_text(len(part.first), "operation")
        start, stop = part.first.index(modules[0].nodes[0]), part.first.index(modules[-1].nodes[0])
        first = self.facts.paths[part.first[start]][: len(modules[0].path)]
        last = self.facts.paths[part.last[stop]][: len(modules[-1].path)]
        ends = (path[len(within) :] if path[: len(within)] == within else path for path in (first, last))
        name = path_range(*ends)
        complete = part.path or len(modules) == len(part.parts) or name.endswith(ELLIPSIS)
        return name if complete else f"{name}, {ELLIPSIS}"

    def _shape(self, part: Part) -> str:
        """Shape of what comes out, after the first and after the last repetition."""
        first, last = self.facts.shapes[part.first[-1]], self.facts.shapes[part.last[-1]]
        return first if first == last else f"{first} {ELLIPSIS} {last}"

    def _summary(self, part: Part) -> str:
        """Tooltip of a block: where it is, and what it consists of."""
        names = Counter(self.graph.op_names[node] or "junction" for node in part.nodes)
        lines = [".".join(part.path)] if part.path else []
        lines.append(
            count_text(len(part.nodes), "operation")
            + (f" in {part.times} repetitions" if part.times > 1 else "")
        )
        lines += [f"{total:,.0f} {unit}" for total, unit in self.facts.totals(part.nodes)]
        lines += [f"{n} {TIMES} {name}" for name, n in names.most_common(MOST_FACTS)]
        return "\n".join(lines + [ELLIPSIS] * (len(names) > MOST_FACTS))


def _count(part: Part) -> str:
    """How often a part occurs, and how its repetitions are joined unless in a chain."""
    if part.times == 1:
        return ""
    return f"{TIMES}{part.times}" + ("" if part.joined == "chain" else f" {part.joined}")


def count_text(n: int, what: str) -> str:
    """A number with its noun.

    >>> count_text(1, "operation"), count_text(2000, "operation")
    ('1 operation', '2,000 operations')
    """
    return f"{n:,} {what}" + "s" * (n != 1)


def _fitted(box: Box) -> Box:
    """The box with a size in which its lines fit; circles have theirs."""
    if box.form not in ("operation", "block"):
        return box
    box = replace(box, second=shortened(box.second))
    first = text_width(box.text) + BADGE * bool(box.letter)
    first += (text_width(box.count) + COUNT_GAP) if box.count else 0
    width = max(first, text_width(box.second, SMALL)) + 16
    height = HALF_HEIGHT + SECOND_LINE * bool(box.second) + (2 if box.form == "block" else 0)
    return replace(box, half_width=width / 2, half_height=height)
