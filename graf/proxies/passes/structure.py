"""What can be read off a network without running it."""

from __future__ import annotations

from graf.proxies.network import Network
from graf.proxies.passes.results import Results

__all__ = ["run"]


def run(network: Network, wanted: frozenset[str], results: Results) -> None:
    """Parameters and weights."""
    results["n_parameters"] = sum(p.numel() for p in network.parameters.values())
    with results.attempt(["weights"]):
        results["weights"] = network.weights
