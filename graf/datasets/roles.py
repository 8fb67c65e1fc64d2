"""Which columns of a table are targets, proxies, recipes and fidelities."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeVar

import pandas as pd

from graf.datasets.description import Description, TargetRule, expand, matches, target_facts
from graf.datasets.fidelities import FidelityRule, fidelity_facts
from graf.datasets.schema import texts

__all__ = ["Roles", "assign_roles"]

Rule = TypeVar("Rule", TargetRule, FidelityRule)


@dataclass(frozen=True)
class Roles:
    """Targets and fidelities with what is known of them, in order, proxies and recipe columns.

    No column has two roles; all other columns are info.
    """

    targets: Mapping[str, TargetRule] = field(default_factory=dict)
    proxies: Sequence[str] = ()
    recipes: Sequence[str] = ()
    fidelities: Mapping[str, FidelityRule] = field(default_factory=dict)

    def assigned(self, role: str, columns: Any) -> Roles:
        """These columns in a role, and no others; they lose the role that they had."""
        others = {name: _without(own, columns) for name, own in vars(self).items()}
        return Roles(**others | {role: columns})


def _without(columns: Any, chosen: Any) -> Any:
    if isinstance(columns, Mapping):
        return {name: rule for name, rule in columns.items() if name not in chosen}
    return [name for name in columns if name not in chosen]


def assign_roles(
    description: Description, table: pd.DataFrame, targets: Any, proxies: Any, fidelities: Any
) -> Roles:
    """Roles by the description, and where they are given by the arguments.

    Parameters
    ----------
    targets, fidelities : names or patterns of columns, or a mapping of these to what is known of
        them; None leaves it to the description.
    proxies : names or patterns of columns; None leaves it to the description.
    """
    columns = [name for name in table.columns if name not in description.architecture]
    usable = [name for name in columns if _is_numeric(table[name])] if description.guess else columns
    roles = _described(description, usable)
    if proxies is not None:
        roles = roles.assigned("proxies", expand(texts(proxies, "`proxies`"), columns))
    if fidelities is not None:
        rule_of = partial(_rule, description)
        early = _chosen(rule_of, fidelities, columns, facts_of=fidelity_facts, what="fidelities")
        roles = roles.assigned("fidelities", early)
    if targets is not None:
        known = _chosen(description.rule, targets, columns, facts_of=target_facts, what="targets")
        roles = roles.assigned("targets", known)
    return roles


def _described(description: Description, columns: Sequence[str]) -> Roles:
    fidelities = _by_rule(description.fidelities, columns)
    free = [n for n in columns if not matches(n, description.info) and n not in fidelities]
    recipes = [name for name in free if matches(name, description.recipes)]
    proxies = [name for name in free if matches(name, description.proxies) and name not in recipes]
    targets = _by_rule(description.targets, [n for n in free if n not in proxies and n not in recipes])
    return Roles(targets, proxies, recipes, fidelities)


def _by_rule(rules: Sequence[Rule], columns: Sequence[str]) -> dict[str, Rule]:
    """Columns by the order of the rules, each with the first that has it."""
    found: dict[str, Rule] = {}
    for rule in rules:
        for name in columns:
            if matches(name, rule.columns):
                found.setdefault(name, rule)
    return found


def _rule(description: Description, column: str) -> FidelityRule:
    return _by_rule(description.fidelities, [column]).get(column, FidelityRule((column,)))


def _chosen(
    rule_of: Callable[[str], Rule],
    given: Any,
    columns: Sequence[str],
    *,
    facts_of: Callable[[object, str], dict[str, Any]],
    what: str,
) -> dict[str, Rule]:
    stated = given if isinstance(given, Mapping) else {}
    chosen: dict[str, Rule] = {}
    for pattern in texts(list(stated) or given, f"`{what}`"):
        facts = facts_of(stated.get(pattern, {}), f"`{what}[{pattern!r}]`")
        for name in expand([pattern], columns):
            chosen.setdefault(name, replace(rule_of(name), **facts))
    return chosen


def _is_numeric(column: pd.Series) -> bool:
    dtype = column.dtype
    number = pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_bool_dtype(dtype)
    number |= pd.api.types.infer_dtype(column, skipna=True) == "decimal"  # as databases write them
    return number and bool(column.notna().any())
