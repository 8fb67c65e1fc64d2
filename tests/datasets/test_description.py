import math

import pytest

from graf.datasets.catalogue import dataset_names, shipped_description
from graf.datasets.description import GROUPS, KINDS, expand, parse_description, read_description
from graf.exceptions import DatasetError, UnknownNameError

EXAMPLE = """
architecture = ["task", "row"]
space = "nasbench201"
proxies = "zcp_*"
source = "us"

[space_settings]
channels = 8

[[targets]]
columns = ["acc"]
kind = "measured training, one seed"
unit = "percent"
group = "accuracy"
primary = true

[[targets]]
columns = ["*_latency", "acc"]
direction = "min"
primary = ["a_*"]
noise_ceiling = 0.9
missing = [-1]
"""


@pytest.fixture
def example(tmp_path):
    path = tmp_path / "example.toml"
    path.write_text(EXAMPLE)
    return read_description(path)


def test_every_key_is_read(example):
    assert example.architecture == ("task", "row")
    assert example.space == "nasbench201" and example.space_settings == {"channels": 8}
    assert example.proxies == ("zcp_*",)
    first, second = example.targets
    assert (first.kind, first.unit, first.direction, first.primary) == (KINDS[0], "percent", "max", ("*",))
    assert math.isnan(first.noise_ceiling)
    assert (second.noise_ceiling, second.missing, second.primary) == (0.9, (-1.0,), ("a_*",))


def test_the_first_rule_wins(example):
    assert example.rule("acc") is example.targets[0]
    assert example.rule("b_latency") is example.targets[1]
    assert example.rule("other").kind == "not stated"


def test_fits_needs_the_key_and_a_target(example):
    assert example.fits(["task", "row", "x_latency"])
    assert not example.fits(["task", "x_latency"])
    assert not example.fits(["task", "row", "speed"])


def test_check_names_the_pattern_without_a_column(example):
    example.check(["task", "row", "zcp_zen", "acc", "a_latency"])
    with pytest.raises(UnknownNameError, match=r"zcp_\*"):
        example.check(["task", "row", "acc", "a_latency"])
    with pytest.raises(UnknownNameError, match="_latency"):
        example.check(["task", "row", "zcp_zen", "acc"])
    with pytest.raises(UnknownNameError, match=r"a_\*"):
        example.check(["task", "row", "zcp_zen", "acc", "b_latency"])


def test_a_byte_order_mark_is_no_part_of_the_first_key(tmp_path):
    path = tmp_path / "marked.toml"
    path.write_text(EXAMPLE.strip(), encoding="utf-8-sig")
    assert read_description(path).architecture == ("task", "row")


def test_expand_takes_brackets_literally_if_they_are_a_name():
    assert expand(["a[0]"], ["a[0]", "a0"]) == ["a[0]", "a0"]
    with pytest.raises(UnknownNameError, match="did you mean 'accuracy'"):
        expand(["acuracy"], ["accuracy"])


@pytest.mark.parametrize(
    ("facts", "error", "message"),
    [
        ([], DatasetError, "`x` must be a table"),
        ({"target": []}, UnknownNameError, "unknown key in `x` 'target'; did you mean 'targets'"),
        ({"space": 3}, DatasetError, "`space` in `x` must be a text, got 3"),
        ({"proxies": [1]}, DatasetError, "a text or a list of texts"),
        ({"space_settings": 3}, DatasetError, "a table of keys"),
        ({"guess": 1}, DatasetError, "true or false"),
        ({"targets": [{"colums": "a"}]}, UnknownNameError, "'columns'"),
        ({"targets": [{"kind": "measured"}]}, UnknownNameError, "`kind`"),
        ({"targets": [{"kind": []}]}, UnknownNameError, "`kind`"),
        ({"targets": [{"direction": "up"}]}, UnknownNameError, "'max', 'min'"),
        ({"targets": [{"group": "speed"}]}, UnknownNameError, "`group`"),
        ({"targets": [{"missing": -1}]}, DatasetError, "a list of numbers"),
        ({"targets": [{"noise_ceiling": True}]}, DatasetError, "a number"),
        ({"targets": [{"noise_ceiling": 90}]}, DatasetError, "a Kendall tau from -1 to 1, got 90"),
        ({"targets": [{"primary": 1}]}, DatasetError, "`primary`"),
        (
            {"targets": [{"unit": "ms"}]},
            DatasetError,
            "every entry of `targets` in `x` must name its `columns`",
        ),
        ({"fidelities": {"columns": [], "epochs": 2}}, DatasetError, "must name its `columns`"),
    ],
)
def test_wrong_entries(facts, error, message):
    with pytest.raises(error, match=message):
        parse_description(facts, "`x`")


@pytest.mark.parametrize("name", [*dataset_names(), "_table", "_published"])
def test_shipped_descriptions_are_whole(name):
    description = shipped_description(name)
    assert description.targets
    assert all(rule.columns and rule.group in GROUPS for rule in description.targets)
    if not name.startswith("_"):
        assert description.source and description.architecture and description.space
        assert any(rule.primary for rule in description.targets)
        assert all(rule.protocol for rule in description.targets)
