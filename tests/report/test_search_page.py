"""The page about searches."""

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


def test_one_search_with_failures(tmp_path):
    found = graf.search("nasbench201", lambda cell: 1 / cell.count("conv_3x3"), budget=20, strategy="random")
    text = write_search_page(found, tmp_path / "search.html").read_text()
    assert f"<td>{(found.history['status'] == 'failed').sum()}</td>" in text


def test_searches_that_do_not_fit_together(data, tmp_path):
    one, two = (graf.search(data, name, budget=3, strategy="random") for name in ("test_acc", "ece"))
    with pytest.raises(InputError, match="same objectives"):
        write_search_page({"a": one, "b": two}, tmp_path / "search.html")
    with pytest.raises(InputError, match="at least one search"):
        write_search_page({}, tmp_path / "search.html")
    with pytest.raises(InputError, match="at least one search"):
        write_search_page({"a": [], "b": one}, tmp_path / "search.html")
