"""Zero-cost proxies of NAS-Bench-101 and DARTS cells sampled from the published tables.

    GRAF_DATA=folder python experiments/proxies_sampled.py DATASET [N] [results/proxies_DATASET.csv]

DATASET is `nasbench101` or `nasbench301`, whose published proxies cover few cells; N cells are drawn at
random (100 by default). The proxies of one forward and two backwards, SynFlow, zen and the counts, on
batches of 16 digits in the size of the networks' images. Values are kept as they come beside the result, and
a call that was stopped goes on; the Kendall tau of each with the dataset's first primary target is printed.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from _provenance import write_json

import graf
from graf.files import atomic_path

NAMES = [
    "params", "macs", "l2_norm", "snip", "grad_norm", "fisher", "nwot", "jacov", "epe_nas", "synflow", "zen",
]  # fmt: skip
BATCH, SEED = 16, 0


def main(name: str, n: int, out: Path) -> None:
    """Draw cells, compute what is missing, and write one row per cell."""
    data = graf.load_dataset(name)
    target = data.metadata.index[data.metadata["primary"]][0]
    labels = data.targets[target].dropna()
    cells = labels.index[np.sort(np.random.default_rng(SEED).choice(len(labels), n, replace=False))]
    proxies = graf.ZeroCostProxies(
        NAMES, "auto", space=data.space, batch_size=BATCH, seed=SEED, cache=out.with_suffix(".jsonl"),
        progress=sys.stderr.isatty(),
    )  # fmt: skip
    table = proxies.fit_transform(list(cells))
    with atomic_path(out) as path:
        table.to_csv(path, float_format="%.6g", index_label="architecture")
    found = {"target": target, "settings": table.attrs}
    found["kendall_tau"] = table.corrwith(labels[cells].set_axis(table.index), method="kendall").to_dict()
    write_json(found, out.with_suffix(".json"))
    print(json.dumps(found["kendall_tau"], indent=1))


if __name__ == "__main__":
    dataset, *rest = sys.argv[1:]
    count = int(rest[0]) if rest else 100
    main(dataset, count, Path(rest[1] if len(rest) > 1 else f"results/proxies_{dataset}.csv"))
