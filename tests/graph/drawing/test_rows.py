"""Rows: compared with all ways to break a line."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graf.graph.drawing.rows import CROSSING, LAST, break_rows


def cost(rows, widths, crossings, width):
    total = 0
    for row in set(rows):
        used = sum(w for w, r in zip(widths, rows, strict=True) if r == row)
        if used > width and rows.count(row) > 1:
            return float("inf")
        empty = max(0, 1 - used / width) ** 2
        total += 1 + (LAST * empty if row == rows[-1] else empty)
    ends = [i for i in range(len(rows) - 1) if rows[i] != rows[i + 1]]
    return total + CROSSING * sum(crossings[i] for i in ends)


def all_breaks(n):
    for steps in product((0, 1), repeat=n - 1):
        rows = [0]
        for step in steps:
            rows.append(rows[-1] + step)
        yield rows


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 3)), min_size=1, max_size=7), st.integers(4, 20))
def test_costs_least_of_all(columns, width):
    widths, crossings = zip(*columns, strict=True)
    found = break_rows(widths, crossings, width)
    least = min(cost(rows, widths, crossings, width) for rows in all_breaks(len(widths)))
    assert cost(found, widths, crossings, width) == pytest.approx(least)


def test_what_fits_is_one_row():
    assert break_rows([3, 3, 3], [1, 1, 0], 9) == [0, 0, 0]


def test_a_row_ends_where_few_edges_cross():
    assert break_rows([3] * 6, [3, 3, 1, 3, 3, 0], 14) == [0, 0, 0, 1, 1, 1]
