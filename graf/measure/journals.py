"""The journals of measurements: their files, and what one result is known by."""

from __future__ import annotations

from graf.journal import JournalKind

__all__ = ["LATENCY", "RECIPES", "RUNS"]

RUNS = JournalKind("runs.jsonl", ("architecture", "seed"))
RECIPES = JournalKind("recipes.jsonl", ("architecture", "recipe", "seed"))
LATENCY = JournalKind("latency.jsonl", ("round", "architecture"))
