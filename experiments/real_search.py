"""Search with real training: cells of digits201's space that the table does not hold.

    python experiments/real_search.py FOLDER [results]

The table holds 1,682 of the 5,043 cells that compute different functions. Latency needs no training: it is measured
first, of all cells side by side. Then a guided search for the front of validation accuracy and latency starts from
the table and chooses among all other cells what to train, by the table's own protocol (`graf.measure`, mean of seeds
0 to 2). Of what it trained, the cells that exceed the table's best of their latency the most are finalists, and so
are the best cells of the table there. As few seeds flatter whatever is chosen by them, all finalists are trained with
ten others, and those of the search that are still ahead once more, with 64 that chose nothing, beside the table's.
A cell beats the table's best if test accuracy, which chooses nothing, is higher: the interval of the paired difference
is above zero, at a level that allows for the number of cells. FOLDER keeps all runs; a call that was stopped goes on
where it was, and its seconds are added up.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from _provenance import provenance
from scipy.stats import ttest_rel

import graf
from graf import Dataset, PerformancePredictor
from graf.files import atomic_path
from graf.measure import distinct_architectures, measure
from graf.measure.latency import run_latency
from graf.searchers import Search

VALUE, TEST, LATENCY = "val_acc", "test_acc", "latency_b1_ms"
N_DISTINCT, BATCH, ROUNDS = 5043, 40, 12
SEEDS, CHOICE_SEEDS, FINAL_SEEDS = range(3), range(100, 110), range(500, 564)
FINALISTS, CONFIRMED = 24, 8  # of the search, at first and at last
RIVALS, LAST_RIVALS = 8, 3  # of the table, beside each
LEAST = 0.25  # quantile of the table's accuracy, above which cells count
SLACK = 1.02  # what counts as equally fast, as latency is measured; in favour of the table
ALL_ROUNDS, FINAL_ROUNDS, N_JOBS = 3, 31, 2


def main(folder: Path, results: Path) -> None:
    """Latency, the search, the choice of finalists, and how these do with fresh seeds."""
    started, spent = time.perf_counter(), folder / "seconds"
    data = graf.load_dataset("digits201")
    latency = measured_latency(data, folder)
    known = data.targets[VALUE].astype(float)
    history = searched(data, pd.DataFrame({VALUE: known, LATENCY: latency[known.index]}), latency, folder)
    found = history.set_index("architecture")[VALUE]
    found = found[found > known.quantile(LEAST)]
    ours, theirs = farthest_ahead(found, known, latency, FINALISTS, RIVALS)
    chosen = trained(data, ours + theirs, folder / "choice", CHOICE_SEEDS)
    value = chosen[VALUE].astype(float)
    still = farthest_ahead(value[ours], value[theirs], chosen[LATENCY], CONFIRMED, LAST_RIVALS, least=0)
    final, compared = confirmed(data, *still, folder / "final")
    facts = {
        "cells": len(latency),
        "in_table": len(data),
        "seeds": {"search": list(SEEDS), "choice": list(CHOICE_SEEDS), "final": list(FINAL_SEEDS)},
        "latency": f"{LATENCY}, one thread, medians of {ALL_ROUNDS} and {FINAL_ROUNDS} rounds, side by side",
        "trained": len(history),
        "seconds": added_up(spent, time.perf_counter() - started),
        "found": [row["sentence"] for row in compared],
        "compared": compared,
        "final": final,
        "choice": rows(chosen, known.index),
        "history": history.round(5).to_dict("records"),
    }
    with atomic_path(results / "real_search.json") as path:
        path.write_text(json.dumps(provenance() | facts, indent=1) + "\n")
    print("\n".join(facts["found"]))


def added_up(path: Path, seconds: float) -> float:
    """Seconds of this call and of those before it, which a file keeps."""
    total = seconds + (float(path.read_text()) if path.exists() else 0.0)
    with atomic_path(path) as temporary:
        temporary.write_text(f"{total:.1f}\n")
    return total


def measured_latency(data: Dataset, folder: Path) -> pd.Series:
    """Milliseconds of all cells, the table's too, on this machine; no cell is trained."""
    cells = distinct_architectures(data.space, N_DISTINCT)
    journal = run_latency(data.space, cells, folder, rounds=ALL_ROUNDS, progress=False)
    return pd.DataFrame(journal.records).groupby("architecture")["b1_ms"].median()[cells]


def searched(data: Dataset, known: pd.DataFrame, latency: pd.Series, folder: Path) -> pd.DataFrame:
    """The cells that a guided search of the front trained, starting from what the table knows."""
    search = Search(
        latency.index.tolist(),
        predictor=PerformancePredictor(space=data.space),
        strategy="guided",
        direction={VALUE: "max", LATENCY: "min"},
        batch=BATCH,
        checkpoint=folder / "asked.jsonl",
    )
    if not search.trials:
        search.tell(known.index.tolist(), known)
    while len(search.result.history) < len(known) + ROUNDS * BATCH:
        asked = search.pending or search.ask()
        values = trained(data, asked, folder / "search", SEEDS, latency_rounds=2)[VALUE]
        search.tell(asked, pd.DataFrame({VALUE: values, LATENCY: latency}).loc[asked])
    history = search.result.history.iloc[len(known) :]
    return history[["architecture", "predicted_val_acc", "std_val_acc", VALUE, LATENCY]]


def trained(
    data: Dataset, cells: list[str], folder: Path, seeds: range, latency_rounds: int = FINAL_ROUNDS
) -> pd.DataFrame:
    """Means over seeds of cells, indexed by architecture; runs that are in the folder are not repeated."""
    options = {"seeds": list(seeds), "latency_rounds": latency_rounds, "progress": False, "n_jobs": N_JOBS}
    return measure(data.space, list(dict.fromkeys(cells)), folder, **options).set_index("architecture")


def as_fast(latency: pd.Series, cell: str, others: pd.Index | list[str]) -> list[str]:
    """Which of the others have at most the latency of a cell."""
    return [other for other in others if latency[other] <= SLACK * latency[cell]]


def farthest_ahead(
    ours: pd.Series, theirs: pd.Series, latency: pd.Series, n: int, n_rivals: int, least: float = -np.inf
) -> tuple[list[str], list[str]]:
    """The `n` of our cells that exceed the best of theirs of the same latency the most, and the best of these beside each.

    Cells come with their accuracy; what is ahead by `least` or less does not count.
    """
    rivals = {cell: theirs[as_fast(latency, cell, theirs.index)].nlargest(n_rivals) for cell in ours.index}
    margins = ours - pd.Series({cell: values.max() for cell, values in rivals.items()}, dtype=float)
    first = margins[margins > least].nlargest(n).index.tolist()
    return first, list(dict.fromkeys(rival for cell in first for rival in rivals[cell].index))


def confirmed(
    data: Dataset, ours: list[str], theirs: list[str], folder: Path
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Figures of the cells that are left, trained with seeds that chose nothing, and each beside its rival."""
    if not ours:
        return [], []
    final = trained(data, ours + theirs, folder, FINAL_SEEDS)
    level = 1 - 0.05 / len(ours)
    return rows(final, theirs), [comparison(final, cell, theirs, level) for cell in ours]


def comparison(final: pd.DataFrame, ours: str, theirs: list[str], level: float) -> dict[str, Any]:
    """A cell beside the best cell of the table that is as fast, by validation accuracy of the last seeds."""
    rival = final[VALUE].astype(float)[as_fast(final[LATENCY], ours, theirs)].idxmax()
    facts = {
        "architecture": ours,
        "rival": rival,
        "latency_ratio": float(final[LATENCY][ours] / final[LATENCY][rival]),
        "latency_b64_ratio": float(final["latency_b64_ms"][ours] / final["latency_b64_ms"][rival]),
        VALUE: difference(final, VALUE, ours, rival, level),
        TEST: difference(final, TEST, ours, rival, level),
    }
    low, high = facts[TEST]["interval"]
    verdict = "beats" if low > 0 else "loses to" if high < 0 else "cannot be told from"
    accuracy = "test accuracy {:.4f} against {:.4f}".format(*final[TEST][[ours, rival]])
    return facts | {
        "sentence": f"{ours} {verdict} the table's best of its latency, {rival}: {accuracy} (difference"
        f" {low:+.4f} to {high:+.4f}, level {level:.4f}), at {facts['latency_ratio']:.2f} of its latency"
    }


def difference(table: pd.DataFrame, name: str, ours: str, theirs: str, level: float) -> dict[str, Any]:
    """Mean over seeds of the difference, with the interval of the paired t-test."""
    columns = [f"{name}_seed{seed}" for seed in FINAL_SEEDS]
    a, b = (table.loc[cell, columns].to_numpy(float) for cell in (ours, theirs))
    interval = ttest_rel(a, b).confidence_interval(level)
    return {"mean": float((a - b).mean()), "interval": [float(interval.low), float(interval.high)]}


def rows(table: pd.DataFrame, theirs: pd.Index | list[str]) -> list[dict[str, Any]]:
    """Figures of cells, and which are the table's."""
    shown = table[[VALUE, TEST, LATENCY, "latency_b64_ms"]].astype(float).round(5)
    return shown.assign(in_table=shown.index.isin(theirs)).reset_index().to_dict("records")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(f"usage: {Path(__file__).name} FOLDER [results]")
    main(Path(sys.argv[1]), Path(sys.argv[2] if len(sys.argv) > 2 else "results"))
