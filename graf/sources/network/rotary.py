"""Rotary positions, written out as products with cosines and sines."""

from __future__ import annotations

from collections.abc import Iterator

from graf.sources.network.patterns import TURNING, bare, behind, pairs, plain, source, through
from graf.sources.network.step import FIXED, Network, Step

__all__ = ["recognise_rotary"]

ANGLES = (
    "constant",
    "sin",
    "cos",
    "trigonometric",
    "gather",
    "embedding",
    "input",
)  # what gives cosines and sines


def recognise_rotary(network: Network) -> None:
    """Products with cosines and sines of positions, added up, are one rotary embedding.

    They are written in four ways:

    - a tensor times cosines, plus its halves swapped times sines (Su et al., RoFormer, 2021);
    - the same half by half;
    - pairs as complex numbers, times numbers of length one (Touvron et al., LLaMA, 2023);
    - each number of a pair times a column of the pair's rotation (FLUX).
    """
    for step in network:
        if step.op == "add":
            _rotate_whole(step)
            _rotate_pairs(step)
        elif step.op == "multiply":
            _rotate_complex(step)
        elif step.op == "concat" and len(step.reads) == 2:
            _rotate_halves(step)


def _rotate_whole(step: Step) -> None:
    for straight, cosine, swapped, sine in _summed_products(step):
        turned = through(swapped).op == "concat" and source(swapped) is source(straight)
        if turned and source(cosine) is not source(straight):
            step.become("rotary", [straight, cosine, sine])
            return


def _rotate_pairs(step: Step) -> None:
    for first, column, second, other in _summed_products(step):
        pair, turns = source(first), [source(column), source(other)]
        sizes = [(read.shape or ())[-1:] for read in (first, second, column, other)]
        if pair is first or source(second) is not pair or sizes != [(1,), (1,), (2,), (2,)]:
            continue
        if pair not in turns and not any(turn.op == "weight" for turn in turns):
            step.become("rotary", [pair, *turns])
            return


def _summed_products(step: Step) -> Iterator[tuple[Step, Step, Step, Step]]:
    """The factors of the two products that a step adds up, each in both orders, with axes in any order."""
    products = [behind(read, TURNING) for read in step.reads]
    if len(products) == 2 and all(product.op == "multiply" for product in products):
        for one in pairs(products[0]):
            for other in pairs(products[1]):
                yield *one, *other


def _rotate_halves(step: Step) -> None:
    halves = [through(read) for read in step.reads]
    products = [bare(read) for half in halves for read in half.reads]
    if any(product.op != "multiply" or len(product.reads) != 2 for product in products):
        return
    kinds = sorted(half.op for half in halves)
    if kinds != ["add", "subtract"] and not (kinds == ["add", "add"] and _has_negative(products)):
        return
    first, last = products[0].reads, products[-1].reads
    for operand in map(bare, first):
        behind = source(operand)
        if operand is not behind and any(source(read) is behind for read in last):
            turns = {id(source(read)): read for product in products for read in product.reads}
            turns.pop(id(behind))
            if _tell_angles(list(turns.values())):
                step.become("rotary", [behind, *turns.values()])
                return


def _tell_angles(turns: list[Step]) -> bool:
    """Whether they are cosines and sines, not a filter or mask of complex numbers, trained, computed or given."""
    given = [turn for turn in turns if source(turn).op == "input"]
    return bool(turns) and len(given) != 1 and all(map(_tells_angles, turns))


def _tells_angles(step: Step) -> bool:
    turn = source(plain(step))
    return turn.op in ANGLES or (turn.op == "concat" and all(map(_tells_angles, turn.reads)))


def _has_negative(products: list[Step]) -> bool:
    """Whether a factor is minus another one."""
    factors = [bare(factor) for product in products for factor in product.reads]
    behind = [factor.reads[0] for factor in factors if factor.op in ("negate", *FIXED) and factor.reads]
    return any(bare(step) is factor for step in behind for factor in factors)


def _rotate_complex(step: Step) -> None:
    for pairs_of_numbers, turn in pairs(step):
        turns = through(turn).op == "trigonometric" or turn.op == "constant"
        if pairs_of_numbers.settings.get("complex") and turns and turn.scalar is None:
            step.become("rotary", [through(pairs_of_numbers), turn])
            return
