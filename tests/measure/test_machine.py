import json
from pathlib import Path

import torch

from graf.measure.machine import machine


def test_facts():
    facts = machine()
    assert torch.__version__.startswith(facts["torch"])  # which may lack the build
    assert facts["processor"] and facts["cores"] >= 1
    assert json.loads(json.dumps(facts)) == facts == machine()


def test_processor_where_it_is_hidden(monkeypatch):
    read = Path.read_text

    def hidden(path, *args, **kwargs):
        if path == Path("/proc/cpuinfo"):
            raise FileNotFoundError
        return read(path, *args, **kwargs)

    monkeypatch.setattr(Path, "read_text", hidden)
    monkeypatch.setattr("platform.processor", lambda: "")
    assert machine()["processor"] == "unknown"
