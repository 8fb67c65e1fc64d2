import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from graf import load_dataset
from graf.exceptions import InputError, MissingDependencyError
from graf.measure import Recipe, measure


def test_from_cells_to_a_table(space, architectures, quick, tmp_path):
    options = {"seeds": (0, 1), "recipe": quick, "n_jobs": 1, "latency_rounds": 2, "progress": False}
    cells = [space.parse(architectures[0]), architectures[1], architectures[0]]
    table = measure(space, cells, tmp_path, **options)
    assert table["architecture"].tolist() == sorted(architectures[:2])
    assert len(table.columns) == 1 + 29 + 4 + 2 + 2 * 27
    assert table.notna().all(axis=None)
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "table.parquet"), table)
    assert {path.name for path in tmp_path.iterdir()} == {"runs.jsonl", "latency.jsonl", "table.parquet"}
    assert load_dataset(tmp_path / "table.parquet").space == space

    for name in ("runs.jsonl", "latency.jsonl"):
        with (tmp_path / name).open("r+b") as file:
            file.truncate(file.seek(0, os.SEEK_END) - 50)
    resumed = measure(space, cells, tmp_path, out=tmp_path / "out" / "t.parquet", **options)
    times = ["train_seconds", *(name for name in table if name.startswith("latency"))]
    pd.testing.assert_frame_equal(resumed.drop(columns=times), table.drop(columns=times))
    assert (tmp_path / "out" / "t.parquet").exists()


def test_without_robustness(space, architectures, quick, tmp_path):
    options = {"seeds": (0,), "recipe": quick, "n_jobs": 1, "latency_rounds": 2, "progress": False}
    table = measure(space, architectures, tmp_path, robustness=False, **options)
    assert table["test_acc"].notna().all() and table["n_macs"].notna().all()
    assert not table.filter(regex="fgsm|pgd|noise|blur").shape[1]
    with pytest.raises(InputError, match=r"other settings.*robustness"):
        measure(space, architectures, tmp_path, **options)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"space": "nasbench201"}, r"`space`.*got \(3, 32, 32\).*input_shape=\(1, 8, 8\)"),
        ({"space": "flexibert"}, "networks of flexibert do not read images; give another `space`"),
        ({"space": "nasbench210"}, "did you mean 'nasbench201'"),
        ({"architectures": []}, "`architectures` must hold at least one"),
        ({"architectures": ["|nothing~0|"]}, "architecture 0: not a NAS-Bench-201 cell"),
        ({"seeds": ()}, "`seeds`"),
        ({"seeds": (0, 0)}, "`seeds`"),
        ({"seeds": (0.5,)}, "`seeds`"),
        ({"seeds": 3}, "`seeds` must be different integers, at least one, got 3"),
        ({"seeds": (True,)}, "`seeds`"),
        ({"n_jobs": 0}, "`n_jobs`"),
        ({"n_jobs": 1.5}, "`n_jobs` must be an integer of 1 or more, got 1.5"),
        ({"latency_rounds": 1}, "`latency_rounds` must be an integer of 2 or more, got 1"),
        ({"latency_rounds": "3"}, "`latency_rounds` must be an integer of 2 or more, got '3'"),
        ({"recipe": "sgd"}, "a recipe must be a `graf.measure.Recipe`, got 'sgd'"),
        ({"recipe": Recipe(batch_size=801)}, "`batch_size` must be at most 800"),
        ({"folder": None}, "cannot write to the folder .None"),
    ],
)
def test_bad_arguments(space, architectures, quick, tmp_path, changed, said):
    good = {"space": space, "architectures": architectures, "folder": tmp_path / "new", "recipe": quick}
    with pytest.raises(InputError, match=said):
        measure(**good | {"n_jobs": 1, "progress": False} | changed)
    assert not (tmp_path / "new").exists()


def test_numbers_of_numpy(space, architectures, tmp_path):
    recipe = Recipe(epochs=np.int64(1), learning_rate=np.float32(0.25))
    assert recipe == Recipe(epochs=1, learning_rate=0.25)
    options = {"robustness": False, "n_jobs": np.int64(1), "latency_rounds": np.int64(2), "progress": False}
    table = measure(space, architectures[:1], tmp_path, seeds=np.arange(1), recipe=recipe, **options)
    assert np.isfinite(table["test_acc_seed0"]).all()


def test_seeds_and_rounds_of_others_are_asked_for_before_the_work(space, architectures, quick, tmp_path):
    options = {"recipe": quick, "robustness": False, "n_jobs": 1, "progress": False}
    measure(space, architectures[:1], tmp_path, seeds=(0, 1), latency_rounds=3, **options)
    before = (tmp_path / "runs.jsonl").read_bytes()
    with pytest.raises(
        InputError, match=r"runs.jsonl holds results of seed 0, which some .* measure with this seed"
    ):
        measure(space, architectures[:2], tmp_path, seeds=(1, 2), **options)
    assert (tmp_path / "runs.jsonl").read_bytes() == before
    with pytest.raises(InputError, match=r"latency.jsonl holds results of round 2"):
        measure(space, architectures[:2], tmp_path, seeds=(0, 1), latency_rounds=2, **options)
    table = measure(space, architectures[:1], tmp_path, seeds=(1,), latency_rounds=2, **options)
    assert len(table) == 1 and "test_acc_seed0" in table


@pytest.mark.parametrize("name", ["folder", "out"])
def test_unwritable_is_said_before_the_work(space, architectures, tmp_path, name):
    (tmp_path / "file").touch()
    paths = {"folder": tmp_path / "new"} | {name: tmp_path / "file" / "below"}
    with pytest.raises(InputError, match="cannot write to the folder"):
        measure(space, architectures, **paths, progress=False)
    assert not (tmp_path / "new" / "runs.jsonl").exists()


def test_without_torch(space, architectures, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'graf\[torch\]'"):
        measure(space, architectures, tmp_path)
    assert not list(tmp_path.iterdir())


def test_import_does_not_need_torch():
    code = "import sys; sys.modules['torch'] = None; from graf.measure import measure, Recipe, distinct_architectures"
    subprocess.run([sys.executable, "-c", code], check=True)
