"""Shares of the variance, from a dataset whose architectures were trained under recipes."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from graf.exceptions import InputError
from graf.report import write_report
from graf.report.recipes import recipe_part, recipe_shares
from graf.report.render import render
from graf.report.summarize import summarize
from graf.report.tables import tables
from graf.report.target import Settings


@pytest.fixture(scope="module")
def pairs(data):
    """40 cells under 5 recipes that add 0 to 40 points; a second seed of the first ten cells."""
    rng = np.random.default_rng(0)
    rows = np.repeat(np.arange(40), 5)
    rate = np.tile(np.arange(5.0), 40)
    index = data.targets.index[rows]
    acc = data.targets["test_acc"].to_numpy()[rows] + 10 * rate
    targets = pd.DataFrame({"test_acc": acc + rng.normal(size=200)}, index=index)
    again = np.where(rows < 10, acc + rng.normal(size=200), np.nan)
    return replace(
        data,
        targets=targets,
        proxies=pd.DataFrame(index=index),
        fidelities=None,
        info=pd.DataFrame({"test_acc_seed1": again}, index=index),
        recipes=pd.DataFrame({"learning_rate": rate}, index=index),
        metadata=data.metadata.loc[["test_acc"]],
    )


def test_shares_of_a_sum(pairs):
    found = recipe_shares(pairs, ["test_acc"])
    assert (found.name, found.n_architectures["test_acc"], found.n_recipes) == ("planted", 40, 5)
    shares = found.shares.loc["test_acc"]
    assert shares["recipe"] > 0.85 and shares["interaction"] < 0.02
    assert shares.sum() == pytest.approx(1)


def test_architectures_without_all_recipes_are_not_counted(pairs):
    found = recipe_shares(pairs.select(np.arange(200) % 50 > 0), ["test_acc"])
    assert (found.n_architectures["test_acc"], found.n_recipes) == (36, 5)


def test_recipes_may_lack_settings_that_do_not_apply_to_them(pairs):
    momentum = np.where(pairs.recipes["learning_rate"] < 2, np.nan, 0.9)
    lacking = replace(pairs, recipes=pairs.recipes.assign(momentum=momentum))
    pd.testing.assert_frame_equal(
        recipe_shares(lacking, ["test_acc"]).shares, recipe_shares(pairs, ["test_acc"]).shares
    )


def test_without_a_second_seed_nothing_is_said(pairs, data):
    assert recipe_shares(replace(pairs, info=pairs.recipes), ["test_acc"]) is None
    assert recipe_shares(data, ["test_acc"]) is None and recipe_part(data) is None
    assert recipe_shares(pairs, ["latency_ms"]) is None


def test_a_shipped_dataset_has_its_part(data):
    part = recipe_part(replace(data, name="digits201"))
    assert part.name == "digits201_recipes" and part.recipes.shape[1] == 8


def test_a_report_on_pairs_explains_means_and_shows_shares(pairs, quick):
    summary = summarize(pairs, ["test_acc"], Settings(**quick), lambda text: None)
    assert summary.n == 40 and summary.targets[0].n == 40
    page = render(summary)
    assert "Architecture or training recipe?" in page and "the same 5 recipes" in page
    assert tables(summary)["variance"].columns.tolist() == [
        "target", "architecture", "recipe", "interaction", "seed", "noise",
    ]  # fmt: skip


def test_few_architectures_are_refused_however_many_rows_they_have(pairs, tmp_path):
    with pytest.raises(InputError, match="no target with 10 or more values"):
        write_report(pairs.select(np.arange(200) < 45), tmp_path / "report")
