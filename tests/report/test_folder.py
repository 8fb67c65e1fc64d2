"""The folder of a report is replaced as a whole, or not at all."""

import pytest

from graf.exceptions import InputError
from graf.report.folder import check_replaceable, report_folder

PAGE = '<!doctype html><meta name="generator" content="graf 0.1.0">'


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def fill(folder, page=PAGE, *others):
    folder.mkdir()
    (folder / "index.html").write_text(page)
    (folder / "tables").mkdir()
    for name in others:
        (folder / name).write_text("mine")
    return folder


def test_a_new_folder_an_empty_one_and_an_earlier_report_will_do(tmp_path):
    assert check_replaceable(tmp_path / "a" / "new") == tmp_path / "a" / "new"
    (tmp_path / "empty").mkdir()
    check_replaceable(tmp_path / "empty")
    check_replaceable(fill(tmp_path / "earlier"))


def test_what_is_not_a_report_is_kept(tmp_path):
    with pytest.raises(
        InputError, match=r"`out` must be a new folder or an earlier report, .*holds notes.txt"
    ):
        check_replaceable(fill(tmp_path / "mixed", PAGE, "notes.txt"))
    with pytest.raises(InputError, match="is not empty; name another"):
        check_replaceable(fill(tmp_path / "foreign", "<html>"))
    file = tmp_path / "file"
    file.write_text("x")
    with pytest.raises(InputError, match="is a file; name another"):
        check_replaceable(file)
    with pytest.raises(InputError, match="cannot write to the folder"):
        check_replaceable(file / "report")


def test_a_report_takes_the_place_of_an_earlier_one(tmp_path):
    old = fill(tmp_path / "report")
    with report_folder(old) as new:
        (new / "index.html").write_text("new")
        assert (old / "index.html").read_text() == PAGE
    assert (old / "index.html").read_text() == "new"
    assert names(tmp_path) == ["report"]
    assert names(old) == ["index.html"]


@pytest.mark.parametrize("before", [True, False])
def test_an_interrupted_report_leaves_everything_as_it_was(tmp_path, before):
    path = tmp_path / "report"
    if before:
        fill(path)
    with pytest.raises(KeyboardInterrupt), report_folder(path) as new:
        (new / "index.html").write_text("half")
        raise KeyboardInterrupt
    assert names(tmp_path) == (["report"] if before else [])
    assert not before or (path / "index.html").read_text() == PAGE


def test_others_may_read_it(tmp_path):
    with report_folder(tmp_path / "report"):
        pass
    (tmp_path / "plain").mkdir()
    assert (tmp_path / "report").stat().st_mode == (tmp_path / "plain").stat().st_mode
