"""The command line as a function, and files to give it."""

import sys

import numpy as np
import pandas as pd
import pytest
from onnx_models import saved, weight

from graf import get_space
from graf.cli import main


@pytest.fixture
def run(monkeypatch, capsys):
    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["graf", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            main()
        shown = capsys.readouterr()
        return stop.value.code, shown.out, shown.err

    return call


@pytest.fixture
def cells(tmp_path):
    path = tmp_path / "cells.txt"
    path.write_text(
        "# a comment\n  # more\n" + "\n".join(get_space("nasbench201").sample(30, seed=2)) + "\n\n"
    )
    return path


@pytest.fixture
def table(tmp_path):
    space = get_space("nasbench201")
    cells = list(dict.fromkeys(space.sample(120, seed=4)))
    macs = [space.graph(cell).n_macs for cell in cells]
    frame = pd.DataFrame({"cell": cells, "speed": macs, "size": np.log1p(macs)})
    path = tmp_path / "table.csv"
    frame.to_csv(path, index=False)
    return path


CONV = "g (float[1, 3, 8, 8] x) => (float[1, 4, 6, 6] y) { c = Conv (x, w) y = Relu (c) }"


@pytest.fixture
def networks(tmp_path):
    folder = tmp_path / "networks"
    folder.mkdir()
    for name in ("a.onnx", "b.onnx"):
        saved(folder, CONV, name=name, w=weight(4, 3, 3, 3))
    return folder


@pytest.fixture
def labelled(tmp_path):
    """A table of twelve networks with their labels, and the folder of these and one more."""
    folder = tmp_path / "many"
    for i in range(13):
        (folder / f"{i % 2}").mkdir(parents=True, exist_ok=True)
        saved(folder / f"{i % 2}", CONV.replace("4", f"{i + 1}"), name=f"{i}.onnx", w=weight(i + 1, 3, 3, 3))
    table = tmp_path / "labels.csv"
    table.write_text("file,ms\n" + "".join(f"{i % 2}/{i}.onnx,{i}\n" for i in range(12)))
    return table, folder
