"""Search with real training: cells of digits201's space that the table does not hold.

    python experiments/real_search.py FOLDER [results]

The table holds 1,682 of the 5,043 cells that compute different functions. A predictor is fitted
on it, and a guided search chooses among all others what to train, by the table's own protocol
(`graf.measure`, validation accuracy, mean of seeds 0 to 2), within the latency of the table's
best: of all cells ("any"), and of the fastest quarter ("fast"). The first seeds flatter whatever
is chosen by them, so as many finalists of search and table are trained again with fresh seeds, of which the
best of each is chosen, and these again with others, beside the cell that the table has first. Then the
"front": of all cells that were trained, those that exceed the table's best of their latency the most, 5 % more
allowed to the table because theirs is predicted, trained again with fresh seeds beside that cell. Test accuracy
chooses nothing. FOLDER keeps all runs; a call that was stopped goes on where it was, and its seconds are added up.
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
from graf.searchers import Search

VALUE, LATENCY = "val_acc", "latency_b1_ms"
N_DISTINCT = 5043
LEVELS = {"any": 1.0, "fast": 0.25}  # quantiles of the table's latency
BATCH, ROUNDS, FINALISTS, AHEAD, SLACK = 40, 8, 16, 6, 1.05
SEEDS, CHOICE_SEEDS, FINAL_SEEDS, FRONT_SEEDS = range(3), range(100, 110), range(200, 232), range(400, 432)
LATENCY_ROUNDS, N_JOBS = 31, 2


def main(folder: Path, results: Path) -> None:
    """Both searches, one after the other, and what they found ahead of the table's front."""
    data = graf.load_dataset("digits201")
    latency = known_latency(data, folder / "latency.csv")
    names = ("search", "choice", "final", "front")
    seeds = dict(zip(names, map(list, (SEEDS, CHOICE_SEEDS, FINAL_SEEDS, FRONT_SEEDS)), strict=True))
    facts: dict[str, Any] = {"cells": len(latency), "in_table": len(data), "seeds": seeds, "found": []}
    facts |= {"latency": f"{LATENCY}, one thread, median of {LATENCY_ROUNDS} rounds, side by side"}
    for level, quantile in LEVELS.items():
        started = time.perf_counter()
        facts[level] = study(data, latency, quantile, folder)
        facts[level]["seconds"] = added_up(folder / f"seconds_{quantile}", time.perf_counter() - started)
        facts["found"].append(f"{level}: {facts[level]['sentence']}")
        write(facts, results)
    found = pd.concat([pd.DataFrame(facts[level]["history"]) for level in LEVELS])
    started = time.perf_counter()
    facts["front"] = front_study(data, latency, found.groupby("architecture")["value"].first(), folder)
    facts["front"]["seconds"] = added_up(folder / "seconds_front", time.perf_counter() - started)
    facts["found"] += [f"front: {row['sentence']}" for row in facts["front"]["ahead"]]
    write(facts, results)
    print("\n".join(facts["found"]))


def write(facts: dict[str, Any], results: Path) -> None:
    """What is known by now."""
    with atomic_path(results / "real_search.json") as path:
        path.write_text(json.dumps(provenance() | facts, indent=1) + "\n")


def added_up(path: Path, seconds: float) -> float:
    """Seconds of this call and of those before it, which a file keeps."""
    total = seconds + (float(path.read_text()) if path.exists() else 0.0)
    with atomic_path(path) as temporary:
        temporary.write_text(f"{total:.1f}\n")
    return total


def known_latency(data: Dataset, path: Path) -> pd.Series:
    """Latency of all cells: the table's, and where it has none, predicted from it; kept in a file."""
    if not path.exists():
        measured = data.targets[LATENCY].astype(float)
        predictor = PerformancePredictor(space=data.space, random_state=0)
        cells = distinct_architectures(data.space, N_DISTINCT)
        new = [cell for cell in cells if cell not in measured.index]
        predicted = pd.Series(predictor.fit(data.architectures, measured).predict(new), new)
        with atomic_path(path) as temporary:
            pd.concat([measured, predicted]).reindex(cells).to_csv(temporary, header=[LATENCY])
    return pd.read_csv(path, index_col=0)[LATENCY]


def study(data: Dataset, latency: pd.Series, quantile: float, folder: Path) -> dict[str, Any]:
    """One search within the latency of the table's best, and what became of it."""
    allowed = data.targets[data.targets[LATENCY] <= data.targets[LATENCY].quantile(quantile)]
    rival = allowed[VALUE].idxmax()
    limit = float(allowed[LATENCY][rival])
    known = allowed[VALUE][allowed[LATENCY] <= limit]
    history = searched(data, known, latency[latency <= limit].index.tolist(), folder)
    ours = history.sort_values("value", ascending=False)["architecture"].head(FINALISTS).tolist()
    theirs = known.nlargest(FINALISTS).index.tolist()
    chosen = trained(data, [*ours, *theirs], folder / f"choice_{quantile}", CHOICE_SEEDS)
    theirs_best = chosen.loc[theirs, VALUE].idxmax()
    fast = [cell for cell in ours if chosen[LATENCY][cell] <= chosen[LATENCY][theirs_best]]
    facts = {
        "table_best": {"architecture": rival, VALUE: float(known[rival]), LATENCY: limit},
        "candidates": int((latency <= limit).sum() - len(known)),
        "trained": len(history),
        "best_in_search": float(history["value"].max()),
        "expected_best_of_as_many_random": expected_best(known.to_numpy(), len(history)),
        "history": history.round(5).to_dict("records"),
        "finalists": rows(chosen, {"search": ours, "table": theirs}),
    }
    if not fast:
        return facts | {"sentence": "no finalist of the search was as fast as the table's best."}
    ours_best = chosen.loc[fast, VALUE].idxmax()
    return facts | confirmed(data, ours_best, [theirs_best, rival], folder / f"final_{quantile}")


def searched(data: Dataset, known: pd.Series, cells: list[str], folder: Path) -> pd.DataFrame:
    """The cells that a guided search trained, starting from what the table knows."""
    predictor, path = PerformancePredictor(space=data.space), folder / f"asked_{len(cells)}.jsonl"
    search = Search(cells, predictor=predictor, strategy="guided", batch=BATCH, checkpoint=path)
    if not search.trials:
        search.tell(known.index.tolist(), known.tolist())
    while len(search.result.history) < len(known) + ROUNDS * BATCH:
        asked = search.pending or search.ask()
        table = trained(data, asked, folder / "search", SEEDS, latency_rounds=2)
        search.tell(asked, table.loc[asked, VALUE].tolist())
    history = search.result.history.iloc[len(known) :]
    return history[["architecture", "predicted_value", "std_value", "value"]]


def trained(
    data: Dataset, cells: list[str], folder: Path, seeds: range, latency_rounds: int = LATENCY_ROUNDS
) -> pd.DataFrame:
    """Means over seeds of cells, indexed by architecture; runs that are in the folder are not repeated."""
    options = {"seeds": list(seeds), "latency_rounds": latency_rounds, "progress": False, "n_jobs": N_JOBS}
    return measure(data.space, cells, folder, **options).set_index("architecture")


def expected_best(values: np.ndarray, n: int) -> float:
    """Mean of the best of `n` cells drawn from the table, which is a random part of all cells."""
    ordered = np.sort(values)
    share = (np.arange(len(ordered) + 1) / len(ordered)) ** n
    return float((ordered * np.diff(share)).sum())


def rows(table: pd.DataFrame, groups: dict[str, list[str]]) -> list[dict[str, Any]]:
    """Figures of cells, with the group that each comes from."""
    shown = [VALUE, "test_acc", LATENCY, "latency_b64_ms"]
    return [
        {"architecture": cell, "from": group} | table.loc[cell, shown].astype(float).round(5).to_dict()
        for group, cells in groups.items()
        for cell in cells
    ]


def confirmed(data: Dataset, ours: str, rivals: list[str], folder: Path) -> dict[str, Any]:
    """The chosen cells, trained again with seeds that chose nothing.

    The rivals are the table's cell that was chosen among as many finalists, and the one that the table itself has first.
    """
    table = trained(data, list(dict.fromkeys([ours, *rivals])), folder, FINAL_SEEDS)
    beside = dict(zip(("the finalist of the table", "the first of the table"), rivals, strict=True))
    final = rows(table, {"search": [ours], "table": list(dict.fromkeys(rivals))})
    return {"final": final, **comparison(table, ours, beside, FINAL_SEEDS)}


def front_study(data: Dataset, latency: pd.Series, found: pd.Series, folder: Path) -> dict[str, Any]:
    """The cells found (values by architecture) that are the farthest ahead of the table's front, trained again."""
    known = data.targets[[VALUE, LATENCY]].astype(float)
    within = {cell: known[VALUE][known[LATENCY] <= SLACK * latency[cell]] for cell in found.index}
    margins = found - pd.Series({cell: values.max() for cell, values in within.items()})
    ahead = margins[margins > 0].nlargest(AHEAD).index.tolist()
    rivals = [within[cell].idxmax() for cell in ahead]
    table = trained(data, list(dict.fromkeys([*ahead, *rivals])), folder / "front", FRONT_SEEDS)
    compared = [
        {
            "margin": float(margins[cell]),
            "architecture": cell,
            **comparison(table, cell, {"the table's best of its latency": rival}, FRONT_SEEDS),
        }
        for cell, rival in zip(ahead, rivals, strict=True)
    ]
    final = rows(table, {"search": ahead, "table": list(dict.fromkeys(rivals))})
    return {"final": final, "ahead": compared}


def comparison(table: pd.DataFrame, ours: str, beside: dict[str, str], seeds: range) -> dict[str, Any]:
    """A cell and its rivals, in numbers and in a sentence."""
    compared = {
        name: {target: difference(table, target, ours, cell, seeds) for target in (VALUE, "test_acc")}
        | {"architecture": cell, "latency_ratio": float(table[LATENCY][ours] / table[LATENCY][cell])}
        for name, cell in beside.items()
    }
    told = "; ".join(sentence(name, facts) for name, facts in compared.items())
    return {
        "compared": compared,
        "sentence": f"on {len(seeds)} fresh seeds {ours} (test accuracy {table['test_acc'][ours]:.4f}) {told}",
    }


def sentence(name: str, facts: dict[str, Any]) -> str:
    """Whether a rival is beaten."""
    low, high = facts["test_acc"]["interval_95"]
    verdict = "beats" if low > 0 else "loses to" if high < 0 else "cannot be told from"
    return (
        f"{verdict} {name} {facts['architecture']}: test accuracy {facts['test_acc']['mean']:+.4f} (95 % interval"
        f" {low:+.4f} to {high:+.4f}), validation accuracy {facts[VALUE]['mean']:+.4f}, at"
        f" {facts['latency_ratio']:.2f} of its latency"
    )


def difference(table: pd.DataFrame, name: str, ours: str, theirs: str, seeds: range) -> dict[str, Any]:
    """Mean over seeds of the difference, with the 95 % interval of the paired t-test."""
    columns = [f"{name}_seed{seed}" for seed in seeds]
    a, b = (table.loc[cell, columns].to_numpy(float) for cell in (ours, theirs))
    interval = ttest_rel(a, b).confidence_interval(0.95)
    return {"mean": float((a - b).mean()), "interval_95": [float(interval.low), float(interval.high)]}


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(f"usage: {Path(__file__).name} FOLDER [results]")
    main(Path(sys.argv[1]), Path(sys.argv[2] if len(sys.argv) > 2 else "results"))
