"""How fast the columns of whole networks are: graf beside networkx and plain Python, in one run.

    python experiments/network_speed.py [results/network_speed.json]

One network of 5,000 nodes: residual blocks of random bodies, with random branches, dense
connections and gates, and with every attribute that graf's readers give. All default columns but the
eigenvalues, from the graph to the table, on one thread; the rival is the tests' twin of each family,
which walks a networkx graph that is made before. Values are compared.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from _provenance import output_path, write_json
from _timing import timed

from graf import ComputationGraph, GraphFeatures
from graf.features import FEATURES, parse_column
from graf.features.columns import column_of
from graf.features.networks import CHOSEN, network_columns

sys.path.append(str(Path(__file__).parents[1] / "tests"))
from naive_networks import TWINS, as_networkx

SIZE = 5_000
BODY = ("conv3x3", "conv1x1", "dw_conv3x3", "linear", "attention", "relu", "gelu", "layer_norm", "batch_norm")
SLOW = "laplacian"


def main(out: Path) -> None:
    """Time both, compare them and write the figures as JSON."""
    graph = network(SIZE)
    columns = [str(column) for column in network_columns() if column.family != SLOW]
    features = GraphFeatures(columns=columns).fit([graph])
    table, seconds = timed(lambda: features.transform([graph]), 51)
    known = as_networkx(graph)
    expected, slow = {}, {}
    for family in dict.fromkeys(parse_column(name).family for name in columns):
        values, slow[family] = timed(
            lambda family=family: TWINS[family](known, CHOSEN[family][0]), 1, warmed=False
        )
        expected |= named(family, values)
    theirs = [expected[name] for name in columns]
    np.testing.assert_allclose(table.iloc[0], theirs, rtol=1e-9, atol=1e-9)
    spectrum = GraphFeatures(columns=[str(c) for c in network_columns() if c.family == SLOW]).fit([graph])
    found = {
        "nodes": graph.n_nodes,
        "edges": graph.n_edges,
        "columns": len(columns),
        "log10_paths": float(table["log_paths"].item()),
        "graf_seconds": seconds,
        "networkx_seconds": sum(slow.values()),
        "times_faster": sum(slow.values()) / seconds,
        "graf_seconds_of_the_eigenvalues": timed(lambda: spectrum.transform([graph]), 11)[1],
        "networkx_seconds_by_family": slow,
    }
    write_json(found, out)
    print(json.dumps(found, indent=1))


def named(family: str, rows: list[list[float]]) -> dict[str, float]:
    """The values of a twin by the names of graf's columns."""
    return {
        str(column_of(family, arguments, stat)): value
        for arguments, row in zip(CHOSEN[family][0], rows, strict=True)
        for stat, value in zip(FEATURES[family].stats, row, strict=family != "profile")  # more for cells
    }


def network(size: int, seed: int = 0) -> ComputationGraph:
    """A residual network whose blocks have bodies of 2 to 8 operations, some of them gated or dense."""
    rng = np.random.default_rng(seed)
    operations: list[str | None] = [None]
    edges: list[tuple[int, int]] = []

    def add(name: str, *read: int) -> int:
        operations.append(name)
        edges.extend((u, len(operations) - 1) for u in read)
        return len(operations) - 1

    stream = [add("conv7x7", 0)]
    while len(operations) < size - 1:
        start = last = stream[-1]
        for name in rng.choice(BODY, rng.integers(2, 9)):
            last = add(name, last)
        if rng.random() < 0.3:
            last = add("multiply", last, add("sigmoid", add("conv1x1", add("global_avg_pool", last))))
        if rng.random() < 0.2:
            last = add("concat", last, *rng.choice(stream, min(3, len(stream)), replace=False).tolist())
        stream.append(add("add", start, last))
    add("linear", stream[-1])
    operations, edges = operations[:size], [(u, v) for u, v in edges if v < size]
    return ComputationGraph.from_edges(
        operations, edges, inputs=[0], outputs=[size - 1], attributes=attributes(operations, rng)
    )


def attributes(operations: list[str | None], rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Attributes as of networks: counts for all nodes, settings where the operation has some."""
    n = len(operations)
    name = np.array([op or "" for op in operations])
    conv, attention = np.char.find(name, "conv") >= 0, name == "attention"
    weighted = conv | np.isin(name, ["linear", "layer_norm", "batch_norm"])

    def only(where: np.ndarray, values: list[float]) -> np.ndarray:
        return np.where(where, rng.choice(values, n), np.nan)

    counts = {
        "n_parameters": np.where(weighted, rng.integers(64, 10**6, n), 0),
        "n_macs": np.where(conv | attention, rng.integers(10**4, 10**9, n), 0),
        "n_elementary": np.where(conv, 0, rng.integers(10**3, 10**6, n)),
    }
    sizes = {key: rng.integers(10**3, 10**7, n) for key in ("n_activations", "n_output_bytes", "n_bytes")}
    everywhere = np.ones(n, bool)
    settings = {
        "channels": only(everywhere, [32, 64, 128, 256]), "resolution": only(everywhere, [7, 14, 28, 56]),
        "sequence": only(~conv, [49, 196]), "kernel": only(conv, [1, 3, 7]), "stride": only(conv, [1, 1, 1, 2]),
        "dilation": only(conv, [1, 1, 2]), "groups": only(conv, [1, 1, 32]), "heads": only(attention, [4, 8]),
        "kv_heads": only(attention, [2, 4]), "head_dim": only(attention, [32, 64]),
        "key_sequence": only(attention, [49, 196]), "windows": only(attention, [1, 16]),
        "self_attention": only(attention, [0, 1]), "relative_bias": only(attention, [0, 1]),
        "causal": only(attention, [0, 1]), "shared_id": np.where(weighted, rng.integers(0, n, n), np.nan),
        "folded_norms": only(conv, [0, 1]),
    }  # fmt: skip
    return counts | sizes | settings


if __name__ == "__main__":
    main(output_path("results/network_speed.json"))
