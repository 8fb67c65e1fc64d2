"""Time of one forward pass, measured so that drift hits all architectures alike."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from graf.journal import Journal
from graf.measure.checks import check_repeats
from graf.measure.digits import digits
from graf.measure.journals import LATENCY
from graf.measure.machine import machine
from graf.measure.threads import one_thread
from graf.spaces import SearchSpace
from graf.spaces.torch_models.state import plain_defaults

__all__ = ["run_latency"]

REPETITIONS = {1: 40, 64: 12}
WARM_UP = 2
CHUNK = 256


def run_latency(
    space: SearchSpace,
    architectures: Sequence[str],
    folder: Path,
    *,
    rounds: int = 9,
    progress: bool = True,
    seed: int = 0,
) -> Journal:
    """Median milliseconds of a forward pass for batch 1 and 64; results land in `latency.jsonl`.

    In every round each architecture is visited once, in an order drawn from the seed and the
    round, and its median over a few calls is taken, on one thread and without gradients. So a
    machine that slows down for a minute slows one round of all architectures, not all rounds of
    one. All models are held in memory. Finished pairs of round and architecture are skipped
    when the call is repeated; on another machine the journal refuses, as times would mix.
    """
    settings = {
        "space": space.name,
        **asdict(space),
        "seed": seed,
        "repetitions": {str(batch): n for batch, n in REPETITIONS.items()},
        "machine": machine(),
    }
    journal = Journal(folder, LATENCY, settings)
    check_repeats(journal, "round", range(rounds), architectures)
    visits = _visits(architectures, rounds, seed)
    todo = journal.missing(visits)
    with plain_defaults():
        models = {a: space.model(a).eval() for a in dict.fromkeys(a for _, a in todo)}
        batches = {size: digits()["test"].x[:size] for size in REPETITIONS}
    initial = len(visits) - len(todo)
    bar = tqdm(desc="latency", unit="visit", total=len(visits), initial=initial, disable=not progress)
    with bar, one_thread(), torch.inference_mode():
        for start in range(0, len(todo), CHUNK):
            chunk = todo[start : start + CHUNK]
            journal.extend([_visit(models[a], batches, round_, a) for round_, a in chunk])
            bar.update(len(chunk))
    return journal


def _visits(architectures: Sequence[str], rounds: int, seed: int) -> list[tuple[int, str]]:
    """Pairs (round, architecture): every round in an order of its own."""
    orders = [np.random.default_rng((seed, r)).permutation(len(architectures)) for r in range(rounds)]
    return [(r, architectures[i]) for r, order in enumerate(orders) for i in order.tolist()]


def _visit(model: nn.Module, batches: dict[int, Tensor], round_: int, architecture: str) -> dict[str, Any]:
    times = {f"b{size}_ms": _milliseconds(model, x, REPETITIONS[size]) for size, x in batches.items()}
    return {"round": round_, "architecture": architecture, **times}


def _milliseconds(model: nn.Module, x: Tensor, repetitions: int) -> float:
    """Median time of a call, after calls that only warm caches."""
    times = []
    for _ in range(WARM_UP + repetitions):
        started = time.perf_counter_ns()
        model(x)
        times.append(time.perf_counter_ns() - started)
    return median(times[WARM_UP:]) / 1e6
