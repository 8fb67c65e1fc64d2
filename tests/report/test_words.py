"""Columns and targets in plain words."""

import pytest

from graf import GraphFeatures, get_space
from graf.features import CHOICE, FEATURES
from graf.features.networks import network_columns
from graf.report.words import PHRASES, label, listed, words

SPACE = get_space("transnas_micro")


def test_every_family_and_statistic_has_a_phrase():
    declared = {
        f"{f.family}.{stat.rstrip('0123456789')}".rstrip(".") for f in FEATURES.values() for stat in f.stats
    }
    assert set(PHRASES) == declared | {CHOICE}


def test_columns_have_different_words_and_no_placeholders():
    everywhere = [SPACE, get_space("darts"), get_space("mnasnet")]
    names = [
        *dict.fromkeys(
            name
            for space in everywhere
            for name in GraphFeatures(space, choices=True).fit(space.sample(2)).get_feature_names_out()
        )
    ]
    names = list(dict.fromkeys([*names, *map(str, network_columns())]))
    for sense in (-1, 0, 1):
        spoken = [words(name, sense) for name in names]
        assert len(set(spoken)) == len(names)
        assert not any("(" in text or ")" in text for text in spoken)


@pytest.mark.parametrize(
    ("name", "sense", "expected"),
    [
        ("op_count(skip)", 1, "more skip operations"),
        ("max_path_len(conv1x1+conv3x3)", -1, "fewer operations on the longest path over {conv1x1, conv3x3}"),
        ("min_path_len(skip)", 0, "length of the shortest path over {skip}"),
        ("live.depth", 1, "more operations on the longest live path"),
        ("n_paths(none+skip+conv1x1+conv3x3)", 0, "number of paths over all operations"),
        ("n_paths(none+skip+conv3x3)", 1, "more paths over all operations but {conv1x1}"),
        ("n_paths(none+skip)", 1, "more paths over {none, skip}"),
        ("n_follow(conv1x1+conv3x3)", 1, "more paths on which conv3x3 follows conv1x1"),
        ("profile(n_macs).at12", 1, "a higher value of multiply-adds at position 12"),
        (
            "junction_degree(skip).in2@normal",
            0,
            "number of live operations of {skip} that junction 2 from the end reads in the normal cell",
        ),
        ("zcp_synflow", 0, "zcp_synflow"),
        ("zcp_synflow", 1, "a higher zcp_synflow"),
        ("op_count(skip", -1, "a lower op_count(skip"),
        ("{0} {n}", 0, "{0} {n}"),
    ],
)
def test_words(name, sense, expected):
    assert words(name, sense, SPACE.ops) == expected


@pytest.mark.parametrize(
    ("target", "unit", "expected"),
    [
        ("test_acc", "fraction", "test accuracy"),
        ("latency_b1_ms", "ms", "latency (batch 1)"),
        ("pgd_0.05_acc", "fraction", "PGD 0.05 accuracy"),
        ("hw_edgegpu_latency", "ms", "edge GPU latency"),
        ("energy_mj", "mJ", "energy"),
        ("lat_ms", "ms", "latency"),
        ("latency (ms)", "ms", "latency"),
        ("ms", "ms", "ms"),
        ("hw", "", "hw"),
        ("<b>", "", "<b>"),
    ],
)
def test_label(target, unit, expected):
    assert label(target, unit) == expected


def test_listed():
    assert [listed("abc"[:n]) for n in range(4)] == ["", "a", "a and b", "a, b and c"]
    assert listed([1, 2]) == "1 and 2"
