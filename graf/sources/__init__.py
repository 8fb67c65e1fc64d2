"""Reading networks: from any format to a graph, and from items to a batch of graphs."""

from graf.sources.folder import read_folder
from graf.sources.items import read_batch
from graf.sources.read_graph import read_graph

__all__ = ["read_batch", "read_folder", "read_graph"]
