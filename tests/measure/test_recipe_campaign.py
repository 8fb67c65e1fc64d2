import json

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from graf.exceptions import InputError
from graf.measure import Recipe, measure_recipes

RECIPES = [Recipe(epochs=1), Recipe(epochs=3, optimiser="adamw", learning_rate=0.02)]
OPTIONS = {"n_jobs": 1, "progress": False, "repeat_every": 2}


@pytest.fixture(scope="module")
def measured(space, architectures, tmp_path_factory):
    folder = tmp_path_factory.mktemp("recipes")
    return measure_recipes(space, architectures, RECIPES, folder, **OPTIONS), folder


def test_one_row_per_architecture_and_recipe(measured, architectures):
    table, folder = measured
    assert table["architecture"].tolist() == [a for a in sorted(architectures) for _ in RECIPES]
    assert table["recipe"].tolist() == [0, 1] * 3
    assert table["epochs"].tolist() == [1, 3] * 3 and table["adamw"].tolist() == [0, 1] * 3
    assert not {"optimiser", "seed", "val_acc_ep3"} & set(table)
    np.testing.assert_array_equal(table["val_acc_ep2"].isna(), table["epochs"] == 1)
    pd.testing.assert_frame_equal(pd.read_parquet(folder / "table.parquet"), table)


def test_some_architectures_have_the_other_seeds(measured, architectures):
    table, _ = measured
    repeated = table.loc[table["test_acc_seed1"].notna(), "architecture"]
    assert set(repeated) == {architectures[0], architectures[2]} and len(repeated) == 4


def test_first_seed_need_not_be_the_lowest(measured, space, architectures, tmp_path):
    table = measure_recipes(space, architectures, RECIPES, tmp_path, seeds=(1, 0), **OPTIONS)
    expected, _ = measured
    assert table["architecture"].tolist() == expected["architecture"].tolist()
    repeated = table["test_acc_seed0"].notna()
    np.testing.assert_array_equal(repeated, expected["test_acc_seed1"].notna())
    np.testing.assert_allclose(table["test_acc"][repeated], expected["test_acc_seed1"][repeated], rtol=1e-6)


def test_noise_is_in_the_file(measured):
    facts = json.loads(pq.read_schema(measured[1] / "table.parquet").metadata[b"graf"])
    assert set(facts["noise_ceiling"]) == {"test_acc", "val_acc"}
    assert facts["settings"]["recipes"][1]["optimiser"] == "adamw" and facts["n_dropped"] == 0


def test_stopped_run_leaves_whole_architectures_and_goes_on(measured, space, architectures, tmp_path):
    whole, folder = measured
    lines = (folder / "recipes.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "recipes.jsonl").write_bytes(b"".join(lines[:6]) + lines[6][:20])
    stopped = measure_recipes(space, architectures[:1], RECIPES, tmp_path, **OPTIONS)
    assert stopped["architecture"].tolist() == [architectures[0]] * 2
    resumed = measure_recipes(space, architectures, RECIPES, tmp_path, **OPTIONS)
    dropped = ["train_seconds"]
    pd.testing.assert_frame_equal(resumed.drop(columns=dropped), whole.drop(columns=dropped))


def test_other_recipes_are_refused(measured, space, architectures):
    with pytest.raises(InputError, match="other settings"):
        measure_recipes(space, architectures, RECIPES[::-1], measured[1], **OPTIONS)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"recipes": RECIPES[:1]}, "`recipes` must be different ones, at least two, got 1"),
        ({"recipes": RECIPES[:1] * 2}, "`recipes`"),
        ({"recipes": 2}, "a recipe must be a `graf.measure.Recipe`, got 2"),
        ({"recipes": [{"epochs": 1}] * 2}, "a recipe must be"),
        ({"recipes": [Recipe(), Recipe(batch_size=801)]}, "`batch_size` must be at most 800"),
        ({"repeat_every": 0}, "`repeat_every` must be an integer of 1 or more, got 0"),
        ({"architectures": []}, "`architectures`"),
        ({"seeds": (0, 0)}, "`seeds`"),
    ],
)
def test_bad_arguments(space, architectures, tmp_path, changed, said):
    good = {"space": space, "architectures": architectures, "recipes": RECIPES, "folder": tmp_path}
    with pytest.raises(InputError, match=said):
        measure_recipes(**good | OPTIONS | changed)
    assert not list(tmp_path.iterdir())
