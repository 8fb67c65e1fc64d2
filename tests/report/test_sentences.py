"""Sentences on trade-offs."""

import numpy as np
import pandas as pd
import pytest

from graf.report.sentences import headline, sentences

METADATA = pd.DataFrame(
    {"direction": ["max", "max", "min"], "unit": ["", "", "ms"]}, index=["test_acc", "pgd_acc", "ms"]
)
NAMES = ["op_count(conv3x3)", "n_paths(skip)", "min_path_len(skip)"]
DATA = pd.DataFrame(np.random.default_rng(0).random((20, 3)), columns=NAMES)


def spoken(rows, **kwargs):
    table = pd.DataFrame(rows, columns=METADATA.index, index=NAMES[: len(rows)])
    return sentences(table, DATA, METADATA, **kwargs)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ([1, 0, -1], "With more conv3x3 operations, test accuracy rises, at the cost of higher ms."),
        (
            [-1, 1, 0],
            "With fewer conv3x3 operations, test accuracy rises, at the cost of lower PGD accuracy.",
        ),
        ([1, 1, 1], "With more conv3x3 operations, test accuracy and PGD accuracy rise and ms falls."),
        ([0, 0, -1], "With fewer conv3x3 operations, ms falls."),
        (
            [1, -1, -1],
            "With more conv3x3 operations, test accuracy rises, at the cost of lower PGD accuracy and higher ms.",
        ),
    ],
)
def test_one_effect(row, expected):
    assert spoken([row]) == [expected]


def test_trade_offs_come_first_and_weak_effects_are_left_out():
    found = spoken([[1.0, 1.0, 0.0], [0.1, 0.1, 1.0], [0.5, 0.0, -0.5]])
    assert [text.split(",")[0] for text in found] == [
        "With a longer shortest path over {skip}",
        "With more conv3x3 operations",
        "With more paths over {skip}",
    ]
    assert found[2] == "With more paths over {skip}, ms falls."
    assert len(spoken([[1, 0, 0], [1, 0, 0]], n=1)) == 1


def test_effects_are_compared_with_the_largest_that_is_known():
    row, largest = [0.5, 0.02, 0.0], pd.Series([0.5, 0.2, 0.1], index=METADATA.index)
    assert spoken([row], largest=largest) == ["With more conv3x3 operations, test accuracy rises."]


def test_many_targets_are_counted():
    metadata = pd.DataFrame({"direction": "max", "unit": ""}, index=[f"t{i}" for i in range(11)])
    table = pd.DataFrame([[1.0] * 6 + [-1.0] * 5], columns=metadata.index, index=NAMES[:1])
    expected = "With more conv3x3 operations, 6 targets rise, at the cost of 5 targets."
    assert sentences(table, DATA, metadata) == [expected]


def test_no_effects_no_sentences():
    assert spoken([[0.0, 0.0, 0.0]]) == []


def test_headline():
    rows = [("graph features", 32, 0.5), ("graph features", 900, 0.756), ("FLOPs", 900, 0.3)]
    scores = pd.DataFrame(rows, columns=["predictor", "labels", "tau_mean"])
    assert headline("test accuracy", scores, "graph features", 0.88) == (
        "Test accuracy: after 900 labels, graph features rank the other architectures with a Kendall tau"
        " of 0.76 (noise ceiling 0.88); FLOPs 0.30."
    )
    assert headline("ms", scores[:2], "graph features", np.nan).endswith("tau of 0.76.")


def test_a_headline_without_a_tau_says_why():
    scores = pd.DataFrame(
        [("graph features", 16, np.nan), ("FLOPs", 16, 0.3)], columns=["predictor", "labels", "tau_mean"]
    )
    assert headline("works", scores, "graph features", np.nan).endswith(
        "a Kendall tau of \N{EN DASH} (undefined where all values or all predictions of a split are the same); FLOPs 0.30."
    )
