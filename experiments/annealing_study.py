"""Boltzmann machines over energy barriers: where should the chains of training begin?

    python experiments/annealing_study.py [results]

After Korenkevych et al., Benchmarking quantum hardware for training of fully visible Boltzmann
machines (2016), with simulated annealing in the place of the quantum annealer. The truth is a
machine of 16 or 20 binary units in groups of four that hold together: to turn a group over, two
of its units must differ from the other two, an energy barrier of 1 (low) or 10 (high) in units of
temperature. Machines are trained on 1,000 samples of it, with chains that begin at the data (cd),
where they ended (pcd), or at an annealer's samples, and are moved by k Gibbs sweeps; `exact` has
independent exact samples instead. The figure is the exact divergence from the truth: the
log-likelihood that a machine lacks on new data, in nats per sample.
"""

from __future__ import annotations

from importlib.metadata import version
from itertools import product
from pathlib import Path
from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from _provenance import output_path, write_json
from _resuming import completed

from graf.files import atomic_path
from graf.searchers.boltzmann import Annealer, BoltzmannMachine, exact_sample, log_probabilities, train

GROUP = 4
BARRIERS = {"low": 1.0, "high": 10.0}
SEEDS = {16: range(10), 20: range(3)}  # by number of units
KINDS, SWEEPS = ("cd", "pcd", "annealer"), (0, 1, 5, 20, 50)
SAMPLES, CHAINS, STEPS, RATE = 1000, 200, 200, 0.2
NOTED = (25, 50, 100, 200)  # steps at which the divergence is computed
KEY = ["units", "barrier", "chains", "sweeps", "seed"]
COLOURS = {"cd": "#d95f02", "pcd": "#7570b3", "annealer": "#1b9e77"}


class Exact(Annealer):
    """Independent samples of the exact distribution, which only small machines have."""

    def sample(self, machine: BoltzmannMachine, n: int, seed: int = 0) -> np.ndarray:
        """By enumeration."""
        return exact_sample(machine, n, seed)


def truth(units: int, barrier: float, seed: int) -> BoltzmannMachine:
    """Groups of four units that like to agree, one link of random sign between each two groups."""
    rng, n = np.random.default_rng(seed), units // GROUP
    # a group split in half has 4 pairs that disagree, and a pair that disagrees costs twice its coupling
    spins = np.kron(np.eye(n), 1 - np.eye(GROUP)) * barrier / 4 / 2
    for a, b in zip(*np.triu_indices(n, 1), strict=True):
        i, j = GROUP * a + rng.integers(GROUP), GROUP * b + rng.integers(GROUP)
        spins[i, j] = spins[j, i] = 0.5 * rng.choice([-1.0, 1.0])
    biases = np.kron(rng.normal(0, 0.05, units), [-1, 1])
    return BoltzmannMachine((2,) * units, biases, np.kron(spins, [[1, -1], [-1, 1]]))


def run(units: int, barrier: str, chains: str, sweeps: int, seed: int) -> pd.DataFrame:
    """One training: a row per noted step."""
    machine = truth(units, BARRIERS[barrier], seed)
    data = exact_sample(machine, SAMPLES, seed)
    log_p = log_probabilities(machine)
    keys = dict(zip(KEY, (units, barrier, chains, sweeps, seed), strict=True))
    rows: list[dict[str, object]] = []
    spent, started = 0.0, perf_counter()

    def note(step: int, model: BoltzmannMachine) -> None:
        nonlocal spent, started
        if step in NOTED:
            spent += perf_counter() - started
            log_q = log_probabilities(model)
            lacking = float((np.exp(log_p) * (log_p - log_q)).sum())
            likelihood = float(log_q[tuple(data.T)].mean())
            figures = {"divergence": lacking, "log_likelihood": likelihood, "seconds": spent}
            rows.append({**keys, "step": step, **figures})
            started = perf_counter()

    kind = Exact() if chains == "exact" else chains
    settings = {"sweeps": sweeps, "steps": STEPS, "n_chains": CHAINS, "learning_rate": RATE}
    train(data, machine.cardinalities, kind, **settings, seed=seed, callback=note)
    return pd.DataFrame(rows)


def main(folder: Path) -> None:
    """Run what is missing, and write table, figures and picture."""
    kinds = [("exact", 0), *product(KINDS, SWEEPS)]
    machines = [(units, seed) for units, seeds in SEEDS.items() for seed in seeds]
    wanted = (
        (units, barrier, *kind, seed) for (units, seed), barrier, kind in product(machines, BARRIERS, kinds)
    )
    results = completed(folder / "annealing_study.csv", KEY, wanted, run)
    table = summary(results)
    facts = {
        "packages": {name: version(name) for name in ("dimod", "dwave-samplers")},
        "barriers": BARRIERS,
        "seeds": {n: sorted(own["seed"].unique().tolist()) for n, own in results.groupby("units")},
        "samples": SAMPLES,
        "chains": CHAINS,
        "steps": STEPS,
        "learning_rate": RATE,
        "annealer": "100 sweeps, inverse temperature from 0 to 1, before the Gibbs sweeps",
        "divergence": table.to_dict("records"),
    }
    write_json(facts, folder / "annealing_study.json")
    with atomic_path(folder / "annealing_study.png") as temporary:
        draw(results).savefig(temporary, dpi=110)
    print(table.to_string(index=False))


def summary(results: pd.DataFrame) -> pd.DataFrame:
    """Median and quartiles of the divergence over seeds, at the first noted steps and the last."""
    groups = results[results["step"].isin([50, STEPS])].groupby([*KEY[:-1], "step"])
    quartiles = {"lower_quartile": 0.25, "median": 0.5, "upper_quartile": 0.75}
    spread = pd.DataFrame({name: groups["divergence"].quantile(q) for name, q in quartiles.items()}).round(4)
    return spread.assign(seconds=groups["seconds"].median().round(2), seeds=groups.size()).reset_index()


def draw(results: pd.DataFrame) -> plt.Figure:
    """Divergence by sweeps for both barriers, and by step with one sweep."""
    sizes = sorted(results["units"].unique())
    shape = {"figsize": (13, 4 * len(sizes)), "sharey": True, "squeeze": False, "layout": "constrained"}
    figure, grid = plt.subplots(len(sizes), 3, **shape)
    for axes, units in zip(grid, sizes, strict=True):
        of_size = results[results["units"] == units]
        for ax, barrier in zip(axes, BARRIERS, strict=False):
            last = of_size[(of_size["barrier"] == barrier) & (of_size["step"] == STEPS)]
            panel(ax, last, "sweeps")
            ax.set(title=f"{units} units, {barrier} barrier, {STEPS} steps", xlabel="Gibbs sweeps k")
            ax.set_xscale("symlog", linthresh=1)
            ax.set_xticks(SWEEPS, SWEEPS)
            ax.set_xlim(-0.2, 70)
        panel(axes[2], of_size[(of_size["barrier"] == "high") & of_size["sweeps"].isin([0, 1])], "step")
        axes[2].set(title=f"{units} units, high barrier, k = 1", xlabel="steps of training")
        axes[0].set(ylabel="divergence from the truth (nats)", yscale="log", ylim=(0.02, 20))
    grid[0, 0].legend()
    return figure


def panel(ax: plt.Axes, results: pd.DataFrame, x: str) -> None:
    """Medians with quartiles for every kind of chains."""
    for chains, colour in COLOURS.items():
        own = results[(results["chains"] == chains) & ((results["sweeps"] > 0) | (x == "sweeps"))]
        low, middle, high = (own.groupby(x)["divergence"].quantile(q) for q in (0.25, 0.5, 0.75))
        ax.plot(middle.index, middle, "o-", color=colour, label=chains, markersize=4)
        ax.fill_between(middle.index, low, high, color=colour, alpha=0.2, linewidth=0)
    exact = results[results["chains"] == "exact"].groupby("step")["divergence"].median()
    if x == "step":
        ax.plot(exact.index, exact, "k:", label="exact samples")
    else:
        ax.axhline(exact.iloc[-1], color="black", linestyle=":", label="exact samples")
    ax.grid(alpha=0.3)


if __name__ == "__main__":
    main(output_path("results"))
