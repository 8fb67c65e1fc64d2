"""Which blocks suit which device, and what a search space gains that is reduced to the blocks that pay.

    GRAF_DATA=... python experiments/blocks_on_devices.py [results/blocks_on_devices.csv]

Accel-NASBench on six accelerators and NAS-Bench-201 on thirteen devices, by validation accuracy against time;
FBNet on eight devices, where nobody has measured accuracy: there it is the multiply-adds of a network, more
being better, against time (how much computing a device does in the time, no more). Times are logarithms.

Each of ten seeds draws training networks, from which blocks are scored and the space is reduced, device by
device. Random search then draws 50 networks from the others, and 50 of those among them that lie in the
reduced space; compared are the hypervolumes of the two fronts, up to the median of all networks that may be
drawn. Tables hold few networks of a space that is reduced in many places: there only the worst options are
dropped, as many as leave a tenth of the training networks. All that can be dropped is dropped where every
network of the space is measured (NAS-Bench-201), and for Accel-NASBench with `surrogate` instead of
measurements: gradient boosting on the choices of all networks but the training ones.

Files beside the first: `_friendly.csv`, verdicts over all networks of the tables; `.json`, where it comes from.
A call that was stopped goes on.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from _provenance import output_path, write_csv, write_json
from pymoo.indicators.hv import HV
from sklearn.ensemble import HistGradientBoostingRegressor

import graf
from graf.explainers.blocks import (
    block_scores,
    dropped_options,
    expected_gain,
    friendly,
    reduce_space,
    relative_to_average,
)
from graf.journal import Journal, JournalKind

N_SEEDS, BUDGET, LEAST_SHARE = 10, 50, 0.1
N_TRAIN = {"nasbench201": 500, "accel_nasbench": 1500, "fbnet": 1500}
QUALITY = {"nasbench201": "accuracy", "accel_nasbench": "accuracy", "fbnet": "multiply-adds"}
FBNET = ("eyeriss", "fpga", "pixel3", "raspi4", "gold_6226", "1080ti_1", "samsung_a50", "essential_ph_1")
NASBENCH201 = ("eyeriss", "fpga", "pixel3", "raspi4", "gold_6226", "silver_4114", "1080ti_1", "1080ti_256",
               "2080ti_1", "titanx_1", "titanxp_1", "essential_ph_1", "samsung_a50")  # fmt: skip
LEAST_MS = {"raspi4": 1.0, "pixel3": 0.1}  # of NAS-Bench-201: below are errors of units


def nasbench201() -> tuple[Any, pd.Series, pd.DataFrame]:
    """Space, validation accuracy on CIFAR-10, and log milliseconds."""
    times = graf.load_dataset("nasbench201_devices").targets[list(NASBENCH201)]
    for device, least in LEAST_MS.items():
        times[device] = times[device].where(times[device] >= least)
    data = graf.load_dataset("nasbench201")
    return data.space, data.targets["cifar10_val_acc"], np.log(times.loc[data.targets.index])


def accel_nasbench() -> tuple[Any, pd.Series, pd.DataFrame]:
    """Space, ImageNet accuracy of short trainings, and log milliseconds or log seconds per image."""
    data = graf.load_dataset("accel_nasbench_imagenet")
    found = data.targets
    fpgas = {name: np.log(found[f"latency_{name}_mean_ms"]) for name in ("zcu102", "vck190")}
    others = {name: -np.log(found[f"throughput_{name}_mean"]) for name in ("a100", "3090", "tpuv2", "tpuv3")}
    return data.space, found["val_top1_pct"], pd.DataFrame(fpgas | others)


def fbnet() -> tuple[Any, pd.Series, pd.DataFrame]:
    """Space, log multiply-adds as graf counts them, and log milliseconds."""
    data = graf.load_dataset("fbnet_devices")
    counts = graf.GraphFeatures(data.space, ["total(n_macs)"]).fit_transform(data.architectures)
    return data.space, np.log(counts["total(n_macs)"]), np.log(data.targets[list(FBNET)])


TABLES = {"nasbench201": nasbench201, "accel_nasbench": accel_nasbench, "fbnet": fbnet}


def main(out: Path) -> None:
    """Run what is missing, and write tables."""
    runs = Journal(out.parent, JournalKind(f"{out.stem}.jsonl", ("table", "seed")), {})
    verdicts = []
    for name, load in TABLES.items():
        space, quality, times = load()
        verdicts.append(suits(name, space, quality, times))
        for _, seed in runs.missing((name, seed) for seed in range(N_SEEDS)):
            runs.extend(one_seed(name, space, quality, times, seed))
            print(name, seed, flush=True)
    write_csv(pd.concat(verdicts), out.with_name(f"{out.stem}_friendly.csv"))
    write_csv(summary(pd.DataFrame(runs.records)), out)
    facts = {"seeds": N_SEEDS, "budget": BUDGET, "training_networks": N_TRAIN, "least_share": LEAST_SHARE}
    write_json(facts, out.with_suffix(".json"))


def suits(name: str, space: Any, quality: pd.Series, times: pd.DataFrame) -> pd.DataFrame:
    """Effects of each block at all positions together, in points or in percent of time, with verdicts."""
    parts = {
        "quality": (quality.to_frame(QUALITY[name]), {QUALITY[name]: "max"}),
        "time": (times, dict.fromkeys(times, "min")),
        "time beside other devices": (
            relative_to_average(np.exp(times.dropna())), dict.fromkeys(times, "min"),
        ),
    }  # fmt: skip
    found = []
    for of, (targets, directions) in parts.items():
        scores = block_scores(space, list(targets.index), targets)
        verdict = friendly(scores, directions)
        rows = scores[scores["position"].isna()]
        logs = of != "quality" or name == "fbnet"
        effects = rows[["effect", "effect_low", "effect_high"]]
        shown = 100 * np.expm1(effects) if logs else effects
        said = [
            verdict.loc[(k, b), t] for k, b, t in rows[["kind", "block", "target"]].itertuples(index=False)
        ]
        found.append(
            pd.concat([rows[["kind", "block", "target", "n", "p_adjusted"]], shown], axis=1).assign(
                table=name, of=of, unit="%" if logs else "points", verdict=said
            )
        )
    return pd.concat(found)[
        ["table", "of", "target", "kind", "block", "n", "effect", "effect_low", "effect_high", "unit",
         "p_adjusted", "verdict"]
    ]  # fmt: skip


def one_seed(
    name: str, space: Any, quality: pd.Series, times: pd.DataFrame, seed: int
) -> list[dict[str, Any]]:
    """Hypervolumes of both fronts for each device."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(quality))
    train, test = order[: N_TRAIN[name]], order[N_TRAIN[name] :]
    targets, choices = times.assign(quality=quality), space.choices(list(quality.index))
    scores = block_scores(space, list(quality.index[train]), targets.iloc[train])
    rows = []
    for device in times:
        directions = {"quality": "max", device: "min"}
        drops = dropped_options(space, scores, directions)[["position", "option"]].to_numpy(int)
        whole = reduce_space(space, scores, directions)
        costs = targets[["quality", device]] * [-1, 1]
        known = test[costs.notna().all(axis=1).to_numpy()[test]]
        expected = expected_gain(space, whole, scores, directions, budget=BUDGET, n_repeats=5, seed=seed)
        facts = {"table": name, "device": device, "seed": seed, "expected_gain": expected["gain"].mean()}
        n_dropped = len(drops) if name == "nasbench201" else n_fitting(drops, choices[train])
        inside = known[is_inside(drops[:n_dropped], choices[known])]
        scale = costs.iloc[known]
        rows.append(
            facts | {"values": "measured", "n_dropped": n_dropped, "n_inside": len(inside)}
            | compared(scale, scale, costs.iloc[inside], rng)
        )  # fmt: skip
        if name == "accel_nasbench":
            rows.append(
                facts | {"values": "surrogate", "n_dropped": len(drops), "n_inside": None}
                | by_surrogate(space, whole, scale, rng)
            )  # fmt: skip
    return rows


def n_fitting(drops: np.ndarray, choices: np.ndarray) -> int:
    """How many options may be dropped, so that a tenth of the training networks is left."""
    left = [is_inside(drops[:n], choices).mean() >= LEAST_SHARE for n in range(len(drops) + 1)]
    return left.index(False) - 1 if False in left else len(drops)


def is_inside(drops: np.ndarray, choices: np.ndarray) -> np.ndarray:
    """Which networks have none of the options, pairs of position and option."""
    found = np.ones(len(choices), bool)
    for position, option in drops:
        found &= choices[:, position] != option
    return found


def compared(
    scale: pd.DataFrame, full: pd.DataFrame, inside: pd.DataFrame, rng: np.random.Generator
) -> dict[str, float]:
    """Hypervolume of a random search in each of two pools, 1 if one network were best at both."""
    best, middle = scale.min().to_numpy(), scale.median().to_numpy()
    found = []
    for pool in (full, inside):
        drawn = pool.to_numpy()[rng.permutation(len(pool))[:BUDGET]]
        found.append(float(HV(ref_point=np.ones(2))((drawn - best) / (middle - best))))
    return {"full": found[0], "reduced": found[1]}


def by_surrogate(space: Any, reduced: Any, costs: pd.DataFrame, rng: np.random.Generator) -> dict[str, float]:
    """The same for networks of the whole spaces, as gradient boosting on the test networks predicts them."""
    X = space.one_hot(list(costs.index))
    models = [
        HistGradientBoostingRegressor(max_iter=60, learning_rate=0.2, random_state=0).fit(X, costs[name])
        for name in costs
    ]
    drawn = [s.sample(BUDGET, int(rng.integers(2**31))) for s in (space, reduced)]
    predicted = [np.stack([m.predict(space.one_hot(names)) for m in models], axis=1) for names in drawn]
    pools = [pd.DataFrame(values, columns=costs.columns) for values in predicted]
    return compared(costs, *pools, rng)


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """Mean and spread over seeds."""
    rows = rows.assign(more=rows["reduced"] - rows["full"], wins=rows["reduced"] > rows["full"])
    table = rows.groupby(["table", "values", "device"], sort=False).agg(
        seeds=("seed", "nunique"),
        options_dropped=("n_dropped", "mean"),
        networks_inside=("n_inside", "mean"),
        full=("full", "mean"),
        full_sd=("full", "std"),
        reduced=("reduced", "mean"),
        reduced_sd=("reduced", "std"),
        more=("more", "mean"),
        more_sd=("more", "std"),
        wins=("wins", "sum"),
        expected_gain=("expected_gain", "mean"),
    )
    return table.assign(ratio=table["reduced"] / table["full"]).reset_index()


if __name__ == "__main__":
    main(output_path("results/blocks_on_devices.csv"))
