"""What the rivals are compared on: tables, targets and label counts, and the numbers they predict from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np
import pandas as pd
from _rival_cells import Cell, cells, path_table, wl_counts
from _rival_kernel import wl_features
from scipy.sparse import csr_matrix

from graf import Dataset, GraphFeatures, load_dataset
from graf.features.choices import choice_columns
from graf.predictors import free_rows

__all__ = ["TASKS", "Inputs", "Task", "inputs"]

FEW = (32, 128, 1024)
WL_ROUNDS = 3  # at most; the marginal likelihood chooses


@dataclass(frozen=True)
class Task:
    """One target of a published table; proxies are those whose names begin so, if any are used."""

    dataset: str
    target: str
    name: str
    proxies: str = ""
    sizes: tuple[int, ...] = FEW

    @property
    def published(self) -> str:
        """The features of the published forest on this target."""
        return "GRAF + proxies" if self.proxies else "GRAF"


TASKS = (
    Task("nasbench201", "cifar10_val_acc", "NAS-Bench-201, CIFAR-10 accuracy", "zcp_"),
    Task("nasbench201", "hw_edgegpu_latency", "NAS-Bench-201, edge GPU latency"),
    Task("nasbench201", "rob_pgd_linf_1.0", "NAS-Bench-201, PGD accuracy, eps 1", "zcp_"),
    Task("nasbench201", "hw_edgetpu_latency", "NAS-Bench-201, edge TPU latency"),
    Task("transnas_micro", "class_scene_top1_pct", "TransNAS micro, class_scene", "class_scene__zcp_"),
    Task("nasbench101", "val_acc_ep108", "NAS-Bench-101, accuracy", sizes=(32, 100, 128, 424, 1024)),
    Task("nasbench301", "val_acc_pct", "NAS-Bench-301, surrogate accuracy", "zcp_", (32, 128, 580)),
)


class Inputs:
    """All that can be predicted from in one table, each computed when it is first asked for.

    Rows are the architectures without useless edges where the table knows them, as published.
    """

    def __init__(self, dataset: str) -> None:
        data = load_dataset(dataset)
        self.data: Dataset = data.select(data.info["connected"] == 1) if "connected" in data.info else data

    def table(self, features: str, proxies: str) -> pd.DataFrame:
        """Columns by the names that results give them; "cells" is the number of the row in `cells`.

        Choices are among graf's columns, but not where a network sees these beside the cell.
        """
        first, *more = features.split(" + ")
        parts = [self._parts(first)] + [
            self._proxies(proxies) if part == "proxies" else self._parts(part) for part in more
        ]
        parts += [self.choices] if first == "graf" else []
        return pd.concat(parts, axis=1)

    def _parts(self, name: str) -> pd.DataFrame:
        known = {"graf": "graf", "GRAF": "published", "paths": "paths", "cells": "numbers"}
        return getattr(self, known[name]) if name in known else self._free[name]

    def _proxies(self, beginning: str) -> pd.DataFrame:
        table = self.data.proxies.filter(regex=f"^{beginning}")
        return table.set_axis(pd.Index(self.data.architectures), axis=0)

    @cached_property
    def graf(self) -> pd.DataFrame:
        """The default columns of predictors but those of choices."""
        return GraphFeatures(self.data.space, simplified="both").fit_transform(self.data.architectures)

    @cached_property
    def choices(self) -> pd.DataFrame:
        """What architectures chose."""
        columns = [str(column) for column in choice_columns(self.data.space)]
        return GraphFeatures(self.data.space, columns).fit_transform(self.data.architectures)

    @cached_property
    def published(self) -> pd.DataFrame:
        """The columns of zc_combine."""
        return GraphFeatures(self.data.space, compat="zc_combine").fit_transform(self.data.architectures)

    @cached_property
    def _free(self) -> dict[str, pd.DataFrame]:
        rows = free_rows(self.data.architectures, self.data.space)
        return {name: table for name, (_, table) in rows.items()}

    @cached_property
    def cells(self) -> list[Cell]:
        """The cells as labelled graphs of operations."""
        return cells(self.data.space.graph(architecture) for architecture in self.data.architectures)

    @cached_property
    def numbers(self) -> pd.DataFrame:
        """The place of each cell in `cells`."""
        return pd.DataFrame({"cell": np.arange(len(self.data))}, index=self.data.architectures)

    @cached_property
    def wl_features(self) -> list[csr_matrix]:
        """Rows of length 1 whose inner products are Weisfeiler-Lehman kernels."""
        return wl_features(wl_counts(self.cells, WL_ROUNDS))

    @cached_property
    def packed(self) -> Any:
        """The cells as arrays for graph networks."""
        from _rival_networks import packed

        return packed(self.cells)

    @cached_property
    def paths(self) -> pd.DataFrame:
        """Path encoding."""
        return path_table(self.cells).set_axis(pd.Index(self.data.architectures), axis=0)


@cache
def inputs(dataset: str) -> Inputs:
    """The inputs of a table, one for the whole run."""
    return Inputs(dataset)
