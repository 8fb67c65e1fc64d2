"""Reading a module with what it took: processor seconds of `torch.export` and of graf, operations unknown to graf."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from time import process_time
from typing import Any, NamedTuple
from unittest.mock import patch

import torch

from graf import ComputationGraph, read_graph

__all__ = ["Reading", "read"]


class Reading(NamedTuple):
    """A graph, the program it was made from, and what making it took."""

    graph: ComputationGraph
    program: torch.export.ExportedProgram
    export_seconds: float
    graf_seconds: float
    unknown: str


def read(module: torch.nn.Module, inputs: Any) -> Reading:
    """Read a module for example inputs; raises what `graf.read_graph` raises."""
    calls: list[tuple[torch.export.ExportedProgram, float]] = []
    with _watched(calls), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        start = process_time()
        graph = read_graph(module, example_inputs=inputs)
        seconds = process_time() - start
    program, exporting = calls[0]
    unknown = [str(one.message).split(": ")[-1] for one in caught if "does not know" in str(one.message)]
    return Reading(graph, program, exporting, seconds - exporting, "; ".join(unknown))


@contextmanager
def _watched(calls: list[tuple[torch.export.ExportedProgram, float]]) -> Iterator[None]:
    """Note the result and the seconds of every call of `torch.export.export`."""
    export = torch.export.export

    def timed(*args: Any, **kwargs: Any) -> torch.export.ExportedProgram:
        start = process_time()
        program = export(*args, **kwargs)
        calls.append((program, process_time() - start))
        return program

    with patch("torch.export.export", timed):
        yield
