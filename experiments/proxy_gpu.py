"""The thirteen proxies of NAS-Bench-Suite-Zero on a GPU: networks per second beside the published way.

    python experiments/proxy_gpu.py [results/proxy_gpu.json]

NAS-Bench-201 cells as networks of 16 channels and 5 cells per stage, batches of 64 digits. The published way
(`_published_proxies.py`) and graf in one process see the same networks; graf in more processes sees more of them, so that
starting the processes, which is timed too, does not hide their speed. Utilisation is the device's own, sampled ten
times a second. In float32, and with weights and inputs in bfloat16 beside the ranks of float32. Runs on a CPU, too.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from _provenance import output_path, write_json
from _published_proxies import one_by_one
from proxy_speed import EIGHT
from scipy.stats import spearmanr

import graf
from graf.proxies.batch import batches_of, digits
from graf.proxies.evaluation import CHUNK
from graf.proxies.transformer import PUBLISHED

DRAWN = {"zen"}  # from random numbers, which differ
BATCH, N_ALONE = 64, int(os.environ.get("N_ALONE", "16"))
N_MANY, JOBS = int(os.environ.get("N_MANY", "256")), (4, 16)
STARTED, SECONDS = time.monotonic(), float(os.environ.get("SECONDS", "420"))
START = 15.0  # seconds in which processes start


def main(out: Path) -> None:
    """Time all ways and write the figures as JSON."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    space = graf.get_space("nasbench201")
    cells = [cell for cell in space.sample(2 * N_MANY, seed=0) if space.graph(cell).connected][:N_MANY]
    name = torch.cuda.get_device_name() if device.type == "cuda" else "CPU"
    found: dict[str, Any] = {
        "torch": torch.__version__,
        "device": name,
        "cores": os.cpu_count(),
    }
    found |= {"batch_size": BATCH, "networks_alone": N_ALONE, "networks_many": N_MANY}
    for label, names in {"eight": EIGHT, "thirteen": list(PUBLISHED)}.items():
        found[label] = {}
        for way, figures in compared(names, cells, space, device):
            found[label][way] = figures
            print(label, way, json.dumps(figures), flush=True)
            write_json(found, out)
    few = cells[
        : min(N_MANY // 2, within(left(), found["thirteen"]["graf, 1 process"]["networks_per_second"], 6))
    ]
    if few:
        found["bfloat16"] = precision(few, device)
        print(json.dumps(found["bfloat16"], indent=1))
        write_json(found, out)


def compared(
    names: list[str], cells: list[str], space: graf.SearchSpace, device: torch.device
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Networks per second and utilisation of every way, as they come, and how far values are apart."""
    few = cells[:N_ALONE]
    batch = batches_of(digits((3, 32, 32)), BATCH, seed=0)[0].to(device, torch.float32)
    alone = transformer(names, few, n_jobs=1)
    alone.transform(few[:2])
    one_by_one(names, space.model(few[0], seed=0).to(device), batch.first, batch.labels)  # warm
    theirs, until = [], left() / 12
    with timed(device) as published:
        for cell in few:
            theirs.append(one_by_one(names, space.model(cell, seed=0).to(device), batch.first, batch.labels))
            if left() < 11 * until:
                break
    few = few[: len(theirs)]
    with timed(device) as single:
        ours = alone.transform(few)
    base = per_second(published, len(few), 1.0)
    yield "published", base
    yield "median_relative_difference", difference(ours, theirs)
    figures = per_second(single, len(few), base["networks_per_second"])
    yield "graf, 1 process", figures
    speed = figures["networks_per_second"]
    for n_jobs in (None, *JOBS):
        if n_jobs is None or n_jobs <= (os.cpu_count() or 1):
            many = cells[: within(left() / 4, speed, 2)]
            if len(many) >= CHUNK * (n_jobs or 1):  # each process has a share of them
                way = f"graf, {'measured number of' if n_jobs is None else n_jobs} processes"
                with timed(device) as first:
                    transformer(names, many, n_jobs=n_jobs).transform(many)
                with timed(device) as again:
                    transformer(names, many, n_jobs=n_jobs).transform(many)
                figures = per_second(again, len(many), base["networks_per_second"])
                speed = max(speed, figures["networks_per_second"])
                yield way, figures | {"networks": len(many), "seconds_with_start": first["seconds"]}


def left() -> float:
    """Seconds until this must have ended."""
    return STARTED + SECONDS - time.monotonic()


def within(seconds: float, speed: float, times: int) -> int:
    """How many networks are computed so many times in these seconds at no more than this speed."""
    return max(0, int((seconds - START) * speed / times))


def transformer(names: list[str], cells: list[str], **options: Any) -> graf.ZeroCostProxies:
    """graf's proxies with the batch of this study."""
    return graf.ZeroCostProxies(names, space="nasbench201", batch_size=BATCH, **options).fit(cells)


def difference(ours: Any, theirs: list[dict[str, float]]) -> dict[str, float]:
    """Median over networks, of each proxy that draws nothing."""
    found = {}
    for name in ours.columns.difference(list(DRAWN)):
        reference = np.array([values[name] for values in theirs])
        found[name] = float(np.nanmedian(np.abs(ours[name] - reference) / np.abs(reference)))
    return found


def precision(few: list[str], device: torch.device) -> dict[str, Any]:
    """Speed in bfloat16, and rank correlation with float32 and of float32 with float64."""
    tables = {
        dtype: transformer(list(PUBLISHED), few, dtype=dtype) for dtype in ("float64", "float32", "bfloat16")
    }
    values, seconds = {}, {}
    for dtype, proxies in tables.items():
        with timed(device) as clock:
            values[dtype] = proxies.transform(few)
        seconds[dtype] = clock["seconds"]

    def ranks(a: str, b: str) -> dict[str, float]:
        return {
            name: float(spearmanr(values[a][name], values[b][name], nan_policy="omit").statistic)
            for name in PUBLISHED
        }

    return {
        "networks": len(few),
        "networks_per_second": {dtype: len(few) / s for dtype, s in seconds.items()},
        "rank_correlation_with_float32": ranks("bfloat16", "float32"),
        "rank_correlation_of_float32_with_float64": ranks("float32", "float64"),
    }


@contextmanager
def timed(device: torch.device) -> Iterator[dict[str, Any]]:
    """Wall seconds of the block, and the mean share of time in which the device computed."""
    found: dict[str, Any] = {}
    samples: list[int] = []
    done = threading.Event()

    def sample() -> None:
        while not done.wait(0.1):
            samples.append(torch.cuda.utilization())

    watcher = threading.Thread(target=sample, daemon=True)
    if device.type == "cuda":
        torch.cuda.synchronize()
        watcher.start()
    started = time.perf_counter()
    yield found
    if device.type == "cuda":
        torch.cuda.synchronize()
    found["seconds"] = time.perf_counter() - started
    done.set()
    found["utilisation_percent"] = float(np.mean(samples)) if samples else None


def per_second(clock: dict[str, Any], n: int, base: float) -> dict[str, Any]:
    """What a clock says of `n` networks, and how many times faster than `base` that is."""
    speed = n / clock["seconds"]
    found = {"networks_per_second": speed, "utilisation_percent": clock["utilisation_percent"]}
    return found if base == 1.0 else found | {"times_published": speed / base}


if __name__ == "__main__":
    main(output_path("results/proxy_gpu.json"))
