"""What the page computes with: tables, figures and drawings as compressed JSON."""

from __future__ import annotations

import gzip
import json
import math
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

import pandas as pd
from plotly import graph_objects as go

from graf.report.summarize import Summary
from graf.report.words import ATTRIBUTES, words

__all__ = ["payload"]


def payload(
    summary: Summary,
    tables: Mapping[str, pd.DataFrame],
    figures: Mapping[str, go.Figure],
    labels: Mapping[str, str],
) -> str:
    """JSON of everything that the page draws from, gzip, base64.

    The numbers of its figures, cards and downloads are those of the tables.
    """
    known = list(tables["architectures"])[1 + 2 * len(summary.targets) :]
    content = {
        "tables": {name: _columns(table) for name, table in tables.items()},
        "figures": {name: json.loads(figure.to_json()) for name, figure in figures.items()},
        "cells": summary.cells,
        "n_features": len(summary.effects),
        "targets": [_target(summary, name, label) for name, label in labels.items()],
        "labels": {name: ATTRIBUTES.get(name) or words(name, ops=summary.ops) for name in known},
        "words": {name: words(name, ops=summary.ops) for name in summary.effects.index},
    }
    text = json.dumps(content, separators=(",", ":"), allow_nan=False)
    return b64encode(gzip.compress(text.encode(), mtime=0)).decode()


def _target(summary: Summary, name: str, label: str) -> dict[str, str]:
    return {"name": name, "label": label, **summary.metadata.loc[name, ["unit", "direction"]]}


def _columns(table: pd.DataFrame) -> dict[str, list[Any]]:
    """Names and values, column by column; null for what is missing."""
    return {
        "names": list(table.columns),
        "columns": [list(map(_plain, table[name].tolist())) for name in table],
    }


def _plain(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    return value
