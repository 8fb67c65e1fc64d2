"""The page in a real browser: it is quiet, its controls work, its numbers are those of the tables."""

import io

import numpy as np
import pandas as pd
import pytest
from report.browser import Page, start

from graf.report.figures import explained, looks
from graf.report.folder import PAGE, TABLES
from graf.report.write import write

N_DOTS = 20  # of the 30 architectures explained


@pytest.fixture(scope="module")
def folder(summary, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(explained, "N_DOTS", N_DOTS)
        write(summary, folder)
    return folder


@pytest.fixture(scope="module")
def driver():
    driver = start()
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def opened(driver, folder):
    return Page(driver, folder / PAGE)


@pytest.fixture
def page(opened):
    opened.reset()
    return opened


@pytest.fixture(scope="module")
def table(folder):
    return pd.read_csv(folder / TABLES / "architectures.csv", index_col="architecture")


def column(values):
    return np.array([np.nan if value is None else value for value in values], float)


def values(page, box):
    """Exact numbers on a card, row by row of its table, and by property."""
    cells = page.script(
        "return [...document.querySelectorAll(`${arguments[0]} td`)].map((c) => c.dataset.value)", box
    )
    facts = page.script(
        "return [...document.querySelectorAll(`${arguments[0]} [data-column]`)].map((c) => [c.dataset.column, c.dataset.value])",
        box,
    )
    return [float(cell or "nan") for cell in cells], {name: float(value) for name, value in facts}


def test_figures_are_drawn_as_they_come_into_view(opened):
    fresh = "return document.getElementById('figure-{}').fresh"
    assert not opened.script(fresh.format("beeswarm-0"))
    opened.script("document.getElementById('figure-beeswarm-0').scrollIntoView({behavior: 'instant'})")
    assert opened.wait(lambda: opened.script(fresh.format("beeswarm-0")))


def test_it_is_quiet_and_asks_for_nothing(page, driver, folder):
    names = page.script("return [...document.querySelectorAll('.figure')].map((div) => div.id.slice(7))")
    shown = [name for name in names if not name.endswith("-1")]
    for name in shown:
        assert page.show(name)
    assert len(shown) == 14
    assert page.messages() == []
    assert {url for url in page.requests() if not url.startswith("data:")} == {(folder / PAGE).as_uri()}


def test_dots_are_the_numbers_of_the_table(page, table):
    dots = page.show("tradeoff")[0]
    np.testing.assert_array_equal(column(dots["x"]), table["measured latency_ms"])
    np.testing.assert_array_equal(column(dots["y"]), table["measured test_acc"])
    dots = page.show("predicted-0")[1]
    np.testing.assert_array_equal(column(dots["y"]), table["predicted test_acc"])


def test_the_card_has_the_numbers_of_the_table(page, table):
    page.type("#architecture", table.index[0])
    row = table.iloc[0]
    numbers, facts = values(page, "#chosen")
    expected = row[["measured test_acc", "predicted test_acc", "measured latency_ms", "predicted latency_ms"]]
    np.testing.assert_array_equal(numbers, expected.to_numpy(float))
    assert facts == {name: row[name] for name in table.columns[4:]}
    assert page.find("#chosen code").text == table.index[0]
    assert page.find("#chosen td").text == f"{row['measured test_acc']:.4g}"


def test_the_cell_is_drawn(page, data):
    cell = data.architectures[5]
    page.type("#architecture", cell)
    texts = page.script("return [...document.querySelectorAll('#chosen svg text')].map((t) => t.textContent)")
    graph = data.space.graph(cell)
    assert sorted(text for text in texts if text in data.space.ops) == sorted(filter(None, graph.op_names))
    faded = page.script("return document.querySelectorAll('#chosen svg g.faded rect').length")
    assert faded == sum(not live for live, op in zip(graph.live, graph.op_names, strict=True) if op)


def test_the_target_changes_the_plots(page, table):
    assert page.has("#target-0")
    assert not page.has("#target-1")
    page.select("#target", "latency")
    assert page.has("#target-1")
    assert not page.has("#target-0")
    dots = page.show("tradeoff")[0]
    np.testing.assert_array_equal(column(dots["y"]), table["measured latency_ms"])
    rank = table["measured latency_ms"].rank()[table["measured test_acc"].idxmax()]
    assert page.find("#rank").text == f"{rank:.0f} of 88"
    page.click("nav [data-target='0']")
    assert page.has("#target-0")


def test_a_link_to_a_target_shows_it(page):
    page.script("location.hash = '#target-1'")
    page.wait(lambda: page.has("#target-1"))
    assert not page.has("#target-0")
    page.script("location.hash = ''")
    assert page.has("#target-1")


def test_without_javascript_every_target_is_there_and_no_control(folder):
    driver = start()
    try:
        driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
        driver.get((folder / PAGE).as_uri())
        shown = {
            name: driver.find_element("id", name).is_displayed()
            for name in ("target-0", "target-1", "controls")
        }
    finally:
        driver.quit()
    assert shown == {"target-0": True, "target-1": True, "controls": False}


def test_axes_change_the_trade_off(page, table):
    page.select("#axis-x", "number of conv3x3 operations")
    page.select("#axis-y", "latency, predicted")
    dots, front, _ = page.show("tradeoff")
    np.testing.assert_array_equal(column(dots["x"]), table["op_count(conv3x3)"])
    np.testing.assert_array_equal(column(dots["y"]), table["predicted latency_ms"])
    assert front["x"] == []


def test_the_front_is_what_nothing_beats(page, table):
    front = page.show("tradeoff")[1]
    known = table[["measured latency_ms", "measured test_acc"]].dropna()
    cost, gain = (known[name] for name in known)
    beaten = [
        ((cost <= c) & (gain >= g) & ((cost < c) | (gain > g))).any() for c, g in zip(cost, gain, strict=True)
    ]
    expected = known[~np.array(beaten)].sort_values("measured latency_ms")
    assert front["x"] == expected["measured latency_ms"].tolist()
    assert front["y"] == expected["measured test_acc"].tolist()


def test_one_architecture_is_followed_through_all_plots(page, summary, table):
    explanation = summary.targets[0].explanation
    cell = explanation.architectures[7]
    page.type("#architecture", cell)
    row = table.loc[cell]
    ring = page.show("tradeoff")[2]
    assert (ring["x"], ring["y"]) == ([row["measured latency_ms"]], [row["measured test_acc"]])
    ring = page.show("predicted-0")[2]
    assert (ring["x"], ring["y"]) == ([row["measured test_acc"]], [row["predicted test_acc"]])
    swarm = page.show("beeswarm-0")[-1]
    names = list(explanation.importance().index[:12])[::-1]
    places = [explanation.feature_names.index(name) for name in names]
    np.testing.assert_allclose(swarm["x"], explanation.values[7, places])
    for k in range(3):
        assert page.show(f"dependence{k}-0")[1]["y"] == [explanation.values[7, places[-1 - k]]]


def test_one_without_a_dot_gets_a_ring(page, summary):
    explanation = summary.targets[1].explanation
    page.select("#target", "latency")
    page.type("#architecture", explanation.architectures[25])
    names = list(explanation.importance().index[:12])[::-1]
    places = [explanation.feature_names.index(name) for name in names]
    swarm = page.show("beeswarm-1")
    assert len(swarm[0]["x"]) == N_DOTS
    np.testing.assert_allclose(swarm[-1]["x"], explanation.values[25, places], rtol=1e-5)
    assert swarm[-1]["y"] == list(range(12))
    ring = page.show("dependence0-1")[1]
    np.testing.assert_allclose(ring["x"], explanation.data[names[-1]].iloc[25])
    np.testing.assert_allclose(ring["y"], explanation.values[25, places[-1]], rtol=1e-5)


def test_the_waterfall_adds_up_to_the_prediction(page, summary, folder):
    page.select("#target", "latency")
    explanation = summary.targets[1].explanation
    page.type("#architecture", explanation.architectures[3])
    bars = page.show("waterfall")[0]
    shap = pd.read_csv(folder / TABLES / "shap.csv").set_index(["target", "architecture"])
    row = shap.loc[("latency_ms", explanation.architectures[3])]
    assert bars["base"] == row["base_value"]
    np.testing.assert_allclose(sum(bars["x"]) + bars["base"], row["prediction"], rtol=1e-4)
    largest = (
        row.drop(["base_value", "prediction", "other_features"])
        .abs()
        .sort_values(ascending=False, kind="stable")
    )
    assert [name.split(" = ")[0] for name in bars["y"][:3]] == list(largest.index[:3])
    np.testing.assert_allclose(np.abs(bars["x"][:10]), largest.iloc[:10])


def test_what_was_not_explained_says_so(page, summary, data):
    unexplained = next(c for c in data.architectures if c not in summary.targets[0].explanation.architectures)
    page.type("#architecture", unexplained)
    assert page.show("waterfall")[0]["x"] == []
    assert page.has("#unexplained")
    page.click("#unexplained button")
    assert page.show("waterfall")[0]["x"]
    assert not page.has("#unexplained")


def test_pointing_shows_the_cell_and_a_click_follows_it(page, table):
    page.show("tradeoff")
    event = "document.getElementById('figure-tradeoff').emit(arguments[0], {points: [{data: {meta: {rows: 'architectures'}}, pointNumber: 4}], event: {clientX: 9, clientY: 9}})"
    page.script(event, "plotly_hover")
    assert page.has("#peek svg")
    assert page.find("#peek code").text == table.index[4]
    page.script(event, "plotly_unhover")
    assert not page.has("#peek")
    page.script(event, "plotly_click")
    assert page.find("#chosen code").text == table.index[4]


def test_a_filter_hides_dots_everywhere(page, table, summary):
    page.click("#controls summary")
    page.select(".filter select", "number of conv3x3 operations")
    page.type(".filter input:nth-of-type(1)", "2")
    kept = table["op_count(conv3x3)"] >= 2
    assert page.find("#count").text == f"{kept.sum()} of {len(table)} shown"
    for figure, trace in (("tradeoff", 0), ("predicted-0", 1)):
        drawn = ~np.isnan(column(page.show(figure)[trace]["x"]))
        measured = "measured latency_ms" if figure == "tradeoff" else "measured test_acc"
        np.testing.assert_array_equal(drawn, kept & table[measured].notna())
    dots = kept[summary.targets[0].explanation.architectures[:N_DOTS]]
    np.testing.assert_array_equal(~np.isnan(column(page.show("beeswarm-0")[0]["x"])), dots)
    page.click(".filter button")
    assert page.find("#count").text == f"{len(table)} of {len(table)} shown"


def test_buttons_walk_the_ranking(page, table):
    ranked = table["measured test_acc"].sort_values(ascending=False, kind="stable").index
    assert page.find("#chosen code").text == ranked[0]
    for button, rank in (("worse", 1), ("worst", len(ranked) - 1), ("better", len(ranked) - 2), ("best", 0)):
        page.click(f"[data-step={button}]")
        assert page.find("#chosen code").text == ranked[rank]
        assert page.find("#rank").text == f"{rank + 1} of {len(ranked)}"


def test_downloads_are_the_tables(page, folder):
    names = page.script("return [...document.querySelectorAll('[data-table]')].map((b) => b.dataset.table)")
    assert {*names, "predictions"} == {path.stem for path in (folder / TABLES).iterdir()}
    for name in names:
        text = page.script("return csv(data.tables[arguments[0]])", name)
        here, beside = pd.read_csv(io.StringIO(text)), pd.read_csv(folder / TABLES / f"{name}.csv")
        pd.testing.assert_frame_equal(here, beside, check_exact=True, check_dtype=False)


def test_a_phone_needs_no_sideways_scrolling(page, driver):
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": 360, "height": 740, "deviceScaleFactor": 1, "mobile": True},
    )
    for figure in ("tradeoff", "waterfall", "predicted-0", "features-0", "beeswarm-0", "effects"):
        page.show(figure)
        width, inner = page.script("return [document.documentElement.scrollWidth, innerWidth]")
        assert width <= inner == 360
    driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_print_shows_every_target(page, driver):
    page.script("window.dispatchEvent(new Event('beforeprint'))")
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert page.has("#target-0")
    assert page.has("#target-1")
    assert not page.has("#controls")
    undrawn = (
        "return [...document.querySelectorAll('.figure')].filter((d) => !d.querySelector('.main-svg')).length"
    )
    assert page.script(undrawn) == 0
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    page.script("window.dispatchEvent(new Event('afterprint'))")
    assert page.show("predicted-0")[1]["x"]


def test_a_long_name_of_a_target_does_not_widen_the_window(page):
    width, beyond = page.script(
        "const list = document.querySelector('#target'); list.add(new Option('x'.repeat(500)));"
        "const found = [list.getBoundingClientRect().width, document.documentElement.scrollWidth - innerWidth];"
        "list.remove(list.length - 1); return found"
    )
    assert width <= 330
    assert beyond <= 0


def test_pictures_and_controls_have_names(page):
    named = "e.getAttribute('aria-label') || e.querySelector('title') || e.closest('label') || e.textContent"
    every = "document.querySelectorAll('.figure, svg[role=img], button, select, input')"
    found = page.script(f"return [...{every}].map((e) => [e.outerHTML.slice(0, 80), !!({named})])")
    assert [html for html, is_named in found if not is_named] == []


def test_a_long_word_is_broken(page):
    overflow = page.script(
        "const texts = document.querySelectorAll('nav a, li, h2, h4, #chosen th');"
        "const old = [...texts].map((text) => text.textContent);"
        "texts.forEach((text) => { text.textContent = 'x'.repeat(300); });"
        "const found = document.documentElement.scrollWidth - innerWidth;"
        "texts.forEach((text, i) => { text.textContent = old[i]; }); return found"
    )
    assert overflow <= 0


def test_names_of_features_are_broken_as_in_other_figures(page):
    names = ["live.depth", "n_paths(max_pool3x3+avg_pool3x3+skip+none)@reduce"]
    names += [f"node_degree({'+'.join(['conv3x3'] * n)}).mean_out@simplified" for n in (1, 2, 3, 4)]
    assert page.script("return arguments[0].map(broken)", names) == list(map(looks.broken, names))


def test_numbers_are_short(page):
    numbers = [0.123456, 12345.6, 123456, 123456789, -1.5e9, -3.21e18, 1e24]
    shown = ["0.1235", "12,346", "123,456", "123.5M", "-1.5B", "-3.21e+18", "1e+24"]
    assert page.script("return arguments[0].map((value) => number(value))", numbers) == shown
