"""The page about searches."""

import json
import re

import pandas as pd
import pytest

import graf
from graf.exceptions import InputError
from graf.report import write_search_page


@pytest.fixture(scope="module")
def data():
    return graf.load_dataset("digits201")


def test_page(data, tmp_path):
    names = ["test_acc", "latency_b1_ms"]
    runs = {
        strategy: [graf.search(data, names, budget=20, seed=s, strategy=strategy) for s in range(2)]
        for strategy in ("random", "evolution")
    }
    text = write_search_page(runs, tmp_path / "search.html").read_text()
    assert "Best test_acc so far" in text
    assert "Best latency_b1_ms so far" in text
    assert "Fronts" in text
    assert runs["evolution"][0].history["test_acc"].size == 20
    assert "<td>evolution</td>" in text
    assert "https://cdn" not in text.split("</script>")[-1]


def fronts(results, path):
    """Traces of the fronts on the page."""
    text = write_search_page(results, path).read_text()
    drawn = next(part for part in text.split("Plotly.newPlot(")[1:] if '"text":"Fronts"' in part)
    return json.loads(re.search(r"\[\{.*\}\](?=,\s*\{\"template\")", drawn)[0])[1::2]


def test_a_front_promises_no_more_than_was_found(tmp_path):
    values = pd.DataFrame(
        {"accuracy": [1.0, 2, 3], "latency": [1.0, 2, 3], "energy": [3.0, 1, 2]},
        graf.get_space("nasbench201").sample(3),
    )
    ends = {"accuracy": "max", "latency": "min", "energy": "min"}
    two = graf.search(
        "nasbench201", values.iloc[:, :2], direction=dict(list(ends.items())[:2]), strategy="random"
    )
    (front,) = fronts(two, tmp_path / "two.html")
    assert front["line"]["shape"] == "vh"  # from the best accuracy on: down, then to the left
    three = graf.search("nasbench201", values, direction=ends, strategy="random")
    assert fronts(three, tmp_path / "three.html")[0]["mode"] == "markers"


def test_names_are_shown_as_they_are(tmp_path):
    values = pd.DataFrame({"<b>acc": [1.0, 2], "<b>ms": [1.0, 2]}, graf.get_space("nasbench201").sample(2))
    found = graf.search("nasbench201", values, direction={"<b>acc": "max", "<b>ms": "min"}, strategy="random")
    text = write_search_page({"<b>search": found}, tmp_path / "search.html").read_text()
    drawn = "".join(text.split("Plotly.newPlot(")[1:])
    assert "<b>" not in drawn and r"\u003cb\u003e" not in drawn


def test_one_search_with_failures(tmp_path):
    found = graf.search("nasbench201", lambda cell: 1 / cell.count("conv_3x3"), budget=20, strategy="random")
    text = write_search_page(found, tmp_path / "search.html").read_text()
    assert f"<td>{(found.history['status'] == 'failed').sum()}</td>" in text


def test_the_best_is_shown_with_its_recipe(tmp_path):
    found = graf.search(
        "nasbench201", lambda cell, rate: -rate, recipe={"rate": [0.5, 0.25]}, budget=20, strategy="random"
    )
    text = write_search_page(found, tmp_path / "search.html").read_text()
    assert "<th>rate</th>" in text and "<td>0.25</td>" in text


def test_searches_that_do_not_fit_together(data, tmp_path):
    one, two = (graf.search(data, name, budget=3, strategy="random") for name in ("test_acc", "ece"))
    with pytest.raises(InputError, match="same objectives"):
        write_search_page({"a": one, "b": two}, tmp_path / "search.html")
    with pytest.raises(InputError, match="at least one search"):
        write_search_page({}, tmp_path / "search.html")
    with pytest.raises(InputError, match="at least one search"):
        write_search_page({"a": [], "b": one}, tmp_path / "search.html")
