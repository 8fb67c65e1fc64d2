"""Breaking a long line of columns into rows, as a paragraph is broken into lines."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["break_rows"]

CROSSING = 0.2  # what an edge over the end of a row costs, in rows
LAST = 0.3  # what the emptiness of the last row costs, beside that of another


def break_rows(widths: Sequence[float], crossings: Sequence[int], width: float) -> list[int]:
    """Row of each column, such that rows are few, full, and crossed by few edges.

    Least total cost over all breaks (Knuth and Plass, 1981): a row costs 1 and the square of
    its empty share, the last row less of it; `crossings[i]` edges go from columns up to
    i to later ones. A column wider than a row gets one of its own. O(columns^2).
    """
    n = len(widths)
    best, start = [0.0] + [float("inf")] * n, [0] * (n + 1)
    for stop in range(1, n + 1):
        used = 0.0
        for first in reversed(range(stop)):
            used += widths[first]
            if used > width and first < stop - 1:
                break
            empty = max(0.0, 1 - used / width) ** 2
            cost = best[first] + 1 + (empty + CROSSING * crossings[stop - 1] if stop < n else LAST * empty)
            if cost < best[stop]:
                best[stop], start[stop] = cost, first
    row, stop, firsts = [0] * n, n, []
    while stop:
        firsts.append(start[stop])
        stop = start[stop]
    for number, first in enumerate(reversed(firsts)):
        row[first:] = [number] * (n - first)
    return row
