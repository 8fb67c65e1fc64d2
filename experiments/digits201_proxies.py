"""Gives digits201 the zero-cost proxies of its cells, on the images that its networks are trained on.

    python experiments/digits201_proxies.py [results/digits201_proxies.csv]

All proxies but those of attention and regularised SWAP (whose two settings nobody has published for this
space), batches of 64 training images, pixels in [0, 1] as in training, weights of seed 0. The columns go
into the shipped table, with what they depend on in its metadata; the Kendall tau of each with the test
accuracy into the CSV. A call that was stopped goes on.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from _provenance import output_path, write_csv, write_json

import graf
import graf.datasets
from graf.files import atomic_path
from graf.measure.digits import digits
from graf.proxies import PROXIES, az_nas_rank

TABLE = Path(graf.datasets.__file__).parent / "tables" / "digits201.parquet"
LEFT_OUT = {
    "dss", "head_confidence", "head_importance", "regularised_swap", "softmax_confidence",
    "synaptic_diversity", "synaptic_saliency",
}  # fmt: skip


def main(out: Path) -> None:
    """Compute what is missing, write the columns and the figures."""
    data = graf.load_dataset("digits201")
    names = sorted(set(PROXIES) - LEFT_OUT)
    images = digits()["train"]
    proxies = graf.ZeroCostProxies(
        names, "cpu", space=data.space, data=(images.x, images.y), cache=out.with_suffix(".jsonl"),
        progress=sys.stderr.isatty(),
    )  # fmt: skip
    table = proxies.fit_transform(data.architectures)
    source = "64 of the 800 training images, pixels in [0, 1]"
    write_columns(table, {**table.attrs, "data": source, "missing_values": len(proxies.failures_)})
    ranked = table.assign(az_nas_rank=az_nas_rank(table))
    accuracy = data.targets["test_acc"]
    tau = pd.DataFrame(
        {"proxy": name, "n": ranked[name].count(), "kendall_tau": ranked[name].corr(accuracy, "kendall")}
        for name in ranked
    )
    write_csv(tau.sort_values("kendall_tau", ascending=False), out)
    write_json({"settings": dict(table.attrs)}, out.with_suffix(".json"))
    print(tau.to_string(index=False))


def write_columns(proxies: pd.DataFrame, settings: dict[str, object]) -> None:
    """Put the proxies into the shipped table, in single precision; the rest of it stays."""
    shipped = pq.read_table(TABLE)
    kept = shipped.drop_columns([name for name in shipped.column_names if name in proxies])
    values = proxies.loc[kept["architecture"].to_pylist()].astype("float32")
    for name in values:
        kept = kept.append_column(name, pa.array(values[name], pa.float32(), from_pandas=True))
    facts = json.loads(shipped.schema.metadata[b"graf"]) | {"proxies": settings}
    metadata = {key: value for key, value in shipped.schema.metadata.items() if key != b"pandas"}
    with atomic_path(TABLE) as path:
        pq.write_table(
            kept.replace_schema_metadata(metadata | {b"graf": json.dumps(facts).encode()}),
            path,
            compression="zstd",
        )


if __name__ == "__main__":
    main(output_path("results/digits201_proxies.csv"))
