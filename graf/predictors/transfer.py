"""TransferRegressor: a target with few labels, helped by others measured on more architectures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted

from graf.predictors.auto import AutoRegressor
from graf.predictors.jackknife import width_that_holds
from graf.predictors.repeats import folds_apart, number_of_row, row_keys

__all__ = ["TransferRegressor"]

Floats = NDArray[np.float64]
PENALTIES = np.logspace(-2, 4, 25)
MOST_FOLDS = 20
SMALLEST = 1e-6  # error of a part that makes none, beside the other's
SHARPNESS = 2  # of errors, so that the better part counts for most


class TransferRegressor(RegressorMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A mixture of a target's own model and a ridge regression on the predictions of other targets.

    A few labels say how a new device relates to known ones long before they say how it relates
    to architectures (few-shot transfer as in HELP: Lee et al., 2021, and MultiPredict: Akhauri and
    Abdelfattah, 2023; here without a network to train). Both parts are weighed by the inverse
    square of their mean squared errors on labels that they did not see, so that targets that
    tell nothing count little.

    Parameters
    ----------
    own : unfitted regressor of the target from the columns.
    helpers : fitted regressors of other targets from the same columns, by name, with `rows_` and `unseen_` as below.

    Attributes
    ----------
    rows_ : the training rows, (n, n_columns).
    unseen_ : prediction (n,) of each training row by parts that did not see its label.
    own_ : the fitted regressor.
    ridge_ : pipeline of a scaler and a `RidgeCV` on the helpers' predictions.
    weight_ : of the own model, between 0 and 1; the rest is the ridge regression's.
    """

    def __init__(self, own: AutoRegressor, helpers: Mapping[str, Any]) -> None:
        self.own = own
        self.helpers = helpers

    def fit(self, X: Floats, y: Floats) -> Self:
        """Learn from rows (n, n_columns) and labels (n,)."""
        self.n_features_in_ = X.shape[1]
        self.rows_ = X
        self.own_ = clone(self.own).fit(X, y)
        others = np.column_stack([_unseen(helper, X) for helper in self.helpers.values()])
        ridge = make_pipeline(StandardScaler(), RidgeCV(PENALTIES))
        with np.errstate(invalid="ignore"):  # from one row, all penalties predict its label
            folds = folds_apart(number_of_row(X), MOST_FOLDS, self.own.random_state)
            told = cross_val_predict(ridge, others, y, cv=folds)
        unseen = np.stack([self.own_.unseen_, told])
        self.ridge_ = ridge.fit(others, y)
        errors = np.mean((unseen - y) ** 2, axis=1)
        errors = np.maximum(errors / (errors.max() or 1.0), SMALLEST)
        shares = errors**-SHARPNESS / np.sum(errors**-SHARPNESS)
        self.weight_ = float(shares[0])
        self.unseen_ = shares @ unseen
        self._misses = np.sort(np.abs(self.unseen_ - y))
        return self

    def _predicted(self, X: Floats) -> Floats:
        return np.column_stack([helper.predict(X) for helper in self.helpers.values()])

    def coefficients(self) -> tuple[float, dict[str, float], float]:
        """Weight of the own model, of each helper, and what is added: the prediction as a sum."""
        check_is_fitted(self, "ridge_")
        scaler, ridge = self.ridge_[0], self.ridge_[-1]
        slopes = (1 - self.weight_) * ridge.coef_ / scaler.scale_
        constant = (1 - self.weight_) * ridge.intercept_ - slopes @ scaler.mean_
        return self.weight_, dict(zip(self.helpers, slopes.tolist(), strict=True)), float(constant)

    def predict(self, X: Floats) -> Floats:
        """Predictions (n,) of rows (n, n_columns)."""
        check_is_fitted(self, "ridge_")
        own, others = self.own_.predict(X), self.ridge_.predict(self._predicted(X))
        return self.weight_ * own + (1 - self.weight_) * others

    def predict_with_width(self, X: Floats, coverage: float) -> tuple[Floats, Floats]:
        """Predictions (n,), and half the width (n,) that holds a share `coverage` of unseen labels, the same for all."""
        mean = self.predict(X)
        return mean, np.full(len(mean), width_that_holds(self._misses, coverage))

    def novelty(self, X: Floats) -> Floats:
        """The least novelty (n,) that any helper sees, since one that knows the rows is enough."""
        return np.min([helper.novelty(X) for helper in self.helpers.values()], axis=0)


def _unseen(helper: Any, X: Floats) -> Floats:
    """Predictions (n,) of rows, for those that the helper learned from as if it had not: it knows new ones no better."""
    unseen = dict(zip(row_keys(helper.rows_), helper.unseen_, strict=True))
    answers = zip(row_keys(X), helper.predict(X), strict=True)
    return np.array([unseen.get(key, answer) for key, answer in answers])
