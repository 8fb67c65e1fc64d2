"""Shared passes beside one pass per proxy: how much cheaper, and whether values are equal.

    python experiments/proxy_speed.py [results/proxy_speed.json]

Nine NAS-Bench-201 cells as networks of 16 channels and 5 cells per stage, batches of 32 digits, one
thread. Eight proxies of one initialisation, and those with SWAP and zen, each together and then one by
one, for each network in turn; processor time. The one-by-one way is graf's own, which copies no
network; the published libraries copy it for every proxy. Values are compared on smaller networks in
float64 (to 1e-12) and here in float32. The bare runs of the networks that a set needs are timed beside it: what
is left is graf's own time, with the proxies' algebra. SWAP looks at the batch and zen at noise, twice, so that
they share weights but no run.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from _provenance import output_path, write_json

import graf

EIGHT = ["l2_norm", "snip", "plain", "grad_norm", "fisher", "nwot", "jacov", "epe_nas"]
SETS = {"eight": EIGHT, "eight_and_grasp": [*EIGHT, "grasp"], "zen_and_swap": ["zen", "swap"]}
RUNS = {"eight": (1, 2), "zen_and_swap": (3, 0)}  # forwards and backwards
N, BATCH = 9, 32


def main(out: Path) -> None:
    """Time both ways and write the figures as JSON."""
    torch.set_num_threads(1)
    space = graf.get_space("nasbench201")
    cells = [cell for cell in space.sample(2 * N, seed=0) if space.graph(cell).connected][:N]
    modules = [space.model(cell) for cell in cells]
    found: dict[str, Any] = {"torch": torch.__version__, "networks": N, "batch_size": BATCH, "threads": 1}
    small = graf.get_space("nasbench201", channels=4, cells_per_stage=1, input_shape=(3, 8, 8))
    for name, names in SETS.items():
        shared, alone, difference = compared(names, modules)
        in_double = [small.model(cell) for cell in cells[:3]]
        found[name] = {
            "proxies": names,
            "shared_seconds_per_network": shared / N,
            "one_by_one_seconds_per_network": alone / N,
            "times_cheaper": alone / shared,
            "largest_relative_difference_float32": difference,
            "largest_relative_difference_float64": compared(names, in_double, dtype="float64")[2],
        }
        if name in RUNS:
            found[name]["bare_runs_seconds_per_network"] = bare(modules, *RUNS[name]) / N
        print(name, json.dumps(found[name], indent=1), flush=True)
    write_json(found, out)


def compared(
    names: list[str], modules: list[torch.nn.Module], dtype: str = "float32"
) -> tuple[float, float, float]:
    """Seconds together, seconds one by one, and the largest relative difference of a value."""
    side = 32 if dtype == "float32" else 8

    def proxies(names: list[str]) -> graf.ZeroCostProxies:
        return graf.ZeroCostProxies(
            names, "cpu", batch_size=BATCH, input_shape=(3, side, side), dtype=dtype
        ).fit(modules)

    together, single = proxies(names), [proxies([name]) for name in names]
    together.transform(modules[:1])  # what is done once
    shared = alone = difference = 0.0
    for module in modules:
        started = time.process_time()
        table = together.transform([module])
        between = time.process_time()
        one_by_one = pd.concat([each.transform([module]) for each in single], axis=1)
        shared, alone = shared + between - started, alone + time.process_time() - between
        difference = max(difference, float((np.abs(table - one_by_one) / np.abs(one_by_one)).max(axis=None)))
    return shared, alone, difference


def bare(modules: list[torch.nn.Module], forwards: int, backwards: int) -> float:
    """Seconds of the networks' own runs, of backwards by weights and inputs together."""
    x = torch.randn(BATCH, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    x.requires_grad_(backwards > 0)
    started = time.process_time()
    for module in modules:
        module.train()
        with torch.set_grad_enabled(backwards > 0):
            for _ in range(forwards):
                output = module(x).sum()
        for left in range(backwards, 0, -1):
            by = list(module.parameters()) if left > 1 else [x]
            torch.autograd.grad(output, by, retain_graph=left > 1, allow_unused=True)
    return time.process_time() - started


if __name__ == "__main__":
    main(output_path("results/proxy_speed.json"))
