"""The zero-cost proxies of every cell of digits201, on the images that its networks are trained on.

    python experiments/digits201_proxies.py [results/digits201_proxies.parquet]

All proxies but those of attention and regularised SWAP (whose two settings nobody has published for this
space), batches of 64 training images, pixels in [0, 1] as in training, weights of seed 0. The Kendall tau of
each with the test accuracy goes beside the table, as CSV and JSON. A call that was stopped goes on.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pandas as pd
from _provenance import provenance, write_csv

import graf
from graf.files import atomic_path
from graf.measure.digits import digits
from graf.proxies import PROXIES, az_nas_rank

LEFT_OUT = {
    "dss", "head_confidence", "head_importance", "regularised_swap", "softmax_confidence",
    "synaptic_diversity", "synaptic_saliency",
}  # fmt: skip


def main(out: Path) -> None:
    """Compute what is missing and write the table."""
    data = graf.load_dataset("digits201")
    names = sorted(set(PROXIES) - LEFT_OUT)
    images = digits()["train"]
    proxies = graf.ZeroCostProxies(
        names, "cpu", space=data.space, data=(images.x, images.y), cache=out.with_suffix(".jsonl"),
        progress=sys.stderr.isatty(),
    )  # fmt: skip
    table = proxies.fit_transform(data.architectures)
    metadata, missing = dict(table.attrs), len(proxies.failures_)
    table["az_nas_rank"] = az_nas_rank(table)
    accuracy = data.targets["test_acc"]
    tau = pd.DataFrame(
        {"proxy": name, "n": table[name].count(), "kendall_tau": table[name].corr(accuracy, "kendall")}
        for name in table
    )
    with atomic_path(out) as path:
        table.to_parquet(path)
    write_csv(tau.sort_values("kendall_tau", ascending=False), out.with_suffix(".csv"))
    found = provenance() | {"settings": metadata, "cells": len(table), "missing_values": missing}
    with atomic_path(out.with_suffix(".json")) as path:
        path.write_text(json.dumps(found, indent=1) + "\n")
    print(tau.to_string(index=False))


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "results/digits201_proxies.parquet"))
