"""Fidelities: accuracies that are known before training ends, and what they cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import nan
from typing import Any

import pandas as pd

from graf.datasets.schema import checked, entries, flag, number, text, texts

__all__ = ["FidelityRule", "fidelity_facts", "fidelity_metadata", "fidelity_rules"]

FACTS = ("epochs", "checkpoint", "protocol")


@dataclass(frozen=True)
class FidelityRule:
    """What is known of the early results whose columns match a pattern.

    Parameters
    ----------
    columns : names or patterns.
    epochs : of training until then, NaN if not stated.
    checkpoint : whether training goes on from it to the target, so that it costs nothing where
        the target is measured; False for a shorter training of its own.
    protocol : in words.
    """

    columns: tuple[str, ...] = ()
    epochs: float = nan
    checkpoint: bool = False
    protocol: str = ""


def fidelity_facts(facts: object, where: str) -> dict[str, Any]:
    """The checked fields of one entry, only those that are stated."""
    return checked(facts, {"columns": texts, "epochs": number, "checkpoint": flag, "protocol": text}, where)


def fidelity_rules(value: Any, where: str) -> tuple[FidelityRule, ...]:
    """The entries of a description."""
    return tuple(FidelityRule(**facts) for facts in entries(value, where, fidelity_facts))


def fidelity_metadata(rules: Mapping[str, FidelityRule]) -> pd.DataFrame:
    """What is known of each fidelity: epochs, checkpoint, protocol."""
    index = pd.Index(list(rules), name="fidelity", dtype=str)
    facts = pd.DataFrame([asdict(rule) for rule in rules.values()], index=index, columns=FACTS)
    return facts.astype({"epochs": float, "checkpoint": bool})
