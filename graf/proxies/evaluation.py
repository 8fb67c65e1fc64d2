"""Many networks: in processes, with progress, and with as few at once as memory allows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pickle import PicklingError
from typing import Any

import torch
from joblib import Parallel, delayed
from torch import nn
from torch.nn.utils import get_total_norm

from graf.exceptions import GrafError, InputError
from graf.proxies.batch import Batch
from graf.proxies.network import Network
from graf.proxies.plan import Plan, Score
from graf.proxies.state import exact_products
from graf.proxies.undefined import Undefined, is_out_of_memory, reason_of
from graf.proxies.workers import workers
from graf.spaces import SearchSpace
from graf.spaces.torch_models.state import plain_defaults

__all__ = ["NO_MEMORY", "Evaluation"]

CHUNK = 8  # networks whose linear algebra is done at once, and that are saved at once
NO_MEMORY = "out of memory, even for this network alone; give a smaller `batch_size` to all"
PARALLEL = (nn.DataParallel, nn.parallel.DistributedDataParallel)  # not called with other tensors by torch
Item = str | nn.Module


@dataclass(frozen=True)
class Evaluation:
    """What is computed of networks, and with what.

    Parameters
    ----------
    plan : the proxies.
    space : of architectures; None where the items are modules.
    batches : one or two, on the CPU.
    dtype, device, seed : as `Network`.
    """

    plan: Plan
    space: SearchSpace | None
    batches: Sequence[Batch]
    dtype: torch.dtype
    device: torch.device
    seed: int

    def run(self, items: Sequence[Item], n_jobs: int | None = 1) -> Iterator[tuple[int, Score]]:
        """Number and score of each item, as they come; None for as many processes as keep the device busy.

        Networks for which there is no memory are tried again with half as many processes, and at
        last alone; the batch stays what it is.
        """
        left = list(range(len(items)))
        if n_jobs is None:
            n_jobs = workers(lambda: self.scores(items[:1]), len(items), self.device) if left else 1
        while left:
            chunks = [left[i : i + CHUNK] for i in range(0, len(left), CHUNK)]
            work = (delayed(self.scores)([items[i] for i in chunk]) for chunk in chunks)
            left = []
            done = Parallel(n_jobs, return_as="generator", pre_dispatch="2*n_jobs")(work)
            for chunk, scores in zip(chunks, _received(done), strict=True):
                for i, score in zip(chunk, scores, strict=True):
                    if score is None and n_jobs > 1:
                        left.append(i)
                    else:
                        yield i, self._without_memory() if score is None else score
            n_jobs = max(1, n_jobs // 2)

    def scores(self, items: Sequence[Item]) -> list[Score | None]:
        """The score of each item; None where there was no memory for it."""
        try:
            with (
                torch.inference_mode(False),
                torch.autocast(self.device.type, enabled=False),
                exact_products(),
            ):
                return self._scores(items)
        except Exception as error:
            if not is_out_of_memory(error):
                raise  # else there was none, not even for the batch, or for the algebra of all
        _empty_cache(self.device)
        return [score for item in items for score in self.scores([item])] if len(items) > 1 else [None]

    def _scores(self, items: Sequence[Item]) -> list[Score | None]:
        batches = [batch.to(self.device, self.dtype) for batch in self.batches]
        found, finite, known = [], [], []
        for i, item in enumerate(items):
            try:
                network = self._network(item, batches)
                sound, results = _is_finite(network), self.plan.results(network)
            except Exception as error:  # where a module has no memory, or cannot be looked at
                if is_out_of_memory(error):
                    continue
                sound, failure = torch.tensor(True, device=self.device), Undefined(reason_of(error))
                results = {proxy.name: failure for proxy in self.plan.proxies}
            found.append(results)
            finite.append(sound)
            known.append(i)
        if len(known) < len(items):
            _empty_cache(self.device)
        scores = dict(zip(known, self.plan.scores(found, finite), strict=True))
        return [scores.get(i) for i in range(len(items))]

    def _network(self, item: Item, batches: list[Batch]) -> Network:
        if isinstance(item, nn.Module):
            return Network(_unwrapped(item), batches, self.dtype, self.device, self.seed)
        assert self.space is not None
        with plain_defaults():  # or the same seed would draw other weights
            module = self.space.model(item, seed=self.seed)
        module = module.to(self.device, non_blocking=self.device.type == "cuda")
        return Network(module, batches, self.dtype, self.device, self.seed)

    def _without_memory(self) -> Score:
        names = [proxy.name for proxy in self.plan.proxies]
        return dict.fromkeys(names, float("nan")), dict.fromkeys(names, NO_MEMORY)


def _received(done: Iterator[Any]) -> Iterator[Any]:
    try:
        yield from done
    except PicklingError as error:
        raise InputError("`items` cannot all be sent to other processes; give `n_jobs=1`") from error
    except BrokenProcessPool as error:
        raise GrafError(
            "a process that computed proxies died, perhaps for lack of memory; what is in `cache` is kept:"
            " repeat the call with a smaller `n_jobs`"
        ) from error


def _unwrapped(module: nn.Module) -> nn.Module:
    while isinstance(module, PARALLEL):
        module = module.module
    return module


@torch.no_grad()
def _is_finite(network: Network) -> torch.Tensor:
    numbers = [p for p in network.parameters.values() if p.is_floating_point() or p.is_complex()]
    tensors = [p for p in numbers if p.numel()]
    with network.device:  # that of the norm of nothing
        return get_total_norm(tensors, norm_type=float("inf")).isfinite()


def _empty_cache(device: torch.device) -> None:
    """Give memory back for other processes; once an error is gone, as it keeps the tensors of its frames."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
