"""From the steps of a network to its computation graph, whatever the network was read from."""

from graf.sources.network.to_graph import to_graph

__all__ = ["to_graph"]
