"""What spaces of a normal and a reduction cell share: notation and stages of the network."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from operator import index
from typing import Any, NamedTuple

from graf.exceptions import ArchitectureError
from graf.spaces.parts.costs import Shape
from graf.spaces.parts.notation import fault, shown

__all__ = ["CELLS", "CONVOLUTION", "OPERATIONS", "Edge", "Layer", "Reader", "Stage", "stages", "text_of"]

CELLS = ("normal", "reduce")
OPERATIONS = {
    "max_pool_3x3": "max_pool3x3",
    "avg_pool_3x3": "avg_pool3x3",
    "skip_connect": "skip",
    "sep_conv_3x3": "sep_conv3x3",
    "sep_conv_5x5": "sep_conv5x5",
    "dil_conv_3x3": "dil_conv3x3",
    "dil_conv_5x5": "dil_conv5x5",
}
CONVOLUTION = re.compile(r"(sep|dil)_conv([0-9])x[0-9]")
BLANKS = re.compile(r"\s*")
CLOSING = {"[": "]", "(": ")", "{": "}"}


class Edge(NamedTuple):
    """An operation of a cell: what it reads (0 and 1 are the cell's inputs), and its inner node."""

    op: str
    source: int
    node: int


class Stage(NamedTuple):
    """One cell of the network: which of the two, and the shapes of its inputs and inner nodes."""

    kind: str
    inputs: Shape  # as the operations read them
    inner: Shape

    @property
    def stride(self) -> int:
        """Stride of the operations that read an input of the cell."""
        return 1 + CELLS.index(self.kind)


class Layer(NamedTuple):
    """One cell of the network, and the shapes of the two tensors that it is given."""

    stage: Stage
    sources: tuple[Shape, Shape]


def stages(n_cells: int, channels: int, input_shape: Sequence[int]) -> Iterator[Stage]:
    """The cells of a network; those after one and two thirds of it reduce.

    A reduction cell doubles the channels and halves the resolution.

    Examples
    --------
    >>> [stage.kind for stage in stages(4, 16, (3, 32, 32))]
    ['normal', 'reduce', 'reduce', 'normal']
    """
    shape = Shape(channels, *input_shape[1:])
    for i in range(n_cells):
        reduces = i in (n_cells // 3, 2 * n_cells // 3)
        inputs = shape._replace(channels=shape.channels * (1 + reduces))
        shape = inputs.after(inputs.channels, stride=1 + reduces)
        yield Stage(CELLS[reduces], inputs, shape)


def text_of(architecture: Any, fields: Sequence[str]) -> str:
    """The JSON text of a genotype given as nested sequences, a dict, or an object with `fields`.

    Examples
    --------
    >>> text_of(((0, 1), range(2)), ())
    '[[0, 1], [0, 1]]'
    """
    if hasattr(architecture, "normal"):
        architecture = {name: getattr(architecture, name) for name in fields if hasattr(architecture, name)}
    try:
        return json.dumps(architecture, default=_plain)
    except (TypeError, ValueError, RecursionError):
        raise ArchitectureError(f"expected a genotype, got {shown(architecture)}") from None


def _plain(value: Any) -> Any:
    if isinstance(value, range):
        return list(value)
    return value.tolist() if hasattr(value, "tolist") else index(value)


def _end(bracket: str) -> str:
    """The pattern of a closing bracket, before which a comma may stand as in source code."""
    return rf"(?:,\s*)?{re.escape(bracket)}"


@cache
def _words(known: tuple[str, ...], mark: str) -> str:
    words = "|".join(sorted(map(re.escape, known), key=len, reverse=True))
    return rf"(?P<mark>{mark})({words})(?P=mark)"


class Reader:
    """Reads a text piece by piece; at what does not fit it raises an error that shows the place.

    Blanks between pieces are skipped, and so is a comma after the last of several; square and round
    brackets are equal, if they match.

    Examples
    --------
    >>> reader = Reader("(1, 'skip')", "cell")
    >>> reader.group(lambda: reader.number(2, "0 or 1"), lambda: reader.word(["skip"]))
    [1, 'skip']
    """

    def __init__(self, text: str, kind: str) -> None:
        self.text, self.kind, self.position = text, kind, 0

    def fault(self, expected: str, position: int | None = None) -> ArchitectureError:
        """The error for what stands at a position, by default the next one."""
        return fault(self.kind, self.text, self.place if position is None else position, expected)

    @property
    def place(self) -> int:
        """Position of the next piece."""
        match = BLANKS.match(self.text, self.position)
        return self.position if match is None else match.end()

    def sees(self, pattern: str) -> bool:
        """Whether a pattern comes next."""
        return re.compile(pattern).match(self.text, self.place) is not None

    def take(self, pattern: str, expected: str) -> str:
        """The text of a pattern, or its last group, which has to come next."""
        match = re.compile(pattern).match(self.text, self.place)
        if match is None:
            raise self.fault(expected)
        self.position = match.end()
        return match[match.lastindex or 0]

    def end(self) -> None:
        """Nothing may follow."""
        self.take(r"\Z", "the end")

    def number(self, limit: int, expected: str) -> int:
        """A whole number below a limit."""
        position = self.place
        number = int(self.take(r"[0-9]{1,9}(?![0-9.])", expected))
        if number >= limit:
            raise self.fault(expected, position)
        return number

    def word(self, known: Sequence[str], mark: str = r"['\"]") -> str:
        """One of the known words, between marks."""
        return self.take(_words(tuple(known), mark), f"one of {', '.join(known)}")

    def group(self, *parts: Callable[[], Any]) -> list[Any]:
        """The given parts, in brackets and with commas between them."""
        closing = CLOSING[self.take(r"[\[(]", "'['")]
        values = []
        for i, part in enumerate(parts):
            if i:
                self.take(",", "','")
            values.append(part())
        self.take(_end(closing), repr(closing))
        return values

    def sequence(self, part: Callable[[], Any]) -> list[Any]:
        """Any number of parts, in brackets and with commas between them."""
        closing = re.escape(CLOSING[self.take(r"[\[(]", "'['")])
        values: list[Any] = []
        while not self.sees(closing):
            values.append(part())
            if not self.sees(closing):
                self.take(",", "','")
        self.take(closing, "the end of the list")
        return values

    def record(self, parts: Mapping[str, Callable[[], Any]], call: str = "{") -> dict[str, Any]:
        """Parts by name in any order: a JSON object or dict, or `call` such as "Genotype("."""
        opening = self.take(rf"\{{|{re.escape(call)}", repr(call))
        closing = _end(CLOSING[opening[-1]])
        named, mark = ("=", "") if opening.endswith("(") else (":", r"['\"]")
        missing, values = list(parts), dict[str, Any]()
        while missing and not (values and self.sees(closing)):
            if values:
                self.take(",", "','")
            name = self.word(missing, mark)
            missing.remove(name)
            self.take(named, repr(named))
            values[name] = parts[name]()
        self.take(closing, "the end")
        return values
