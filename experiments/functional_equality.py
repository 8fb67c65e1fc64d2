"""How many functions there are among cells, and whether features tell them apart and no further.

    GRAF_DATA=<folder of the tables> python experiments/functional_equality.py [results]

Two cells have the same function if `ComputationGraph.simplified()` gives graphs with the same
canonical hash. A function is split if its cells have different feature vectors; two functions are
confused if they share one. NAS-Bench-201 and TransNAS-Bench-101 micro: all connected cells, with
the published features and with graf's. NAS-Bench-101: the cells of the table, with the same features, and
against their published, isomorphism-invariant hash.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
from _provenance import output_path, provenance

from graf import Dataset, GraphFeatures, get_space, load_dataset
from graf.files import atomic_path

FEATURES = {
    "published": {"compat": "zc_combine"},
    "graf": {},
    "graf, simplified": {"simplified": True},
}


def main(folder: Path) -> None:
    """Count, print and write."""
    found: dict[str, Any] = {"provenance": provenance()}
    for name in ("nasbench201", "transnas_micro"):
        found[name] = functions(connected(name), name)
        print(name, json.dumps(found[name], indent=1))
    data = load_dataset("nasbench101")
    found["nasbench101"] = functions(data.architectures, "nasbench101") | isomorphism(data)
    print("nasbench101", json.dumps(found["nasbench101"], indent=1))
    with atomic_path(folder / "functional_equality.json") as path:
        path.write_text(json.dumps(found, indent=1) + "\n")


def connected(name: str) -> list[str]:
    """The cells without operations that zeros cut off."""
    space = get_space(name)
    return [cell for cell in space.enumerate() if space.graph(cell).connected]


def functions(cells: list[str], name: str) -> dict[str, Any]:
    """Numbers of functions, and of those that features split and confuse."""
    space = get_space(name)
    function = pd.Series([space.graph(cell).simplified().canonical_hash for cell in cells])
    result: dict[str, Any] = {"cells": len(cells), "functions": function.nunique()}
    for label, options in FEATURES.items():
        table = GraphFeatures(space, **options).fit_transform(cells)
        result[label] = {"columns": table.shape[1], **split_and_confused(function, vectors(table))}
    return result


def vectors(table: pd.DataFrame) -> pd.Series:
    """One number per distinct row."""
    return pd.Series(table.fillna(-1.0).groupby(list(table), sort=False).ngroup().to_numpy())


def split_and_confused(function: pd.Series, vector: pd.Series) -> dict[str, int]:
    """Functions with several vectors, and pairs of functions with the same vector."""
    pairs = pd.DataFrame({"function": function, "vector": vector}).drop_duplicates()
    shared = pairs.groupby("vector").size()
    return {
        "distinct_vectors": int(vector.nunique()),
        "functions_split": int((pairs.groupby("function").size() > 1).sum()),
        "pairs_confused": int((shared * (shared - 1) // 2).sum()),
    }


def isomorphism(data: Dataset) -> dict[str, int]:
    """Distinct hashes of NAS-Bench-101 cells, published and of graf, which must pair up."""
    graphs = [data.space.graph(cell) for cell in data.architectures]
    hashes = pd.DataFrame(
        {
            "published": data.info["hash"].to_numpy(),
            "graf": [graph.canonical_hash for graph in graphs],
        }
    )
    return {
        **{f"distinct_{name}": int(hashes[name].nunique()) for name in hashes},
        "pairs_of_hashes": len(hashes[["published", "graf"]].drop_duplicates()),
    }


if __name__ == "__main__":
    main(output_path("results"))
