"""graf predicts how a neural architecture will do from readable features of its graph.

The public names and packages are loaded when they are first used, so that `import graf` is fast.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from graf.datasets import Dataset, load_dataset
    from graf.explainers import Explanation, explain
    from graf.features import GraphFeatures
    from graf.graph import ComputationGraph, GraphBatch
    from graf.ops import OpSet
    from graf.predictors import PerformancePredictor, load_predictor
    from graf.proxies import ZeroCostProxies
    from graf.report import write_report
    from graf.searchers import Constraint, Search, SearchResult, improve, search
    from graf.sources import read_graph
    from graf.spaces import get_space

__version__ = "0.1.0"

_HOME = {
    "ComputationGraph": "graf.graph",
    "Constraint": "graf.searchers",
    "Dataset": "graf.datasets",
    "Explanation": "graf.explainers",
    "GraphBatch": "graf.graph",
    "GraphFeatures": "graf.features",
    "OpSet": "graf.ops",
    "PerformancePredictor": "graf.predictors",
    "Search": "graf.searchers",
    "SearchResult": "graf.searchers",
    "ZeroCostProxies": "graf.proxies",
    "explain": "graf.explainers",
    "get_space": "graf.spaces",
    "improve": "graf.searchers",
    "load_dataset": "graf.datasets",
    "load_predictor": "graf.predictors",
    "read_graph": "graf.sources",
    "search": "graf.searchers",
    "write_report": "graf.report",
}

__all__ = [  # noqa: RUF022 - the order of a first session
    "load_dataset",
    "Dataset",
    "get_space",
    "read_graph",
    "ComputationGraph",
    "GraphBatch",
    "OpSet",
    "GraphFeatures",
    "ZeroCostProxies",
    "PerformancePredictor",
    "load_predictor",
    "explain",
    "Explanation",
    "improve",
    "search",
    "Search",
    "SearchResult",
    "Constraint",
    "write_report",
]


_PACKAGES = (
    "datasets", "exceptions", "explainers", "features", "graph", "measure", "ops", "predictors", "proxies", "report",
    "searchers", "sources", "spaces",
)  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _PACKAGES:
        return import_module(f"graf.{name}")
    if name not in _HOME:
        raise AttributeError(f"module 'graf' has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME, *_PACKAGES})
