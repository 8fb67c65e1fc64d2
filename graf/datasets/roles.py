"""Which columns of a table are targets and which are proxies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from graf.datasets.description import Description, TargetRule, expand, matches, target_facts
from graf.datasets.schema import texts

__all__ = ["Roles", "assign_roles"]


@dataclass(frozen=True)
class Roles:
    """Targets with what is known of them, in order, and proxies; all other columns are info."""

    targets: Mapping[str, TargetRule]
    proxies: Sequence[str]

    def with_proxies(self, proxies: Iterable[str]) -> Roles:
        """These proxies instead; what was a target and is now a proxy is no target."""
        chosen = list(proxies)
        return Roles({name: rule for name, rule in self.targets.items() if name not in chosen}, chosen)

    def with_targets(self, targets: Mapping[str, TargetRule]) -> Roles:
        """These targets instead; what was a proxy and is now a target is no proxy."""
        return Roles(targets, [name for name in self.proxies if name not in targets])


def assign_roles(description: Description, table: pd.DataFrame, targets: Any, proxies: Any) -> Roles:
    """Roles by the description, and where they are given by the arguments.

    Parameters
    ----------
    targets : names or patterns of columns, or a mapping of these to what is known of them
        (kind, unit, direction, ...); None leaves it to the description.
    proxies : names or patterns of columns; None leaves it to the description.
    """
    columns = [name for name in table.columns if name not in description.architecture]
    usable = [name for name in columns if _is_numeric(table[name])] if description.guess else columns
    roles = _described(description, usable)
    if proxies is not None:
        roles = roles.with_proxies(expand(texts(proxies, "`proxies`"), columns))
    if targets is not None:
        roles = roles.with_targets(_chosen(description, targets, columns))
    return roles


def _described(description: Description, columns: Sequence[str]) -> Roles:
    free = [name for name in columns if not matches(name, description.info)]
    proxies = [name for name in free if matches(name, description.proxies)]
    targets: dict[str, TargetRule] = {}
    for rule in description.targets:
        hits = [name for name in free if matches(name, rule.columns) and name not in proxies]
        targets |= {name: rule for name in hits if name not in targets}
    return Roles(targets, proxies)


def _chosen(description: Description, targets: Any, columns: Sequence[str]) -> dict[str, TargetRule]:
    stated = targets if isinstance(targets, Mapping) else {}
    chosen: dict[str, TargetRule] = {}
    for pattern in texts(list(stated) or targets, "`targets`"):
        facts = target_facts(stated.get(pattern, {}), f"`targets[{pattern!r}]`")
        for name in expand([pattern], columns):
            chosen.setdefault(name, replace(description.rule(name), **facts))
    return chosen


def _is_numeric(column: pd.Series) -> bool:
    dtype = column.dtype
    number = pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_bool_dtype(dtype)
    return number and bool(column.notna().any())
