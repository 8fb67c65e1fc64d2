"""The one place where shap is imported."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

__all__ = ["quiet_shap"]


@contextmanager
def quiet_shap() -> Iterator[ModuleType]:
    """The shap library, without its warnings about the libraries that it uses itself."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import shap

        yield shap
