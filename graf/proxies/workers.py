"""How many networks to look at side by side, by measurement."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from math import ceil

import torch
from torch.profiler import ProfilerActivity, profile

__all__ = ["enough", "workers"]

START = 10.0  # seconds that a process may take until its first network


def workers(run: Callable[[], object], n_items: int, device: torch.device) -> int:
    """Processes for networks of which `run` computes one.

    One on a CPU, whose cores torch uses already. Small networks leave a GPU idle while the next
    operation is made ready, so that several processes share one; `run` is called three times there, but
    once where networks are too few for processes to pay.
    """
    if device.type != "cuda" or n_items == 1:
        return 1
    if n_items * _seconds(run, device) <= START:  # with what is done once
        return 1
    seconds = _seconds(run, device)
    with profile(activities=[ProfilerActivity.CUDA]) as seen:
        _seconds(run, device)
    busy = sum(event.self_device_time_total for event in seen.key_averages()) / 1e6
    return enough(seconds, busy, n_items, os.cpu_count() or 1)


def enough(seconds: float, busy: float, n_items: int, cores: int) -> int:
    """Processes that keep a device busy, if starting them pays.

    Parameters
    ----------
    seconds, busy : of one network, and in which the device computed.
    n_items : networks.
    cores : the most processes.

    Examples
    --------
    >>> enough(seconds=0.08, busy=0.02, n_items=1000, cores=16), enough(0.08, 0.02, 100, 16)
    (4, 1)
    """
    n = min(cores, n_items, ceil(seconds / max(busy, 1e-9)))
    saved = n_items * seconds * (1 - 1 / n)
    return n if saved > START else 1


def _seconds(run: Callable[[], object], device: torch.device) -> float:
    torch.cuda.synchronize(device)
    started = time.perf_counter()
    run()
    torch.cuda.synchronize(device)
    return time.perf_counter() - started
