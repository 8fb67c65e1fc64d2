"""Which targets, rows and features a report is about."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from graf import GraphFeatures
from graf.exceptions import InputError, UnknownNameError
from graf.report import choices


def with_targets(data, targets, **facts):
    metadata = data.metadata.iloc[[0] * targets.shape[1]].set_axis(targets.columns, axis=0).assign(**facts)
    return replace(data, targets=targets, metadata=metadata)


def test_named_targets(data):
    assert choices.choose_targets(data, "latency_ms") == ["latency_ms"]
    assert choices.choose_targets(data, ["latency_ms", "test_acc"]) == ["latency_ms", "test_acc"]
    with pytest.raises(UnknownNameError, match="unknown target 'test_ac'; did you mean 'test_acc'"):
        choices.choose_targets(data, ["test_ac"])
    with pytest.raises(InputError, match="`targets` must name at least one"):
        choices.choose_targets(data, [])


def test_primary_targets_or_the_first_of_each_group(data):
    names = list("abcdef")
    targets = pd.DataFrame({name: np.arange(len(data)) for name in names}, index=data.targets.index)
    groups = ["accuracy", "accuracy", "latency", "energy", "robustness", "cost"]
    plain = with_targets(data, targets, primary=False, group=groups)
    assert choices.choose_targets(plain, None) == ["a", "c", "d", "e"]
    primary = with_targets(data, targets, primary=[False, True, False, False, False, True], group=groups)
    assert choices.choose_targets(primary, None) == ["b", "f"]


def test_targets_without_enough_values_are_left_out_or_refused(data):
    targets = data.targets.assign(flat=1.0, few=np.nan)
    targets.iloc[:9, 3] = np.arange(9)
    spoilt = with_targets(data, targets)
    assert choices.choose_targets(spoilt, None) == ["test_acc", "latency_ms"]
    with pytest.raises(
        InputError, match=r"target 'few' must have at least 10 values .* got 9 values, 9 of them"
    ):
        choices.choose_targets(spoilt, ["few"])
    with pytest.raises(InputError, match=r"target 'flat' .* 1 of them distinct"):
        choices.choose_targets(spoilt, ["flat"])
    with pytest.raises(InputError, match="'planted' has no target with 10 or more values"):
        choices.choose_targets(data.select(data.architectures[:9]), None)
    with pytest.raises(
        InputError, match=r"'planted' has no column of numbers .* only 'note'; a target holds numbers"
    ):
        info = pd.DataFrame({"note": "90%"}, index=data.targets.index)
        choices.choose_targets(replace(with_targets(data, data.targets[[]]), info=info), None)


@pytest.mark.parametrize(
    ("n", "expected"),
    [(10, [5]), (64, [32]), (65, [32]), (100, [32, 50]), (1600, [32, 128, 800]), (9445, [32, 128, 1024])],
)
def test_default_sizes_leave_half_of_the_rows(n, expected):
    assert choices.choose_sizes(None, n) == expected
    assert choices.choose_sizes((7, 9), n) == [7, 9]


def test_features_follow_from_what_the_dataset_has(data, proxies):
    assert choices.features_of(data) == {"graph features": "graph"}
    assert list(choices.features_of(proxies)) == ["graph features", "proxies", "graph features + proxies"]
    assert choices.features_of(replace(proxies, space=None)) == {"proxies": "given"}
    assert choices.items_of(data) == data.architectures
    pd.testing.assert_frame_equal(choices.items_of(proxies), proxies.proxies)
    with pytest.raises(InputError, match=r"nothing to predict from: .* name columns as `proxies`"):
        choices.items_of(replace(data, space=None))


def test_chosen_columns_differ_and_tell_all_that_the_left_out_ones_do(data):
    table = GraphFeatures(data.space, simplified="both").fit_transform(data.architectures)
    chosen = choices.choose_columns(data)
    assert "op_count(conv3x3)" in chosen
    assert "node_degree(conv3x3).mean_in" not in chosen  # the same, over four
    assert "node_degree(skip+none+conv1x1+avg_pool3x3).mean_out" not in chosen  # its complement
    patterns = {tuple(pd.factorize(table[name])[0]) for name in table}
    assert {tuple(pd.factorize(table[name])[0]) for name in chosen} == patterns - {(0,) * len(data)}
    assert choices.choose_columns(replace(data, space=None)) is None


def test_equal_architectures_still_have_a_column(data):
    one = data.select(data.architectures[:1])
    assert len(choices.choose_columns(one)) == 1
