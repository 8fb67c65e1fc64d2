"""write_report: from a dataset to files, all of them or none."""

from dataclasses import replace

import pandas as pd
import pytest

import graf.report.write as module
from graf import write_report
from graf.exceptions import DatasetError, InputError, UnknownNameError
from graf.report.tables import tables


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def computed(monkeypatch, summary):
    """The computing is done already."""

    def quick(data, names, settings, step):
        step("computing")
        return summary

    monkeypatch.setattr(module, "summarize", quick)


@pytest.fixture
def ready(computed, monkeypatch):
    """The page is rendered already, too."""
    monkeypatch.setattr(module, "render", lambda summary: '<meta name="generator" content="graf 0">')


def test_page_and_tables(computed, data, summary, tmp_path):
    page = write_report(data, tmp_path / "new" / "report")
    assert page == tmp_path / "new" / "report" / "index.html"
    assert page.stat().st_size > 4e6
    written = {path.stem: pd.read_csv(path) for path in (page.parent / "tables").iterdir()}
    for name, table in tables(summary).items():
        blank = table.replace("", float("nan")).infer_objects()
        pd.testing.assert_frame_equal(written.pop(name), blank, check_dtype=False)
    assert written == {}
    assert names(page.parent) == ["index.html", "tables"]


def test_an_earlier_report_is_replaced(ready, data, tmp_path):
    page = write_report(data, tmp_path / "report")
    (page.parent / "tables" / "old.csv").write_text("")
    write_report(data, tmp_path / "report")
    assert not (page.parent / "tables" / "old.csv").exists()
    assert names(tmp_path) == ["report"]


def test_an_unknown_model_is_refused_before_the_work(computed, data, tmp_path):
    with pytest.raises(UnknownNameError, match="did you mean 'auto'"):
        write_report(data, tmp_path / "report", model="auot")


def test_a_failure_leaves_nothing(ready, data, tmp_path, monkeypatch):
    def interrupted(summary):
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "render", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_report(data, tmp_path / "report")
    assert names(tmp_path) == []


def test_bad_arguments_are_found_before_any_work(data, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "summarize", lambda *args: pytest.fail("work was done"))
    (tmp_path / "mine.txt").write_text("")
    with pytest.raises(InputError, match=r"holds mine\.txt"):
        write_report(data, tmp_path)
    out = tmp_path / "report"
    with pytest.raises(InputError, match="unknown target 'acc'"):
        write_report(data, out, targets=["acc"])
    with pytest.raises(InputError, match="`seeds`"):
        write_report(data, out, seeds=[])
    with pytest.raises(InputError, match="nothing to predict from"):
        write_report(replace(data, space=None), out)
    with pytest.raises(DatasetError):
        write_report(tmp_path / "missing.csv", out)
    assert not out.exists()


def test_progress_is_told_to_a_function_or_drawn_on_standard_error(ready, data, tmp_path, capfd):
    steps = []
    write_report(data, tmp_path / "report", progress=steps.append)
    write_report(data, tmp_path / "report")
    assert steps == ["computing", "page written"]
    assert capfd.readouterr() == ("", "")
    write_report(data, tmp_path / "report", progress=True)
    out, err = capfd.readouterr()
    assert out == ""
    assert "page written" in err
