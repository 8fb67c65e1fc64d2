"""How wide a text is, and how it is made to fit."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from itertools import takewhile

__all__ = ["clean", "common_path", "path_range", "shortened", "shortened_path", "text_width"]

MOST_LETTERS = 28
ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
UNPRINTABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def text_width(text: str, size: float = 12) -> float:
    """Pixels that a text takes at most in the sans-serif fonts in use."""
    return size * sum(map(_share, text))


@cache
def _share(letter: str) -> float:
    """Width of a letter as a share of the font's size."""
    if unicodedata.combining(letter):
        return 0
    if unicodedata.east_asian_width(letter) in "WF":
        return 1.05
    if letter in "ijl.,:;|'!()[] ":
        return 0.4
    if letter in "mwMW@%":
        return 0.95
    return 0.72 if letter.isupper() or not letter.isascii() else 0.62


def shortened(text: str, most: int = MOST_LETTERS) -> str:
    """A text of at most so many letters, its end cut off."""
    return text if len(text) <= most else text[: most - 1] + ELLIPSIS


def shortened_path(path: str, most: int = MOST_LETTERS) -> str:
    """The end of a path that has at most so many letters, cut at a dot if that leaves a name.

    >>> shortened_path("features.denseblock1.denselayer1"), shortened_path("a" * 99, 5)
    ('…denseblock1.denselayer1', '…aaaa')
    """
    if len(path) <= most:
        return path
    end = path[1 - most :]
    return ELLIPSIS + (end.split(".", 1)[1] if "." in end[:-1] and not path[-most:].startswith(".") else end)


def clean(text: str) -> str:
    """A text with what XML cannot hold replaced."""
    return UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def common_path(paths: list[tuple[str, ...]]) -> tuple[str, ...]:
    """The longest module path that all of these start with."""
    pairs = zip(min(paths, default=()), max(paths, default=()), strict=False)
    return tuple(a for a, _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def path_range(first: tuple[str, ...], last: tuple[str, ...]) -> str:
    """A name for all modules from the first to the last; unless they form a series, of the first.

    >>> path_range(("layer1", "0"), ("layer1", "2")), path_range(("h", "0", "mlp"), ("h", "11", "mlp"))
    ('layer1.0\N{EN DASH}2', 'h.0\N{EN DASH}11.mlp')
    >>> path_range(("inception3a",), ("inception3b",)), path_range(("up",), ("down",))
    ('inception3a\N{EN DASH}b', 'up, …')
    """
    different = [i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b]
    if first == last:
        return ".".join(first)
    if len(first) == len(last) and len(different) == 1:
        place = different[0]
        ending = _ending(first[place], last[place])
        if ending:
            name = f"{first[place]}\N{EN DASH}{ending}"
            return ".".join([*first[:place], name, *first[place + 1 :]])
    return f"{'.'.join(first)}, {ELLIPSIS}"


def _ending(first: str, last: str) -> str:
    """From where on the last name differs from the first, numbers taken whole; "" if from the start on."""
    a, b = (re.findall(r"\d+|\D+", name) for name in (first, last))
    same = len(list(takewhile(lambda pair: pair[0] == pair[1], zip(a, b, strict=False))))
    return "".join(b[same:]) if same or last.isdigit() else ""
