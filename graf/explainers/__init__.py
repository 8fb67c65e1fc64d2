"""Which properties drove a prediction: SHAP values of fitted predictors."""

from graf.explainers.attribution import explain
from graf.explainers.explanation import Explanation

__all__ = ["Explanation", "explain"]
