"""Pictures of computation graphs: folded into blocks, laid out in rows, written as SVG."""

from graf.graph.drawing.picture import Picture, plot

__all__ = ["Picture", "plot"]
