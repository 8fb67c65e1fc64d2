import os
import subprocess
import sys
import time
import zlib

import pytest

from graf.exceptions import GrafError, InputError
from graf.journal import read_journal
from graf.measure import Recipe
from graf.measure.journals import RUNS
from graf.measure.training import run_training
from graf.spaces import NASBench201


class Faulty(NASBench201):
    """Its second cell cannot be built, its third kills the process."""

    bad = "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|none~0|none~1|none~2|"
    deadly = "|none~0|+|none~0|none~1|+|nor_conv_3x3~0|none~1|none~2|"

    def model(self, architecture, seed=0):
        if architecture == self.bad:
            raise ValueError("too wide")
        if architecture == self.deadly:
            os._exit(1)
        return super().model(architecture, seed)


@pytest.fixture(scope="module")
def faulty():
    return Faulty(channels=2, cells_per_stage=1, n_stages=1, input_shape=(1, 8, 8))


def runs(folder):
    """Records of a journal in a fixed order, without the time they took."""
    _, records = read_journal(folder, RUNS)
    keyed = {(r["architecture"], r["seed"]): r for r in records}
    assert len(keyed) == len(records)
    return [{**keyed[key], "train_seconds": None} for key in sorted(keyed)]


@pytest.fixture
def instant(monkeypatch):
    """Builds the model, but neither trains nor measures it."""

    def measure_run(space, architecture, seed, recipe, attacked):
        space.model(architecture, seed)
        value = zlib.crc32(f"{architecture} {seed}".encode())
        return {"architecture": architecture, "seed": seed, "value": value, "train_seconds": time.time()}

    monkeypatch.setattr("graf.measure.training.measure_run", measure_run)


def test_killed_and_resumed_is_as_uninterrupted(space, architectures, instant, tmp_path):
    options = {"seeds": (0, 1), "n_jobs": 1, "progress": False}
    run_training(space, architectures, tmp_path / "whole", **options)
    run_training(space, architectures[:2], tmp_path / "killed", **options)
    with (tmp_path / "killed" / "runs.jsonl").open("r+b") as file:
        file.truncate(file.seek(0, os.SEEK_END) - 40)
    journal = run_training(space, architectures, tmp_path / "killed", **options)
    assert runs(tmp_path / "killed") == runs(tmp_path / "whole")
    assert len(journal.records) == 6


def test_finished_runs_are_not_repeated(space, architectures, instant, tmp_path):
    run_training(space, architectures, tmp_path, n_jobs=1, progress=False)
    content = (tmp_path / "runs.jsonl").read_bytes()
    run_training(space, architectures, tmp_path, n_jobs=1, progress=False)
    assert (tmp_path / "runs.jsonl").read_bytes() == content


def test_other_recipe_is_refused(space, tmp_path):
    run_training(space, [], tmp_path, recipe=Recipe(epochs=1), n_jobs=1, progress=False)
    with pytest.raises(InputError, match=r"recipe\.epochs: 1 there, 2 now"):
        run_training(space, [], tmp_path, recipe=Recipe(epochs=2), n_jobs=1, progress=False)


def test_failure_names_the_run_and_keeps_the_rest(faulty, architectures, instant, tmp_path):
    with pytest.raises(GrafError) as caught:
        run_training(faulty, [architectures[0], Faulty.bad], tmp_path, seeds=(7,), n_jobs=1, progress=False)
    assert str(caught.value) == f"measuring {Faulty.bad} with seed 7 failed: ValueError: too wide"
    assert [r["architecture"] for r in runs(tmp_path)] == architectures[:1]


def test_processes_give_the_same_figures(faulty, architectures, quick, tmp_path):
    options = {"seeds": (0, 1), "recipe": quick, "progress": False}
    run_training(faulty, architectures[:1], tmp_path / "one", n_jobs=1, **options)
    run_training(faulty, architectures[:1], tmp_path / "two", n_jobs=2, **options)
    assert runs(tmp_path / "two") == runs(tmp_path / "one")
    with pytest.raises(GrafError, match=r"died.*smaller `n_jobs`"):
        run_training(faulty, [Faulty.deadly], tmp_path / "two", n_jobs=2, **options)
    assert runs(tmp_path / "two") == runs(tmp_path / "one")


def test_progress_is_shown_on_demand(space, architectures, instant, tmp_path, capsys):
    run_training(space, architectures[:1], tmp_path, seeds=(0,), n_jobs=1, progress=False)
    assert capsys.readouterr() == ("", "")
    run_training(space, architectures[:2], tmp_path, seeds=(0,), n_jobs=1, progress=True)
    shown = capsys.readouterr()
    assert shown.out == "" and "training" in shown.err and "1/2" in shown.err


def test_no_process_outlives_a_kill(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import time\n"
        "from graf.measure.pool import _records\n"
        "def train():\n"
        "    print('begun', flush=True)\n"
        "    time.sleep(600)\n"
        "if __name__ == '__main__':\n"
        "    list(_records([(train, {'architecture': 'a'}, ())] * 2, 2))\n"
    )
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE) as process:
        assert [process.stdout.readline() for _ in range(2)] == [b"begun\n"] * 2
        process.kill()
        assert process.communicate(timeout=30) == (b"", None)  # when all that could write there have ended
