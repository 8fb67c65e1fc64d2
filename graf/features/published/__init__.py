"""The columns of the published GRAF code: their names, and what they hold in graf's terms.

Sources: Kadlecová et al., GRAF, ICML 2024, and its two releases, `zc_combine` (experiments of
the paper) and `graf_nas` (the later package). One file per kind of space; sentinels stand in for
the missing length where no path exists.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from graf.exceptions import InputError, check_known
from graf.features.columns import Column
from graf.features.published import darts, edge_cells, nasbench101, transnas_macro
from graf.features.published.column import PublishedColumn
from graf.spaces import SearchSpace, get_space

__all__ = ["VARIANTS", "PublishedColumn", "published_columns", "published_name"]

Columns = Callable[[SearchSpace], Iterator[PublishedColumn]]
VARIANTS: dict[str, dict[str, Columns]] = {
    "zc_combine": {
        "nasbench201": edge_cells.zc_combine,
        "transnas_micro": edge_cells.zc_combine,
        "nasbench101": nasbench101.zc_combine,
        "darts": darts.zc_combine,
        "transnas_macro": transnas_macro.zc_combine,
    },
    "graf_nas": {"nasbench201": edge_cells.graf_nas, "transnas_micro": edge_cells.graf_nas},
    "paper": {"nasbench201": edge_cells.paper, "transnas_micro": edge_cells.paper},
}


def published_columns(space: SearchSpace | str, variant: str) -> list[PublishedColumn]:
    """All columns of a release for a space, in its order."""
    space = get_space(space)
    check_known("published variant", variant, VARIANTS)
    spaces = VARIANTS[variant]
    if space.name not in spaces:
        raise InputError(
            f"compat={variant!r} reproduces the published features of {', '.join(spaces)}, got {space.name}"
        )
    return list(spaces[space.name](space))


def published_name(column: Column | str, variant: str, space: SearchSpace | str = "nasbench201") -> str:
    """The published name of one of graf's columns.

    Raises `UnknownNameError` if the release has no such column.

    Examples
    --------
    >>> published_name("min_path_len(none+conv3x3+conv1x1+avg_pool3x3)", "zc_combine")
    'min_path_len_banned_[0]'
    """
    names = {str(c.column): c.name for c in published_columns(space, variant) if c.column is not None}
    check_known(f"column of {variant}", str(column), names)
    return names[str(column)]
