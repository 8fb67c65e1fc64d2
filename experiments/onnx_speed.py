"""How fast ONNX files are read: beside onnx's own loading and shape inference, and several at a time.

    python experiments/onnx_speed.py [results/onnx_speed.json]

The files are cells of NAS-Bench-201 and AutoFormers that PyTorch exports, weights included, and the
networks that come with the onnx package.
"""

from __future__ import annotations

import contextlib
import io
import json
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnx
import torch
from _provenance import output_path, write_json
from _timing import typical

from graf import get_space, read_graph
from graf.sources import read_folder

SHIPPED = Path(onnx.__file__).parent / "backend/test/data/light"
N_FILES = {"nasbench201": 30, "autoformer_tiny": 6}
SHAPES = {"nasbench201": (1, 3, 32, 32), "autoformer_tiny": (1, 3, 224, 224)}


def main(out: Path) -> None:
    """Export, read, and write the times as JSON."""
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        exported = [export(folder, space, i) for space, n in N_FILES.items() for i in range(n)]
        one_by_one = [exported[0], exported[-1], *sorted(SHIPPED.glob("*.onnx"))]
        found = {
            "files": [compared(path) for path in one_by_one],
            "folder": {
                "n_files": len(exported),
                "megabytes": round(sum(path.stat().st_size for path in exported) / 1e6),
                "seconds_by_processes": {str(n): folder_time(folder, n) for n in (1, 2)},
            },
        }
    write_json(found, out)
    print(json.dumps(found, indent=1))


def export(folder: Path, name: str, seed: int) -> Path:
    """One architecture of a search space as an ONNX file."""
    space, path = get_space(name), folder / f"{name}_{seed}.onnx"
    module = space.model(space.sample(1, seed=seed)[0]).eval()
    with contextlib.redirect_stdout(io.StringIO()):
        torch.onnx.export(module, (torch.zeros(SHAPES[name]),), path, dynamo=False)
    return path


def compared(path: Path) -> dict[str, Any]:
    """Seconds to read a file, and seconds that onnx takes to load it and to infer its shapes."""
    model = onnx.load(path)
    runs: dict[str, Callable[[], Any]] = {
        "graf": lambda: read_graph(path),
        "onnx_load": lambda: onnx.load(path),
        "onnx_infer_shapes": lambda: onnx.shape_inference.infer_shapes(model, data_prop=True),
    }
    return {
        "file": path.name,
        "n_nodes": len(model.graph.node),
        "megabytes": round(path.stat().st_size / 1e6, 1),
        **{name: round(typical(run, 5), 4) for name, run in runs.items()},
    }


def folder_time(folder: Path, n_jobs: int) -> float:
    """Seconds to read a folder, once the processes are there."""
    return round(typical(lambda: read_folder(folder, n_jobs=n_jobs), 3), 4)


if __name__ == "__main__":
    main(output_path("results/onnx_speed.json"))
