"""Which properties drove a prediction: SHAP values of fitted predictors."""

from graf.explainers.attribution import explain
from graf.explainers.explanation import Explanation
from graf.explainers.importances import compare_importances
from graf.explainers.tree_shap import TreeShap

__all__ = ["Explanation", "TreeShap", "compare_importances", "explain"]
