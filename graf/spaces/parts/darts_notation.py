"""How DARTS genotypes are written: as DARTS prints them, as JSON, and NASLib's compact form."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache, partial
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from graf.spaces.parts.genotype import CELLS, OPERATIONS, Reader

__all__ = ["FIELDS", "N_EDGES", "PUBLISHED", "SOURCES", "read", "read_all", "recognises", "write"]

KIND = "DARTS genotype"
PUBLISHED = {**OPERATIONS, "none": "none"}
NAMES = tuple(PUBLISHED)
NASLIB_IDS = len(OPERATIONS)  # NASLib has none for `none`
FIELDS = ("normal", "normal_concat", "reduce", "reduce_concat")
N_EDGES = 8  # of a cell
SOURCES = tuple(2 + edge // 2 for edge in range(N_EDGES))  # how many nodes each edge can read

TWO_WORDS = r"""['"][^'"]*['"]\s*,\s*['"]"""  # as in lists of names, which are of other spaces
BEGINNING = re.compile(
    rf"""Genotype\(|\{{\s*['"](normal|reduce)\b|[\[(]\s*[\[(]\s*([\[(]|(?!{TWO_WORDS})['"])"""
)
NESTED = r"[\[(]\s*[\[(]\s*[\[(]"
CONCAT = r"(?:range\(\s*2\s*,\s*6\s*\)|[\[(]\s*2\s*,\s*3\s*,\s*4\s*,\s*5\s*,?\s*[\])])"
DIGITS = {**{str(i): str(i) for i in range(10)}, **{name: str(i) for i, name in enumerate(NAMES)}}


def write(choices: Sequence[int]) -> str:
    """The genotype as DARTS prints it."""
    named = [(NAMES[op], source) for source, op in zip(choices[::2], choices[1::2], strict=True)]
    cells = zip(CELLS, (named[:N_EDGES], named[N_EDGES:]), strict=True)
    return f"Genotype({', '.join(f'{name}={cell}, {name}_concat=range(2, 6)' for name, cell in cells)})"


def recognises(value: Any) -> bool:
    """Whether it looks like one of the notations, as text or as Python objects."""
    if isinstance(value, str):
        return BEGINNING.match(value.lstrip()) is not None and "_output" not in value
    if isinstance(value, dict) or hasattr(value, "normal"):
        return _has(value, "normal") and not _has(value, "normal_output")
    return _listed(value, len(CELLS)) and all(_listed(cell, N_EDGES) for cell in value)


def _has(value: Any, name: str) -> bool:
    return name in value if isinstance(value, dict) else hasattr(value, name)


def _listed(value: Any, length: int) -> bool:
    return isinstance(value, (tuple, list, np.ndarray)) and np.iterable(value) and len(value) == length


def read(text: str) -> tuple[int, ...]:
    """The choices of a genotype; the error shows the place where it goes wrong."""
    found = read_all([text])
    rows = _canonical(_read_cells(Reader(text, KIND))) if found is None else found
    return tuple(rows[0].tolist())


def _read_cells(reader: Reader) -> list[Any]:
    """The edges [input, operation] of both cells, piece by piece."""
    named = _cell(reader, _named_edge)
    if not reader.sees(r"[\[(]"):
        concat = partial(reader.take, CONCAT, "range(2, 6)")
        found = reader.record(dict(zip(FIELDS, (named, concat) * 2, strict=True)), "Genotype(")
        if not set(CELLS) <= set(found):
            raise reader.fault("`normal` and `reduce` in it", 0)
        cells = [found[name] for name in CELLS]
    elif reader.sees(r"[\[(]\s*[\[(]\s*['\"]"):
        cells = [named(), reader.take(":", "':'") and named()]
    else:
        compact = _cell(reader, _numbered_edge)
        cells = reader.group(compact, compact)
    reader.end()
    return cells


def _cell(reader: Reader, edge: Callable[[Reader, int], list[int]]) -> Callable[[], Any]:
    """The reader of eight edges, or of four nodes with two edges each."""
    edges = [partial(edge, reader, n) for n in SOURCES]
    nodes = [partial(reader.group, *edges[i : i + 2]) for i in range(0, N_EDGES, 2)]

    def read() -> list[Any]:
        if reader.sees(NESTED):
            return list(chain.from_iterable(reader.group(*nodes)))
        return reader.group(*edges)

    return read


def _named_edge(reader: Reader, n_sources: int) -> list[int]:
    op, source = reader.group(partial(reader.word, NAMES), _source(reader, n_sources))
    return [source, NAMES.index(op)]


def _numbered_edge(reader: Reader, n_sources: int) -> list[int]:
    op = partial(reader.number, NASLIB_IDS, f"an operation from 0 to {NASLIB_IDS - 1}")
    return reader.group(_source(reader, n_sources), op)


def _source(reader: Reader, n_sources: int) -> Callable[[], int]:
    return partial(reader.number, n_sources, f"an input from 0 to {n_sources - 1}")


def _canonical(edges: ArrayLike) -> NDArray[np.int32]:
    """Choices (n, 32) of (input, operation) of all edges, the two of a node in ascending order."""
    pairs = np.asarray(edges, np.int32).reshape(-1, N_EDGES, 2, 2)  # of the nodes of both cells
    codes = np.sort(pairs[..., 0] * len(NAMES) + pairs[..., 1], axis=-1)
    return np.stack(np.divmod(codes, len(NAMES)), axis=-1).reshape(-1, 4 * N_EDGES)


def read_all(texts: Sequence[str]) -> NDArray[np.int32] | None:
    """The choices (n, 32) of valid texts that share a usual layout, or None if they do not."""
    layout = next((layout for layout in _layouts() if layout.fullmatch(texts[0])), None)
    if layout is None:
        return None
    matches = [layout.fullmatch(text) for text in texts]
    if None in matches:
        return None
    digits = "".join([DIGITS.get(part, "?") for match in matches if match for part in match.groups()])
    edges = np.frombuffer(digits.encode(), np.uint8).reshape(-1, 2 * N_EDGES, 2) - ord("0")
    numbered = texts[0].lstrip("[(")[0].isdigit()
    if not numbered:
        edges = edges[..., ::-1]  # the operation stands first
    legal = (edges[..., 0] < SOURCES * 2) & (edges[..., 1] < (NASLIB_IDS if numbered else len(NAMES)))
    return _canonical(edges) if legal.all() else None


@cache
def _layouts() -> list[re.Pattern[str]]:
    """The notations as they are usually printed, to read many at once."""
    name, digit = "([a-z][a-z_0-9]*)", "([0-9])"
    named, listed = _joined(rf"\('{name}', {digit}\)"), _joined(rf'\["{name}", ?{digit}\]')
    printed = "Genotype\\(" + ", ".join(f"{cell}={named}, {cell}_concat={CONCAT}" for cell in CELLS) + "\\)"
    pairs = [rf"\[{digit}, ?{digit}\]", rf"\({digit}, ?{digit}\)"]
    lists = [rf"\[{_joined(pair)}, ?{_joined(pair)}\]" for pair in pairs]
    tuples = rf"\({_joined(pairs[1], '()')}, ?{_joined(pairs[1], '()')}\)"
    return [re.compile(layout) for layout in (printed, f"{listed}:{listed}", *lists, tuples)]


def _joined(edge: str, brackets: str = "[]") -> str:
    return rf"\{brackets[0]}{', ?'.join([edge] * N_EDGES)}\{brackets[1]}"
