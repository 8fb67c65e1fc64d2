"""How well could any predictor rank? Upper estimates, from labels that should be equal and are not.

    GRAF_DATA=<folder of the tables> python experiments/ceilings.py [results]

Cells that compute the same function, and architectures of timm trained on ImageNet-1k by several recipes, have
labels that differ. To every label a difference is added that was seen within a group near it. Kendall tau of labels with and
without it is an upper estimate of what can be reached by a predictor that sees functions, or architectures, alone:
labels are spread more widely than the truth, as they hold such differences already. For throughput, tau between
measured setups: what the same models do on the same device with another version of PyTorch, and on others.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from _provenance import output_path, write_csv, write_json
from _zoo_tables import imagenet_alone, published

from graf import load_dataset
from graf.predictors import kendall_tau

CELLS = (
    ("nasbench201", "cifar10_val_acc"),
    ("nasbench201", "rob_pgd_linf_1.0"),
    ("transnas_micro", "class_scene_top1_pct"),
)
NEAR, DRAWS = 20, range(20)


def main(folder: Path) -> None:
    """All estimates, one row each."""
    rows = [cells_ceiling(*which) for which in CELLS]
    models = imagenet_alone(published("timm_accuracy"))
    groups = models["model"] + " " + models["img_size"].astype(str)
    rows.append(ceiling("timm_accuracy, by architecture", "top1_pct", models["top1_pct"], groups))
    table = pd.DataFrame(rows + agreements())
    write_csv(table, folder / "ceilings.csv")
    write_json({"near": NEAR, "draws": len(DRAWS)}, folder / "ceilings.json")
    print(table.round(3).to_string(index=False))


def cells_ceiling(dataset: str, target: str) -> dict[str, Any]:
    """For cells without useless edges, by the function that they compute."""
    data = load_dataset(dataset)
    data = data.select(data.info["connected"] == 1)
    functions = [data.space.graph(cell).simplified().canonical_hash for cell in data.architectures]
    labels = data.targets[target].reset_index(drop=True)
    return ceiling(f"{dataset}, by function", target, labels, pd.Series(functions))


def ceiling(label: str, target: str, labels: pd.Series, groups: pd.Series) -> dict[str, Any]:
    """The estimate, mean over draws."""
    grouped = labels.groupby(groups)
    sizes, means = grouped.transform("size"), grouped.transform("mean")
    several = sizes > 1
    off = ((labels - means) * np.sqrt(sizes / (sizes - 1)))[several].to_numpy()
    order = np.argsort(means[several].to_numpy(), kind="stable")
    off, levels = off[order], means[several].to_numpy()[order]
    y = labels.to_numpy(float)
    taus = [kendall_tau(y, y + _near(y, levels, off, seed)) for seed in DRAWS]
    return {
        "labels": label,
        "target": target,
        "n": len(y),
        "n_in_groups": int(several.sum()),
        "spread_in_groups": float(off.std()),
        "tau": float(np.mean(taus)),
    }


def _near(y: np.ndarray, levels: np.ndarray, off: np.ndarray, seed: int) -> np.ndarray:
    """For each label a difference seen among the groups whose means are near it."""
    steps = np.random.default_rng(seed).integers(-NEAR, NEAR + 1, len(y))
    return off[np.clip(np.searchsorted(levels, y) + steps, 0, len(levels) - 1)]


def agreements() -> list[dict[str, Any]]:
    """For each setup, the measured setup that ranks the same models most like it."""
    speed = published("timm_speed").pivot_table("samples_per_sec", ["model", "img_size"], "setup")
    found = []
    for setup in speed:
        taus = speed.drop(columns=setup).corrwith(speed[setup], method=kendall_tau)
        both = speed[[setup, taus.idxmax()]].dropna()
        found.append({"labels": taus.idxmax(), "target": setup, "n": len(both), "tau": float(taus.max())})
    return found


if __name__ == "__main__":
    main(output_path("results"))
