"""From the proxies that are asked for to the passes that serve them, and to their values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from graf.proxies.network import Network
from graf.proxies.passes import PASSES, Results
from graf.proxies.quantities import QUANTITIES
from graf.proxies.registry import Proxy
from graf.proxies.state import seeded, untouched
from graf.proxies.undefined import Undefined, is_out_of_memory, reason_of

__all__ = ["Plan", "Score"]

Settings = Mapping[str, Mapping[str, Any]]
Score = tuple[dict[str, float], dict[str, str]]  # values by proxy, and the reasons of those that are NaN


@dataclass(frozen=True)
class Plan:
    """Which passes serve some proxies, each pass once for all that read of it.

    Parameters
    ----------
    proxies : what is asked for.
    settings : keywords of proxies by their names, such as {"regularised_swap": {"mu": 1000, ...}}.
    """

    proxies: Sequence[Proxy]
    settings: Settings

    @cached_property
    def passes(self) -> dict[str, frozenset[str]]:
        """The quantities that are wanted of each pass, in the order of the passes."""
        wanted = {name for proxy in self.proxies for name in proxy.quantities}
        by_pass = {
            source: frozenset(name for name in wanted if QUANTITIES[name].source == source)
            for source in PASSES
        }
        return {source: names for source, names in by_pass.items() if names}

    def results(self, network: Network) -> dict[str, Any]:
        """What the functions of the proxies give for a network, by proxy; `Undefined` where nothing.

        The network and the global random numbers are left as they were. Quantities are let go as soon
        as the proxies that read them are through.
        """
        found: dict[str, Any] = {}
        results, ran = Results(), set()
        with untouched(network.module) as restore:
            for source, wanted in self.passes.items():
                with results.attempt(wanted), seeded(network.seed, network.device):
                    PASSES[source](network.for_modes(), wanted, results)
                restore()
                ran.add(source)
                for proxy in self.proxies:
                    if proxy.name not in found and {QUANTITIES[q].source for q in proxy.quantities} <= ran:
                        found[proxy.name] = self._result(proxy, results)
                self._release(results, found)
        return found

    def _result(self, proxy: Proxy, results: Results) -> Any:
        try:
            with torch.no_grad():
                read = [results.read(name) for name in proxy.quantities]
                return proxy.compute(*read, **self.settings.get(proxy.name, {}))
        except Exception as error:  # a proxy of the user's own may raise anything
            if is_out_of_memory(error):
                raise
            return Undefined(reason_of(error))  # without the frames, and so the tensors, that `error` keeps

    def _release(self, results: Results, found: dict[str, Any]) -> None:
        needed = {name for proxy in self.proxies if proxy.name not in found for name in proxy.quantities}
        for name in [name for name in results if name not in needed]:
            del results[name]

    def scores(self, found: Sequence[dict[str, Any]], finite: Sequence[Tensor]) -> list[Score]:
        """The score of each network from the results of many.

        Parameters
        ----------
        found : `results` of each network.
        finite : whether the parameters of each are finite numbers.
        """
        scores: list[Score] = [({}, {}) for _ in found]
        sound = [bool(flag) for flag in torch.stack(list(finite)).tolist()] if finite else []
        for proxy in self.proxies:
            computed = _finished(proxy, [results[proxy.name] for results in found])
            of_weights = "weights" in proxy.needs
            for (values, reasons), value, is_sound in zip(scores, computed, sound, strict=True):
                if of_weights and not is_sound:
                    value = "the network has weights that are no finite numbers"
                values[proxy.name] = value if isinstance(value, float) else float("nan")
                if isinstance(value, str):
                    reasons[proxy.name] = value
        return scores


def _finished(proxy: Proxy, results: list[Any]) -> list[float | str]:
    """The value of each network, or the reason why there is none; one transfer for all."""
    known = [i for i, result in enumerate(results) if not isinstance(result, Undefined)]
    found: list[float | str] = [str(r) if isinstance(r, Undefined) else "" for r in results]
    try:
        stacked = _stacked([results[i] for i in known])
        if proxy.finish is not None and known:
            stacked = proxy.finish(stacked)
        if stacked.numel() != len(known):
            raise Undefined(f"the proxy gives {stacked.numel()} numbers for a network; expected one")
        numbers = stacked.flatten().tolist()
    except Exception as error:  # of the linear algebra, or of a proxy of the user's own
        if is_out_of_memory(error):
            raise
        if len(known) > 1:
            return [_finished(proxy, [result])[0] for result in results]
        numbers = [reason_of(error)] * len(known)
    for i, number in zip(known, numbers, strict=True):
        finite = isinstance(number, str) or (number == number and abs(number) != float("inf"))
        found[i] = number if finite else f"{proxy.undefined} ({number})"
    return found


def _stacked(results: list[Any]) -> Tensor:
    if not results:
        return torch.empty(0, device="cpu")
    if isinstance(results[0], Tensor):
        return torch.stack([result.detach().double() for result in results])
    return torch.tensor([float(result) for result in results], dtype=torch.float64, device="cpu")
