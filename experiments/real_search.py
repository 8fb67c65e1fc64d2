"""Search with real training: networks for digits, cell and width, that beat what digits201 holds.

    python experiments/real_search.py FOLDER [results]

The table holds 1,682 of the 5,043 cells that compute different functions, each 8 channels wide. A guided search for the
front of validation accuracy and latency starts from it, and chooses cell and width among all cells at four
widths; what it asks for is trained by the table's own protocol (`graf.measure`, mean of seeds 0 to 2; no attacks) and its latency
measured. Networks of the search that are on the front of all are finalists, and beside each stand the table's best as fast
as it, and the table's most accurate. As few seeds flatter whatever is chosen by them, finalists are trained with ten
others; what is still on the front of these once more, with 32 that chose nothing, and so is the table's most accurate cell
at the same widths. One network beats another if its test accuracy, which chooses nothing, is higher: the interval of the
paired difference is above zero, at a level that allows for the number of comparisons. FOLDER keeps all runs; a
call that was stopped goes on where it was, and its seconds are added up.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
from _provenance import output_path, write_json
from scipy.stats import ttest_rel

import graf
from graf import Dataset, PerformancePredictor
from graf.files import atomic_path
from graf.measure import distinct_architectures, measure
from graf.measure.latency import run_latency
from graf.searchers import Search
from graf.searchers.fitness import is_efficient

VALUE, TEST, LATENCY, LATENCY_64 = "val_acc", "test_acc", "latency_b1_ms", "latency_b64_ms"
KEYS = ["architecture", "channels"]
WIDTHS = (8, 12, 16, 24)
N_DISTINCT, BATCH, ROUNDS = 5043, 40, 6
SEEDS, CHOICE_SEEDS, FINAL_SEEDS = range(3), range(100, 110), range(500, 532)
RIVALS, LAST_RIVALS = 8, 3  # of the table, beside each finalist, at first and at last
SLACK = 1.02  # what counts as equally fast, as latency is measured; in favour of the table
SOME_ROUNDS, FINAL_ROUNDS, N_JOBS = 3, 31, 2
Network = tuple[str, int]


def main(folder: Path, results: Path) -> None:
    """Run what is missing, and write what was found."""
    with added_up(folder / "seconds"):
        facts = outcome(folder)
    facts["seconds"] = float((folder / "seconds").read_text())
    write_json(facts, results / "real_search.json")
    print("\n".join(facts["found"]))


def outcome(folder: Path) -> dict[str, Any]:
    """The search, the choice of finalists, and how these do with fresh seeds."""
    data = graf.load_dataset("digits201")
    known = known_networks(data, folder / "table")
    history = searched(data, known, folder)
    ours = on_front(history, known)
    theirs = rivals(ours, history, known, RIVALS)
    choice = trained(data, ours + theirs, folder / "choice", CHOICE_SEEDS)
    ours = on_front(choice.loc[ours], choice.loc[theirs])
    theirs = rivals(ours, choice, choice.loc[theirs], LAST_RIVALS)
    best_cell, own_width = choice.loc[theirs, VALUE].idxmax()
    wider = [(best_cell, width) for width in sorted({width for _, width in ours} - {own_width})]
    final = trained(data, [*ours, *theirs, *wider], folder / "final", FINAL_SEEDS)
    compared = comparisons(final, ours, theirs)
    return {
        "networks": N_DISTINCT * len(WIDTHS),
        "in_table": len(data),
        "seeds": {"search": list(SEEDS), "choice": list(CHOICE_SEEDS), "final": list(FINAL_SEEDS)},
        "latency": f"{LATENCY}, one thread, medians of {SOME_ROUNDS} and {FINAL_ROUNDS} rounds",
        "trained": len(history),
        "found": [row["sentence"] for row in compared],
        "compared": compared,
        "final": rows(final, known, wider),
        "choice": rows(choice, known),
        "history": history.round(5).reset_index().to_dict("records"),
    }


@contextmanager
def added_up(path: Path) -> Iterator[None]:
    """Add the seconds of what is inside, also if it is stopped, to those that a file keeps."""
    started = time.perf_counter()
    try:
        yield
    finally:
        total = time.perf_counter() - started + (float(path.read_text()) if path.exists() else 0.0)
        with atomic_path(path) as temporary:
            temporary.write_text(f"{total:.1f}\n")


def known_networks(data: Dataset, folder: Path) -> pd.DataFrame:
    """Accuracy of the table's networks, and their latency on this machine, side by side."""
    journal = run_latency(data.space, data.architectures, folder, rounds=SOME_ROUNDS, progress=False)
    latency = pd.DataFrame(journal.records).groupby("architecture")["b1_ms"].median()
    table = pd.DataFrame({VALUE: data.targets[VALUE].astype(float), LATENCY: latency})
    return table.rename_axis(KEYS[0]).assign(channels=data.space.channels).set_index(KEYS[1], append=True)


def searched(data: Dataset, known: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """What a guided search of the front trained, starting from what the table knows; by network."""
    search = Search(
        distinct_architectures(data.space, N_DISTINCT),
        predictor=PerformancePredictor(space=data.space),
        strategy="guided",
        direction={VALUE: "max", LATENCY: "min"},
        recipe={KEYS[1]: WIDTHS},
        batch=BATCH,
        checkpoint=folder / "asked.jsonl",
    )
    if not search.trials:
        search.tell(known.reset_index()[KEYS].to_dict("records"), known)
    while len(search.result.history) < len(known) + ROUNDS * BATCH:
        asked = search.pending or search.ask()
        networks = [(pair[KEYS[0]], pair[KEYS[1]]) for pair in asked]
        found = trained(data, networks, folder / "search", SEEDS, SOME_ROUNDS)
        search.tell(asked, found.loc[networks, [VALUE, LATENCY]])
    history = search.result.history.iloc[len(known) :]
    return history.set_index(KEYS)[["predicted_val_acc", "std_val_acc", VALUE, LATENCY]]


def trained(
    data: Dataset, networks: list[Network], folder: Path, seeds: range, rounds: int = FINAL_ROUNDS
) -> pd.DataFrame:
    """Means over seeds, by network; runs that are in the folder are not repeated.

    Latency is measured round by round of all widths, so that drift hits all alike.
    """
    asked = pd.DataFrame(list(dict.fromkeys(networks)), columns=KEYS)
    cells = asked.groupby("channels")["architecture"].agg(list)
    spaces = {width: replace(data.space, channels=width) for width in cells.index}
    for done in range(1, rounds + 1):
        for width, space in spaces.items():
            run_latency(space, cells[width], folder / str(width), rounds=done, progress=False)
    options: dict[str, Any] = {"seeds": list(seeds), "latency_rounds": rounds, "n_jobs": N_JOBS}
    options |= {"robustness": False, "progress": False}
    tables = [
        measure(space, cells[width], folder / str(width), **options).assign(channels=width)
        for width, space in spaces.items()
    ]
    return pd.concat(tables).set_index(KEYS)


def on_front(ours: pd.DataFrame, theirs: pd.DataFrame) -> list[Network]:
    """Our networks that none of all is better than in accuracy and latency."""
    both = pd.concat([ours, theirs])[[VALUE, LATENCY]].astype(float)
    return both.index[: len(ours)][is_efficient(both.to_numpy() * [1, -1])[: len(ours)]].tolist()


def rivals(ours: list[Network], known: pd.DataFrame, theirs: pd.DataFrame, n: int) -> list[Network]:
    """The table's `n` most accurate networks, and those as fast as each of ours."""
    best = [theirs[VALUE], *(theirs.loc[as_fast(theirs, known[LATENCY][network]), VALUE] for network in ours)]
    return list(dict.fromkeys(network for values in best for network in values.nlargest(n).index))


def as_fast(table: pd.DataFrame, latency: float) -> pd.Series:
    """Which networks have at most so much latency."""
    return table[LATENCY] <= SLACK * latency


def comparisons(final: pd.DataFrame, ours: list[Network], theirs: list[Network]) -> list[dict[str, Any]]:
    """Each of our networks beside the table's best as fast as it, and beside its most accurate, by validation accuracy."""
    table = final.loc[theirs]
    pairs = [
        (network, kind, among[VALUE].idxmax())
        for network in ours
        for kind, among in (
            ("best of its latency", table[as_fast(table, final[LATENCY][network])]),
            ("most accurate", table),
        )
        if len(among)
    ]
    return [comparison(final, *pair, level=1 - 0.05 / len(pairs)) for pair in pairs]


def comparison(final: pd.DataFrame, ours: Network, kind: str, rival: Network, level: float) -> dict[str, Any]:
    """Two networks with the last seeds."""
    ratios = {name: float(final[name][ours] / final[name][rival]) for name in (LATENCY, LATENCY_64)}
    found = {name: difference(final, name, ours, rival, level) for name in (VALUE, TEST)}
    low, high = found[TEST]["interval"]
    verdict = "beats" if low > 0 else "loses to" if high < 0 else "cannot be told from"
    first, second = (f"{cell} with {width} channels" for cell, width in (ours, rival))
    sentence = (
        f"{first} {verdict} the table's {kind}, {second}: test accuracy {final[TEST][ours]:.4f} against"
        f" {final[TEST][rival]:.4f} (difference {low:+.4f} to {high:+.4f}, level {level:.4f}), at"
        f" {ratios[LATENCY]:.2f} of its latency ({ratios[LATENCY_64]:.2f} for batches of 64)"
    )
    names = {"ours": [ours[0], int(ours[1])], "kind": kind, "rival": [rival[0], int(rival[1])]}
    return names | {"ratios": ratios} | found | {"verdict": verdict, "sentence": sentence}


def difference(
    table: pd.DataFrame, name: str, ours: Network, theirs: Network, level: float
) -> dict[str, Any]:
    """Mean over seeds of the difference, with the interval of the paired t-test."""
    columns = [f"{name}_seed{seed}" for seed in FINAL_SEEDS]
    a, b = (table.loc[network, columns].to_numpy(float) for network in (ours, theirs))
    interval = ttest_rel(a, b).confidence_interval(level)
    return {"mean": float((a - b).mean()), "interval": [float(interval.low), float(interval.high)]}


def rows(table: pd.DataFrame, known: pd.DataFrame, wider: Iterable[Network] = ()) -> list[dict[str, Any]]:
    """Figures of networks, which are the table's, and which its most accurate cell made wider."""
    shown = table[[VALUE, TEST, LATENCY, LATENCY_64, "n_parameters"]].astype(float).round(5)
    facts = {"in_table": shown.index.isin(known.index), "widened": shown.index.isin(list(wider))}
    return shown.assign(**facts).reset_index().to_dict("records")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(f"usage: {Path(__file__).name} FOLDER [results]")
    main(Path(sys.argv[1]), output_path("results", 2))
