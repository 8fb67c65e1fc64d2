"""Predictors: from readable features to the performance of architectures, and how good they are."""

from graf.predictors.evaluation import evaluate, summary
from graf.predictors.free_rows import free_rows
from graf.predictors.metrics import kendall_tau, mae, r2, score, spearman, top_k_regret
from graf.predictors.models import MODELS
from graf.predictors.persistence import load_predictor
from graf.predictors.predictor import PerformancePredictor

__all__ = [
    "MODELS",
    "PerformancePredictor",
    "evaluate",
    "free_rows",
    "kendall_tau",
    "load_predictor",
    "mae",
    "r2",
    "score",
    "spearman",
    "summary",
    "top_k_regret",
]
