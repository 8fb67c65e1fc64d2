"""Products in Einstein's notation: what their letters stand for, and the products of two that they are made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from graf.sources.network.patterns import through
from graf.sources.network.step import FIXED, Step

__all__ = ["axes_of", "operands_of", "products", "sizes_of"]

Sizes = dict[str | int, int]
Make = Callable[..., Step]


def operands_of(equation: str) -> tuple[list[str], str]:
    """The letters of each operand, and those of the output: without an arrow those that occur once, in order."""
    given, arrow, kept = equation.replace(" ", "").partition("->")
    once = sorted(letter for letter in given if letter.isalpha() and given.count(letter) == 1)
    return given.split(","), kept if arrow else "..." + "".join(once)


def axes_of(letters: str, n: int) -> list[str | int]:
    """What the n axes of an operand are called; those of an ellipsis are counted from its last one."""
    before, _, after = letters.partition("...")
    return [*before, *range(len(before) + len(after) - n, 0), *after]


def sizes_of(*operands: tuple[str, Step]) -> Sizes:
    """How long the axes of operands with these letters are; the longest where they are broadcast."""
    sizes: Sizes = {}
    for letters, step in operands:
        shape = step.shape or ()
        for axis, size in zip(axes_of(letters, len(shape)), shape, strict=False):
            sizes[axis] = max(size, sizes.get(axis, 0))
    return sizes


def products(equation: str, operands: Sequence[Step], make: Make) -> Step:
    """The first two operands multiplied, then what they give and the third, and so on, as PyTorch does it.

    Axes that one operand alone has are summed up before; where none is summed up behind, the product is
    one of elements.

    Parameters
    ----------
    equation : as `einsum` takes it, with the letters of every operand.
    operands : the steps that are multiplied.
    make : gives a step for an operation, what it reads, its shape (None if it is unknown) and its settings.
    """
    if any(step.shape is None for step in operands):
        return make("matmul", list(operands), None, equation=equation)
    given, kept = operands_of(equation)
    letters, found = given[0], operands[0]
    for i, (own, step) in enumerate(zip(given[1:], operands[1:], strict=True), 2):
        after = kept + "".join(given[i:])
        first = _summed(letters, found, own + after, make)
        second = _summed(own, step, letters + after, make)
        letters = kept if i == len(given) else _needed(first[0] + second[0], after)
        found = _product(first, second, letters, make)
    if len(operands) > 1:
        return found
    op = "transpose" if set(letters) <= set(kept) else "sum"
    return make(op, [found], _shape(kept, sizes_of((letters, found))))


def _needed(letters: str, others: str) -> str:
    """The letters that are among others, each once, behind an ellipsis if it is."""
    own = dict.fromkeys(letter for letter in letters if letter in others)
    return ("..." if own.pop(".", own) is None else "") + "".join(own)


def _summed(letters: str, step: Step, others: str, make: Make) -> tuple[str, Step]:
    """An operand without the axes that nothing else has."""
    if set(letters) <= set(others):
        return letters, step
    kept = _needed(letters, others)
    return kept, make("sum", [step], _shape(kept, sizes_of((letters, step))))


def _product(first: tuple[str, Step], second: tuple[str, Step], kept: str, make: Make) -> Step:
    """The product of two operands with their letters."""
    (one, a), (other, b) = first, second
    sizes = sizes_of(first, second)
    shape = _shape(kept, sizes)
    if set(one + other) <= set(kept):
        return make("multiply", [a, b], shape)
    inner = _rows_by_columns(one, other, kept) if through(a).op not in FIXED else kept
    product = make("matmul", [a, b], _shape(inner, sizes), equation=f"{one},{other}->{inner}")
    return product if inner == kept else make("transpose", [product], shape)


def _rows_by_columns(one: str, other: str, kept: str) -> str:
    """The letters of a product in the order of a product of matrices, if each operand has one axis of its own.

    Then those of both come first: attention is told by the axes of its products.
    """
    rows, columns = ([letter for letter in kept if letter not in more] for more in (other, one))
    if len(rows) != 1 or len(columns) != 1 or "." in rows + columns:
        return kept
    both = [letter for letter in kept if letter not in (".", *rows, *columns)]
    return "".join(("..." if "." in kept else "", *both, *rows, *columns))


def _shape(letters: str, sizes: Sizes) -> tuple[int, ...]:
    n = len(letters.replace(".", "")) + sum(isinstance(axis, int) for axis in sizes)
    return tuple(sizes[axis] for axis in axes_of(letters, n if "." in letters else len(letters)))
