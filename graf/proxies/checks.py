"""What `ZeroCostProxies` asks of its settings, checked before any network is run."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from math import isfinite
from typing import Any

import numpy as np
import torch

from graf.checks import is_whole
from graf.exceptions import InputError
from graf.proxies.plan import Settings
from graf.proxies.registry import Proxy

__all__ = ["check_writable", "read_device", "read_jobs", "read_settings", "recorded"]


def read_device(name: str) -> torch.device:
    """The device of a name, with its number; "auto" is a GPU where there is one."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.empty(0, device=name).device
    except (RuntimeError, AssertionError, TypeError) as error:
        reason = str(error).partition("\n")[0]
        raise InputError(
            f"`device` must be 'auto' or a device of torch, got {name!r}: {reason:.200}"
        ) from None
    if device.type == "meta":
        raise InputError("`device` must be one that computes values, got 'meta'")
    return device


def read_jobs(n_jobs: int | None) -> int | None:
    """The number of processes, None where it is to be measured."""
    if n_jobs is None:
        return None
    if not is_whole(n_jobs) or n_jobs == 0:
        raise InputError(f"`n_jobs` must be None, a positive integer, or -1 for one per core, got {n_jobs!r}")
    return int(n_jobs) if n_jobs > 0 else max(1, (os.cpu_count() or 1) + 1 + int(n_jobs))


def read_settings(given: Settings | None, proxies: list[Proxy]) -> Settings:
    """Keywords of proxies by their names, all known, and numbers where numbers are wanted."""
    known = {proxy.name: proxy.settings for proxy in proxies}
    numbers = {proxy.name: proxy.numbers for proxy in proxies}
    if not isinstance(given or {}, Mapping):
        raise InputError(f"`settings` must be dictionaries by proxy, got {given!r:.60}")
    for name, values in (given or {}).items():
        if not isinstance(values, Mapping):
            raise InputError(f"`settings` must be dictionaries by proxy, got {values!r:.60} for {name!r}")
        for keyword, value in values.items():
            if keyword not in known.get(name, ()):
                raise InputError(
                    f"`settings` of {name!r} has {keyword!r}; known for the asked proxies:"
                    f" {({n: s for n, s in known.items() if s}) or 'none'}"
                )
            if keyword in numbers[name] and not (value is None or _is_finite(value)):
                raise InputError(
                    f"`settings` of {name!r}: {keyword!r} must be a finite number, got {value!r:.60}"
                )
    return given or {}


def recorded(settings: Settings) -> dict[str, dict[str, Any]]:
    """Settings as they are written into files, numbers of numpy as those of Python."""
    return {
        proxy: {name: v.item() if isinstance(v, np.generic) else v for name, v in values.items()}
        for proxy, values in settings.items()
    }


def check_writable(settings: dict[str, dict[str, Any]]) -> None:
    """`InputError` unless JSON can hold the settings."""
    try:
        json.dumps(settings)
    except (TypeError, ValueError):
        raise InputError(
            "`settings` are written into the file of `cache` and must be numbers, texts or lists of them,"
            f" got {settings!r:.200}; leave `cache` out"
        ) from None


def _is_finite(value: Any) -> bool:
    return isinstance(value, (int, float, np.number)) and not isinstance(value, bool) and isfinite(value)
