"""ZeroCostProxies: architectures or modules in, a table of scores out."""

from __future__ import annotations

import hashlib
import os
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted
from tqdm import tqdm

import graf
from graf.checks import LARGEST_SEED, count, is_whole
from graf.exceptions import InputError
from graf.graph import ComputationGraph, GraphBatch
from graf.journal import Journal, JournalKind
from graf.proxies.batch import Batch, batches_of, digits
from graf.proxies.checks import check_writable, read_device, read_jobs, read_settings, recorded
from graf.proxies.evaluation import NO_MEMORY, Evaluation
from graf.proxies.plan import Plan, Score, Settings
from graf.proxies.registry import Proxy, chosen
from graf.sources.items import architectures_of, read_batch
from graf.spaces import SearchSpace

__all__ = ["PUBLISHED", "Failure", "ZeroCostProxies"]

PUBLISHED = (
    "epe_nas", "fisher", "flops", "grad_norm", "grasp", "jacov", "l2_norm", "nwot", "params", "plain",
    "snip", "synflow", "zen",
)  # fmt: skip
DTYPES = {"float32": torch.float32, "float64": torch.float64, "bfloat16": torch.bfloat16}
INPUT_SHAPE = (3, 32, 32)


class Failure(NamedTuple):
    """A value that does not exist: the index of the network, the proxy, and why."""

    item: Any
    proxy: str
    reason: str


class ZeroCostProxies(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Scores of untrained networks.

    Parameters
    ----------
    names : names of proxies (`graf.proxies.PROXIES`), which become the columns; None for the
        thirteen of NAS-Bench-Suite-Zero.
    device : "auto" for a GPU where there is one, or a device of torch such as "cpu" or "cuda:1".
    space : search space of architectures, or its name; None infers it from the notation. Not needed
        for modules.
    data : inputs and labels, as arrays or tensors of n rows; inputs may be a dictionary by keyword
        of the module's forward, and labels None. Or a `torch.utils.data.Dataset` of pairs, of which the
        drawn ones alone are fetched. None takes the digits shipped with scikit-learn, resized.
    batch_size : inputs that networks are looked at with. They are drawn from the data once, the same
        for all networks; proxies that compare batches get as many more.
    input_shape : (channels, height, width) of the digits; None for that of the space, or (3, 32, 32).
    dtype : "float32", "float64" or "bfloat16", of weights and inputs. What needs "float64" has it anyway.
    seed : of initial weights and everything else that is drawn.
    settings : keywords of proxies by name: `{"regularised_swap": {"mu": 1000, "sigma": 1000}}`.
    n_jobs : processes, each with a network at a time; -1 for one per core. None for one on a CPU, and
        on a GPU for as many as keep it busy, which is measured on the first network.
    cache : path of a file of finished values of architectures, which is written as they come and
        read when the call is repeated; one of other settings, or of another version of graf, is refused.
        What memory did not suffice for is tried again.
        Architectures of the same canonical hash share a value, where they have one input and one output.
    progress : whether to show a bar with the time left.

    Attributes
    ----------
    space_ : the search space, None for modules.
    metadata_ : what values depend on; also in `attrs` of the table.
    failures_ : a list of (item, proxy, reason), one for each NaN of the last table.

    Notes
    -----
    Architectures are built by the space, with weights drawn from `seed`. Modules are used as they
    are, and left as they are. Values do not depend on the other networks, nor on which other
    proxies are asked for: each pass over a network serves all proxies that need it and draws from
    the same seed. The last digits depend on torch's number of threads, of which processes get fewer.
    Where a value does not exist it is NaN, and a warning says why.

    Inputs are rows of the data and of what a module gives; what it gives for each token, pixel or position
    of a sequence is averaged. Inside, inputs may come first, (N, T, C), or tokens, (T, N, C), as the shape
    tells, or a run on few inputs where T is a multiple of N; where both are one dimension, inputs are taken
    for the outer one.

    Examples
    --------
    >>> cell = "|nor_conv_3x3~0|+|none~0|none~1|+|none~0|skip_connect~1|none~2|"
    >>> proxies = ZeroCostProxies(["params", "flops", "synflow"], device="cpu")
    >>> proxies.fit_transform([cell]).round(2).iloc[0].to_dict()
    {'params': 0.32, 'flops': 43.76, 'synflow': 47.41}
    """

    def __init__(
        self,
        names: Sequence[str] | None = None,
        device: str = "auto",
        *,
        space: str | SearchSpace | None = None,
        data: Any = None,
        batch_size: int = 64,
        input_shape: tuple[int, ...] | None = None,
        dtype: str = "float32",
        seed: int = 0,
        settings: Settings | None = None,
        n_jobs: int | None = None,
        cache: str | os.PathLike[str] | None = None,
        progress: bool = False,
    ) -> None:
        self.names = names
        self.device = device
        self.space = space
        self.data = data
        self.batch_size = batch_size
        self.input_shape = input_shape
        self.dtype = dtype
        self.seed = seed
        self.settings = settings
        self.n_jobs = n_jobs
        self.cache = cache
        self.progress = progress

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn the search space from items, and draw the batch; no network is run."""
        self._check()
        proxies = chosen(PUBLISHED if self.names is None else self.names)
        self.space_ = None if _modules(X) else _read(X, self.space)[2]
        if self.space_ is None and self.cache is not None:
            raise InputError(
                "`cache` keeps values of architectures, got modules, which have no name; leave it out"
            )
        data, shape = self._data()
        batches = batches_of(data, int(self.batch_size), int(self.seed))
        self._evaluation = Evaluation(
            Plan(proxies, read_settings(self.settings, proxies)),
            self.space_,
            batches,
            DTYPES[self.dtype],
            read_device(self.device),
            int(self.seed),
        )
        self.metadata_ = self._described(proxies, batches, shape)
        if self.cache is not None:
            check_writable(self.metadata_["settings"])
        self.failures_: list[Failure] = []
        return self

    def _described(
        self, proxies: list[Proxy], batches: Sequence[Batch], shape: tuple[int, ...]
    ) -> dict[str, Any]:
        """What values depend on, and what computed them."""
        return {
            "proxies": [proxy.name for proxy in proxies],
            "data": "given" if self.data is not None else f"digits of scikit-learn, resized to {shape}",
            "data_hash": _hash(batches),
            "batch_size": len(batches[0]),
            "dtype": self.dtype,
            "seed": int(self.seed),
            "settings": recorded(self.settings or {}),
            "device": self._evaluation.device.type,
            "graf": graf.__version__,
            "torch": torch.__version__,
            "space": None if self.space_ is None else repr(self.space_),
        }

    def transform(self, X: Any) -> pd.DataFrame:
        """Scores of items, one row each, indexed by architecture where items are that."""
        check_is_fitted(self, "metadata_")
        if self.space_ is None:
            items = _modules(X)
            if not items:
                raise InputError("`items` must be torch modules, as they were in fit")
            index: pd.Index[Any] = pd.RangeIndex(len(items))
            scores = self._computed(items)
        else:
            index, batch, _ = _read(X, self.space_)
            names = [self.space_.format(self.space_.parse(name)) for name in index]
            scores = self._of_architectures(names, batch)
        table = pd.DataFrame([values for values, _ in scores], index, self.metadata_["proxies"])
        self.failures_[:] = [
            Failure(item, name, reason)
            for item, (_, reasons) in zip(index, scores, strict=True)
            for name, reason in reasons.items()
        ]
        table.attrs = dict(self.metadata_)
        self._warn(table.size)
        return table

    def _of_architectures(self, names: list[str], batch: GraphBatch) -> list[Score]:
        if self.cache is None:
            return self._computed(names)
        path = Path(self.cache)
        journal = Journal(path.parent, JournalKind(path.name, ("network",)), self.metadata_)
        keys = [_key(graph, name) for graph, name in zip(batch, names, strict=True)]
        missing = dict(zip(reversed(keys), reversed(names), strict=True))
        todo = [(key, missing[key]) for (key,) in journal.missing((key,) for key in dict.fromkeys(keys))]
        known = {record["network"]: (record["values"], record["reasons"]) for record in journal.records}
        for i, (values, reasons) in self._run([name for _, name in todo]):
            key, name = todo[i]
            known[key] = values, reasons
            if NO_MEMORY not in reasons.values():  # there may be more when the call is repeated
                journal.append({"network": key, "architecture": name, "values": values, "reasons": reasons})
        return [known[key] for key in keys]

    def _computed(self, items: Sequence[Any]) -> list[Score]:
        found = dict(self._run(items))
        return [found[i] for i in range(len(items))]

    def _run(self, items: Sequence[Any]) -> Iterator[tuple[int, Score]]:
        scores = self._evaluation.run(items, read_jobs(self.n_jobs))
        return iter(tqdm(scores, total=len(items), unit="network", disable=not self.progress))

    def _warn(self, n_values: int) -> None:
        if not self.failures_:
            return
        reasons = dict.fromkeys(f"{failure.proxy}: {failure.reason}" for failure in self.failures_)
        shown = "; ".join(list(reasons)[:5]) + ("; ..." if len(reasons) > 5 else "")
        warnings.warn(
            f"{len(self.failures_)} of {n_values} values do not exist and are NaN ({shown});"
            " all reasons are in `failures_`",
            stacklevel=4,
        )

    def _data(self) -> tuple[Any, tuple[int, ...]]:
        shape = self.input_shape
        if shape is None:
            shape = getattr(self.space_, "input_shape", None)
        if self.data is not None:
            return self.data, ()
        if shape is None and self.space_ is not None:
            raise InputError(
                f"networks of {self.space_.name} do not read images; give `data`, (token ids, labels)"
            )
        shape = INPUT_SHAPE if shape is None else shape
        sides = tuple(shape) if isinstance(shape, (Sequence, np.ndarray)) else ()
        if len(sides) != 3 or not all(is_whole(side, 1) for side in sides):
            raise InputError(f"`input_shape` must be (channels, height, width), got {shape!r}")
        sides = tuple(map(int, sides))
        return digits(sides), sides

    def _check(self) -> None:
        for name, least in (("batch_size", 1), ("seed", 0)):
            count(name, getattr(self, name), least)
        if self.seed > LARGEST_SEED:
            raise InputError(f"`seed` must be at most {LARGEST_SEED}, got {self.seed}")
        read_jobs(self.n_jobs)  # before a file of values is begun
        if self.dtype not in DTYPES:
            raise InputError(f"`dtype` must be one of {', '.join(DTYPES)}, got {self.dtype!r}")
        if self.cache is not None and not isinstance(self.cache, (str, os.PathLike)):
            raise InputError(f"`cache` must be a path, got {type(self.cache).__name__}")

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Names of the proxies."""
        check_is_fitted(self, "metadata_")
        return np.array(self.metadata_["proxies"], dtype=object)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.no_validation = True
        tags.transformer_tags.preserves_dtype = []
        return tags


def _modules(items: Any) -> list[torch.nn.Module]:
    """The items if they are modules, else none."""
    if isinstance(items, torch.nn.Module):
        raise InputError("`items` must be a list, got one module; wrap it in a list")
    if not isinstance(items, (list, tuple)) or not any(isinstance(i, torch.nn.Module) for i in items):
        return []
    for i, item in enumerate(items):
        if not isinstance(item, torch.nn.Module):
            raise InputError(f"item {i} must be a torch module, as others are, got {item!r:.60}")
    return list(items)


def _read(items: Any, space: Any) -> tuple[pd.Index[Any], GraphBatch, SearchSpace]:
    index, batch, found = read_batch(items, space)
    if found is None or architectures_of(items) is None:
        raise InputError("`items` must be architectures or torch modules, got graphs, which cannot be run")
    return index, batch, found


def _key(graph: ComputationGraph, name: str) -> str:
    """What values are kept by: the canonical hash, or the notation where the hash would not tell inputs or outputs apart."""
    return graph.canonical_hash if len(graph.inputs) == len(graph.outputs) == 1 else name


def _hash(batches: Sequence[Batch]) -> str:
    """A hash of inputs and labels, so that values of other data are not taken for these."""
    digest = hashlib.blake2b(digest_size=16)
    for batch in batches:
        inputs = batch.inputs if isinstance(batch.inputs, dict) else {"": batch.inputs}
        for name, tensor in (*inputs.items(), *([] if batch.labels is None else [("y", batch.labels)])):
            digest.update(f"{name}{tuple(tensor.shape)}{tensor.dtype}".encode())
            digest.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
