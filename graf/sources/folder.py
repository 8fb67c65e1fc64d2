"""Reading a folder of ONNX files, several at a time."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from graf.exceptions import InputError
from graf.graph import ComputationGraph
from graf.sources.onnx.file import read_onnx

__all__ = ["read_folder"]

FEW, SMALL = 32, 2**28  # files and bytes that are read before other processes would have started
Answer = tuple[ComputationGraph | None, list[str]]


def read_folder(
    path: str | os.PathLike[str], *, n_jobs: int | None = None, progress: bool = False, **settings: Any
) -> tuple[pd.Series[Any], pd.DataFrame]:
    """The networks of a folder of ONNX files, those of the folders in it included.

    Parameters
    ----------
    path : the folder.
    n_jobs : processes that read; all cores by default, one for a few small files.
    progress : show a bar.
    **settings : of `graf.sources.onnx.file.read_onnx`.

    Returns
    -------
    graphs : `ComputationGraph` by file, as a path within the folder, in alphabetical order.
    problems : columns `file`, `read` and `reason`, one row for each file that was not read and for
        each warning of one that was, the former first.

    Raises
    ------
    InputError
        If the folder holds no ONNX file. A faulty file is no error, but a row of `problems`.
    """
    if not isinstance(path, (str, os.PathLike)) or not Path(path).is_dir():
        raise InputError(f"`path` must be a folder, got {path!r:.200}")
    folder = Path(path)
    found = (file for file in folder.rglob("*") if file.suffix.lower() == ".onnx")
    # links that lead nowhere too, so that they are among the problems
    files = sorted(file for file in found if file.is_file() or not file.exists())
    if not files:
        raise InputError(f"{folder} holds no .onnx file")
    names = [str(file.relative_to(folder)) for file in files]
    graphs, problems = {}, []
    for name, (graph, reasons) in zip(names, _answers(files, n_jobs, progress, settings), strict=True):
        if graph is not None:
            graphs[name] = graph
        problems += [(name, graph is not None, reason) for reason in reasons]
    problems.sort(key=lambda problem: problem[1])  # faults before warnings
    table = pd.DataFrame(problems, columns=["file", "read", "reason"])
    return pd.Series(graphs, index=pd.Index(list(graphs), dtype="str", name="file"), dtype=object), table


def _answers(
    files: list[Path], n_jobs: int | None, progress: bool, settings: dict[str, Any]
) -> Iterator[Answer]:
    from joblib import Parallel, delayed
    from tqdm import tqdm

    small = len(files) < FEW and sum(file.stat().st_size for file in files if file.exists()) < SMALL
    jobs = n_jobs if n_jobs is not None else 1 if small else -1
    answers = Parallel(n_jobs=jobs, return_as="generator")(delayed(_answer)(file, settings) for file in files)
    yield from tqdm(answers, total=len(files), unit="file", disable=not progress, leave=False)


def _answer(file: Path, settings: dict[str, Any]) -> Answer:
    """The graph and the warnings, or None and the error."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            graph = read_onnx(file, **settings)
        except InputError as error:
            return None, [str(error).removeprefix(f"{file}: ").removeprefix(f"{file} ")]
        return graph, [str(warning.message) for warning in caught]
