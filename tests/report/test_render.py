"""The page: well-formed, self-contained, complete, and safe with any name."""

import base64
import gzip
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from graf import Dataset
from graf.report.render import breakable, number, render, signed, spread
from graf.report.summarize import summarize
from graf.report.tables import tables
from graf.report.target import Settings

VOID = {"meta", "br", "wbr", "img", "input", "link", "hr"}
NASTY = "</script><script>alert(1)</script>\"'&{{ 7*7 }}"


class Page(HTMLParser):
    """Collects tags, links and text; fails on a tag that is closed out of order."""

    def __init__(self, html):
        super().__init__()
        self.open, self.ids, self.sources, self.anchors, self.texts, self.counts = [], [], [], [], [], {}
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.counts[tag] = self.counts.get(tag, 0) + 1
        self.ids += [attrs["id"]] if "id" in attrs else []
        links = [attrs[name] for name in ("src", "href") if name in attrs]
        (self.anchors if tag == "a" else self.sources).extend(links)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.counts[tag] = self.counts.get(tag, 0) + 1

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not self.open or self.open[-1] not in ("script", "style"):
            self.texts.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.texts).split())


@pytest.fixture(scope="module")
def html(summary):
    return render(summary)


@pytest.fixture(scope="module")
def content(html):
    packed = re.search('id="payload">([^<]*)<', html)[1]
    return json.loads(gzip.decompress(base64.b64decode(packed)))


@pytest.fixture(scope="module")
def page(html):
    return Page(html)


def test_the_page_is_well_formed_and_needs_no_other_file(page, html):
    assert page.open == []
    assert page.sources == []
    assert len(html) < 10e6
    assert html.startswith("<!doctype html>")


def test_anchors_lead_to_sections(page):
    assert len(set(page.ids)) == len(page.ids)
    assert {anchor.removeprefix("#") for anchor in page.anchors} <= set(page.ids)
    assert {"overview", "target-0", "target-1", "effects", "architectures", "words"} <= set(page.ids)


def test_every_figure_has_its_place_and_data(page, content):
    places = [name.removeprefix("figure-") for name in page.ids if name.startswith("figure-")]
    assert len(places) == 23
    assert sorted(places) == sorted(content["figures"])
    assert page.counts["script"] == 3


def test_the_page_has_the_numbers_of_the_tables(content, summary):
    for name, table in tables(summary).items():
        if name == "predictions":
            assert name not in content["tables"]
            continue
        held = pd.DataFrame(dict(zip(*content["tables"][name].values(), strict=True)))
        blank = table.astype(object).where(table.notna(), None)
        pd.testing.assert_frame_equal(held.astype(object).where(held.notna(), None), blank, check_dtype=False)


def test_what_was_measured_is_said(page, summary):
    for fact in ("measured training, one seed", "measured on device", "ten epochs", "percent", "0.9"):
        assert fact in page.text
    assert "These targets are of different kinds" in page.text
    assert "2 without a value left out" in page.text
    assert "correlated properties share one effect" in page.text
    assert summary.sentences[0] in page.text


def test_one_kind_is_not_warned_of(summary):
    metadata = summary.metadata.assign(kind="analytic model")
    assert "different kinds" not in Page(render(replace(summary, metadata=metadata))).text


def test_architectures_are_drawn_with_their_drivers(page, summary):
    assert page.counts["svg"] == 3
    assert page.counts["rect"] == 18
    for example in summary.examples:
        assert example.architecture in page.text
    assert "The middling" in page.text


def test_without_effects_there_is_nothing_to_draw(summary):
    html = render(replace(summary, strongest=summary.strongest.iloc[:0], sentences=[]))
    assert "No property has a steady effect." in html
    assert 'id="figure-effects"' not in html


def test_what_adds_nothing_neither_helps_nor_harms(summary):
    first, *others = summary.examples
    first = replace(first, drivers=first.drivers.assign(contribution=0.0))
    html = render(replace(summary, examples=[first, *others]))
    cells = re.findall(r'<td class="([^"]*)">\+0</td>', html)
    assert len(cells) == len(first.drivers) and set(cells) == {"n"}


def test_families_are_defined(page):
    assert "Fewest operations on a path of allowed operations" in page.text
    assert "Kadlecová" in page.text
    assert "no such path" in page.text and "infinitely long" in page.text


def test_settings_are_told(page):
    import graf

    assert f"Made by graf {graf.__version__}" in page.text
    assert "seed 0, splits 0 and 1" in page.text


def test_nasty_names_are_text(proxies, quick):
    cells = [f"{NASTY}{i}" for i in range(len(proxies))]
    targets = proxies.targets.set_axis(cells, axis=0).set_axis([NASTY, "b"], axis=1)
    metadata = proxies.metadata.set_axis([NASTY, "b"], axis=0).assign(kind=NASTY, unit=NASTY, protocol=NASTY)
    columns = proxies.proxies.set_axis(cells, axis=0).rename(columns={"telling": NASTY})
    data = Dataset(NASTY, targets, columns, columns[[]], metadata, None)
    settings = Settings(**{**quick, "train_sizes": (20,)})
    html = render(summarize(data, [NASTY], settings, lambda text: None))
    page = Page(html)
    assert page.open == []
    assert page.counts["script"] == 3
    assert "<script>alert" not in html
    assert "{{ 7*7 }}" in page.text
    assert "svg" not in page.counts
    assert "no such path" not in page.text and "infinitely long" not in page.text  # without graphs


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.nan, "–"),  # noqa: RUF001 - the dash that is shown
        (0.123456, "0.123"),
        (0.0, "0"),
        (12345.6, "12,346"),
        (1e38, "1e+38"),
        (-2000, "-2,000"),
    ],
)
def test_numbers(value, expected):
    assert number(value) == expected


def test_spreads():
    row = {
        "tau_mean": 0.5,
        "tau_std": 0.0123,
        "mae_mean": 1234.5,
        "mae_std": np.nan,
        "r2_mean": np.nan,
        "r2_std": 1,
    }
    assert [spread(row, figure) for figure in ("tau", "mae", "r2")] == ["0.500 ± 0.012", "1,234", "–"]  # noqa: RUF001 - the dash that is shown


def test_effects_and_names():
    assert [signed(value) for value in (0.25, -1.0, 0.0001, -0.0)] == ["+0.250", "-1.000", "0", "0"]
    assert breakable("n_paths(<a>+b)") == "n_paths(<wbr>&lt;a&gt;+<wbr>b)"
