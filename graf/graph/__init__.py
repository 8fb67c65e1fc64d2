"""The one form in which graf holds a network: a directed acyclic graph of operations."""

from graf.graph.batch import GraphBatch
from graf.graph.computation_graph import ComputationGraph

__all__ = ["ComputationGraph", "GraphBatch"]
