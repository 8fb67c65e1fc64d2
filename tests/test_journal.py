import os
from pathlib import Path

import pytest

from graf.exceptions import InputError
from graf.journal import Journal, JournalKind, read_journal

KIND = JournalKind("work.jsonl", ("architecture", "seed"))
SETTINGS = {"channels": 8, "shape": (1, 8), "recipe": {"epochs": 10, "momentum": 0.9}}
RECORDS = [{"architecture": f"|a~{i}|", "seed": i % 2, "value": i / 3} for i in range(4)]


@pytest.fixture
def path(tmp_path):
    journal = Journal(tmp_path, KIND, SETTINGS)
    journal.append(RECORDS[0])
    journal.extend(RECORDS[1:])
    return tmp_path / KIND.name


def test_round_trip(path):
    assert Journal(path.parent, KIND, SETTINGS).records == RECORDS
    settings, records = read_journal(path.parent, KIND)
    assert settings == {**SETTINGS, "shape": [1, 8]} and records == RECORDS


def test_many_cost_one_sync(tmp_path, monkeypatch):
    journal, calls = Journal(tmp_path, KIND, SETTINGS), []
    monkeypatch.setattr(os, "fsync", calls.append)
    journal.extend(RECORDS)
    assert len(calls) == 1 and journal.records == RECORDS


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has this file")
def test_a_full_disk_names_the_file(tmp_path):
    journal = Journal(tmp_path, KIND, SETTINGS)
    journal.path = Path("/dev/full")
    with pytest.raises(OSError, match="No space") as raised:
        journal.append(RECORDS[0])
    assert raised.value.filename == "/dev/full" and journal.records == []


def test_missing_keeps_the_order(path):
    keys = [("new", 0), ("|a~1|", 1), ("|a~1|", 0)]
    assert Journal(path.parent, KIND, SETTINGS).missing(keys) == [("new", 0), ("|a~1|", 0)]


def test_killed_at_any_byte(path, monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda _: None)
    whole = path.read_bytes()
    for size in range(whole.index(b"\n") + 1, len(whole)):
        path.write_bytes(whole[:size])
        n = whole[:size].count(b"\n") - 1
        if n:
            assert read_journal(path.parent, KIND)[1] == RECORDS[:n]
            assert path.read_bytes() == whole[:size]
        journal = Journal(path.parent, KIND, SETTINGS)
        assert journal.records == RECORDS[:n]
        journal.extend(RECORDS[n:])
        assert path.read_bytes() == whole


@pytest.mark.parametrize("damage", [b"\x00\xff\x00", b'{"architecture": "|a', b"[1]", b'{"seed": 1}', b""])
def test_damaged_line_is_named(path, damage):
    lines = path.read_bytes().split(b"\n")
    path.write_bytes(b"\n".join([*lines[:2], damage, *lines[3:]]))
    before = path.read_bytes()
    for read in (lambda: Journal(path.parent, KIND, SETTINGS), lambda: read_journal(path.parent, KIND)):
        with pytest.raises(InputError, match=r"work\.jsonl, line 3: .*architecture and seed.*delete this"):
            read()
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"hello", b"a,b\n1,2\n", b"{'a': 1}\n", b"\x89PNG\r\n", b"3\n"])
def test_some_other_file_is_left_alone(tmp_path, content):
    path = tmp_path / KIND.name
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"work\.jsonl, line 1: .*settings.*; write elsewhere"):
        Journal(tmp_path, KIND, SETTINGS)
    assert path.read_bytes() == content


@pytest.mark.parametrize("content", [b'{"a": 1}', b'{"a": 1}\n'])
def test_other_settings(tmp_path, content):
    (tmp_path / KIND.name).write_bytes(content)
    with pytest.raises(InputError, match="other settings"):
        Journal(tmp_path, KIND, SETTINGS)
    assert (tmp_path / KIND.name).read_bytes() == content


def test_difference_is_shown_where_it_is(path):
    changed = {**SETTINGS, "recipe": {"epochs": 3, "momentum": 0.9}}
    with pytest.raises(InputError, match=r"\(recipe\.epochs: 10 there, 3 now\)"):
        Journal(path.parent, KIND, changed)


def test_settings_without_line_end_are_settings(tmp_path):
    journal = Journal(tmp_path, KIND, SETTINGS)
    whole = journal.path.read_bytes()
    journal.path.write_bytes(whole.rstrip())
    Journal(tmp_path, KIND, SETTINGS)
    assert journal.path.read_bytes() == whole


def test_folder_is_made(tmp_path):
    Journal(tmp_path / "a" / "b", KIND, SETTINGS)
    assert [p.name for p in (tmp_path / "a" / "b").iterdir()] == [KIND.name]


def test_folder_cannot_be_written(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot write to the folder"):
        Journal(tmp_path / "file", KIND, SETTINGS)


def test_file_cannot_be_read(tmp_path):
    (tmp_path / KIND.name).mkdir()
    with pytest.raises(InputError, match=r"cannot read .*work\.jsonl"):
        Journal(tmp_path, KIND, SETTINGS)


def test_nothing_measured_yet(tmp_path):
    with pytest.raises(InputError, match="measure into this folder first"):
        read_journal(tmp_path, KIND)
    Journal(tmp_path, KIND, SETTINGS)
    with pytest.raises(InputError, match="measure into this folder first"):
        read_journal(tmp_path, KIND)
