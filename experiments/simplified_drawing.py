"""Draws a cell and its simplified graph for the documentation.

python experiments/simplified_drawing.py [docs]
"""

from __future__ import annotations

from pathlib import Path

from _provenance import output_path

import graf

CELL = "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|skip_connect~0|avg_pool_3x3~1|none~2|"


def main(folder: Path) -> None:
    """Two SVG files, and the columns that differ."""
    graph = graf.read_graph(CELL)
    graph.plot(folder / "cell.svg")
    graph.simplified().plot(folder / "cell_simplified.svg")
    columns = ["live.nodes", "live.edges", "op_count(skip)", "op_count(none)", "op_count(conv3x3)"]
    both = [*columns, *(f"{name}@simplified" for name in columns)]
    print(graf.GraphFeatures(columns=both).fit_transform([CELL]).T.to_string(header=False))


if __name__ == "__main__":
    main(output_path("docs"))
