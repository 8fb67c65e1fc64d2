"""How cells of NAS-Bench-101 are written: published text, NASLib's key, matrix and operations."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np

from graf.exceptions import ArchitectureError
from graf.spaces.parts.nasbench101_cells import EDGES, INNER, LAST, N_NODES, Edge
from graf.spaces.parts.notation import fault as fault_in
from graf.spaces.parts.notation import listed, literal

__all__ = [
    "EDGE_NUMBER",
    "KEYS",
    "NAMES",
    "N_CHOICES",
    "PUBLISHED",
    "SIZES",
    "read",
    "recognises",
    "write",
    "write_labellings",
    "write_matrix",
    "write_operations",
    "written_nodes",
]

PUBLISHED = {"maxpool3x3": "max_pool3x3", "conv1x1-bn-relu": "conv1x1", "conv3x3-bn-relu": "conv3x3"}
NAMES = ("input", "output", *PUBLISHED)  # in the order of NASLib's numbers
N_CHOICES = len(EDGES) + len(INNER)
EDGE_NUMBER = {edge: i for i, edge in enumerate(EDGES)}
SIZES = range(2, N_NODES + 1)
KEYS = {n * n + n: n for n in SIZES}  # number of nodes by the length of NASLib's key
PAIRS = (("module_adjacency", "module_operations"), ("matrix", "ops"))  # of records, of specifications
TEXT = re.compile(r"\s*[01]{2,7}([ \t]*\|[ \t]*[01]{2,7})+[ \t]*:")
KIND = "NAS-Bench-101 cell"

Fault = Callable[[int | tuple[int, int], str], ArchitectureError]  # at an operation or an entry


def write(choices: Sequence[int]) -> str:
    """The published text, without the inner nodes that `written_nodes` does not count."""
    nodes = [*range(written_nodes(choices) - 1), LAST]
    edges = {edge for edge, bit in zip(EDGES, choices, strict=False) if bit}
    return f"{write_matrix(nodes, edges)}:{write_operations(choices[len(EDGES) :][: len(nodes) - 2])}"


def write_matrix(nodes: Sequence[int], edges: Container[Edge]) -> str:
    """The rows of the adjacency matrix, joined by bars."""
    return "|".join("".join("01"[(u, v) in edges] for v in nodes) for u in nodes)


def write_labellings(n_nodes: int) -> list[str]:
    """All operations that cells of so many nodes can have, in the order of published labels."""
    labels = product(reversed(range(len(PUBLISHED))), repeat=n_nodes - 2)
    return [write_operations(options) for options in labels]


def write_operations(options: Sequence[int]) -> str:
    """The operations from input to output, joined by bars."""
    return "|".join([NAMES[0], *(NAMES[2 + option] for option in options), NAMES[1]])


def written_nodes(choices: Sequence[int]) -> int:
    """Number of nodes, without those before the output that have no edge and the first option."""
    used = {node for edge, bit in zip(EDGES, choices, strict=False) if bit for node in edge}
    used |= {node for node, option in zip(INNER, choices[len(EDGES) :], strict=True) if option}
    return max(used - {LAST}) + 2


def recognises(value: object) -> bool:
    """Whether it looks like one of the notations; a key of two nodes could be anything."""
    if isinstance(value, str):
        if not _in_brackets(value.strip()):
            return TEXT.match(value) is not None
        try:
            value = literal(KIND, value.strip())
        except ArchitectureError:
            return False
    values = _pair_or_key(value)
    if len(values) == 2:
        return _is_one_of(next(iter(listed(values[1])), None), NAMES[:1])
    n = KEYS.get(len(values), 2)
    if n == 2 or not all(_is_one_of(entry, range(len(NAMES))) for entry in values):
        return False
    return values[n * n] == 0 and values[-1] == 1 and not any(values[n * n - n : n * n])


def read(architecture: Any) -> tuple[Any, int]:
    """Choices, and the number of nodes written; what is in none of the notations comes back with 0."""
    if isinstance(architecture, str):
        text = architecture.strip()
        return read(literal(KIND, text)) if _in_brackets(text) else _read_text(text)
    values = _pair_or_key(architecture)
    if len(values) == 2:
        return _read_pair(*values)
    if len(values) in KEYS:
        return _read_key(values, KEYS[len(values)])
    return architecture, 0


def _pair_or_key(value: Any) -> list[Any]:
    """Matrix and operations of a pair, a published record or specification, or the entries of a key."""
    for names in PAIRS:
        if isinstance(value, Mapping) and all(name in value for name in names):
            return [value[name] for name in names]
        if all(hasattr(value, name) for name in names):
            return [getattr(value, name) for name in names]
    return listed(value)


def _in_brackets(text: str) -> bool:
    return text.startswith(("(", "["))


def _read_text(text: str) -> tuple[list[int], int]:
    end = len(text) - len(text.lstrip("01| \t"))
    if not text.startswith(":", end):
        raise fault_in(KIND, text, end, "0, 1, '|' or ':'")
    rows, operations = _pieces(text[:end], 0), _pieces(text[end + 1 :], end + 1)
    starts = [start for start, _ in operations] + [len(text)]

    def fault(place: int | tuple[int, int], expected: str) -> ArchitectureError:
        position = starts[place] if isinstance(place, int) else rows[place[0]][0] + place[1]
        return fault_in(KIND, text, position, expected)

    matrix = [[{"0": 0, "1": 1}.get(character, character) for character in row] for _, row in rows]
    return _assembled(matrix, [name for _, name in operations], NAMES, fault)


def _pieces(text: str, start: int) -> list[tuple[int, str]]:
    """What stands between bars, without blanks around it, and where it starts."""
    found = []
    for piece in text.split("|"):
        found.append((start + len(piece) - len(piece.lstrip()), piece.strip()))
        start += len(piece) + 1
    return found


def _fault(expected: str, place: str, got: object) -> ArchitectureError:
    return ArchitectureError(f"not a {KIND}: expected {expected} at {place}, got {got!r:.80}")


def _read_pair(matrix: Any, operations: Any) -> tuple[list[int], int]:
    rows, names = [listed(row) for row in listed(matrix)], listed(operations)

    def fault(place: int | tuple[int, int], expected: str) -> ArchitectureError:
        if isinstance(place, int):
            return _fault(expected, f"operation {place}", [*names, "nothing"][place])
        u, v = place
        return _fault(expected, f"row {u}, column {v}", [*rows[u], "nothing"][v] if rows else matrix)

    return _assembled(rows, names, NAMES, fault)


def _read_key(key: list[Any], n: int) -> tuple[list[int], int]:
    def fault(place: int | tuple[int, int], expected: str) -> ArchitectureError:
        entry = n * n + place if isinstance(place, int) else n * place[0] + place[1]
        return _fault(expected, f"entry {entry}", key[entry])

    rows = [key[n * u : n * u + n] for u in range(n)]
    return _assembled(rows, key[n * n :], range(len(NAMES)), fault)


def _assembled(
    rows: Sequence[Sequence[Any]], operations: Sequence[Any], names: Sequence[Any], fault: Fault
) -> tuple[list[int], int]:
    """The choices of a matrix and its operations, which are named as the input, the output and so on."""
    n = len(rows)
    if n not in SIZES:
        raise fault((0, 0), f"2 to {N_NODES} rows of 0 and 1")
    nodes, choices = [*range(n - 1), LAST], [0] * N_CHOICES
    for u, row in enumerate(rows):
        for v in range(n):
            if v >= len(row) or not _is_one_of(row[v], (0, 1) if u < v else (0,)):
                raise fault((u, v), "0 or 1" if u < v else "0 on and below the diagonal")
            if row[v]:
                choices[EDGE_NUMBER[nodes[u], nodes[v]]] = 1
        if len(row) > n:
            raise fault((u, n), f"no more than {n} entries in a row")
    for i in range(n):
        allowed = names[:1] if i == 0 else names[1:2] if i == n - 1 else names[2:]
        if i >= len(operations) or not _is_one_of(operations[i], allowed):
            raise fault(min(i, len(operations)), " or ".join(map(repr, allowed)))
        if 0 < i < n - 1:
            choices[len(EDGES) + i - 1] = allowed.index(operations[i])
    if len(operations) > n:
        raise fault(n, f"no more than {n} operations")
    return choices, n


def _is_one_of(value: object, allowed: Sequence[object]) -> bool:
    return isinstance(value, (int, str, np.integer)) and value in allowed
