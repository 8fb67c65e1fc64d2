"""Proxies: columns about architectures that come beside their graphs, from a table or a transformer."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone

from graf.exceptions import InputError
from graf.searchers.domains import Domain, plain_name
from graf.searchers.parameters import described, filled

__all__ = ["Proxies"]

FITTED_ON = 100  # candidates, where proxies are a transformer that learns


class Proxies:
    """Further columns of architectures.

    Parameters
    ----------
    given : a DataFrame indexed by architecture, in any notation of its space; a transformer such as
        `ZeroCostProxies`, which is fitted on some candidates of the domain; None for no columns.
    domain : where candidates come from.
    """

    def __init__(self, given: Any, domain: Domain) -> None:
        _check(given)
        self.given, self.domain = given, domain
        self._fitted: Any = None
        names = given.index if isinstance(given, pd.DataFrame) else ()
        rows = reversed(list(enumerate(names)))  # of several that are the same architecture, the first counts
        self._rows = {plain_name(domain.space, name): row for row, name in rows}

    def __bool__(self) -> bool:
        return self.given is not None

    def columns(self, architectures: list[str]) -> pd.DataFrame:
        """A row per architecture, in their order."""
        if not isinstance(self.given, pd.DataFrame):
            found = self._transformer().transform(architectures)
            return found if isinstance(found, pd.DataFrame) else pd.DataFrame(found).add_prefix("proxy:")
        rows = [self._rows.get(plain_name(self.domain.space, name)) for name in architectures]
        missing = [name for name, row in zip(architectures, rows, strict=True) if row is None]
        if missing:
            raise InputError(
                f"`proxies` lack {len(missing)} architectures that are searched: {missing[0]!r:.200}"
            )
        return self.given.iloc[rows].set_axis(architectures)

    def _transformer(self) -> Any:
        """Fitted once for the space that is searched, on candidates that do not depend on what was asked."""
        if self._fitted is None:
            unfitted = filled(clone(self.given), "space", self.domain.space)
            drawn = self.domain.sample(FITTED_ON, np.random.default_rng(0))
            self._fitted = unfitted.fit(list(dict.fromkeys(self.domain.architectures(drawn))))
        return self._fitted

    @property
    def description(self) -> str | None:
        """What a checkpoint knows them by."""
        if not isinstance(self.given, pd.DataFrame):
            return None if self.given is None else described(self.given)
        digest = hashlib.sha256(pd.util.hash_pandas_object(self.given).to_numpy().tobytes())
        return f"{list(self.given)}, {digest.hexdigest()[:16]}"


def _check(proxies: Any) -> None:
    if proxies is None or (hasattr(proxies, "fit") and hasattr(proxies, "transform")):
        return
    if not isinstance(proxies, pd.DataFrame):
        raise InputError(
            "`proxies` must be a DataFrame indexed by architecture, or a transformer such as"
            f" ZeroCostProxies(['snip']), got {proxies!r:.60}"
        )
    if not proxies.index.is_unique:
        again = proxies.index[proxies.index.duplicated()][0]
        raise InputError(f"`proxies` have several rows of {again!r:.200}; give one each")
    try:
        proxies.to_numpy(np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"`proxies` must hold numbers alone ({error}); leave out the other columns"
        ) from None
