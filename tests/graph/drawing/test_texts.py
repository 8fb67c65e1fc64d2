"""Texts: widths, shortening, names of series."""

import xml.etree.ElementTree as ElementTree

from hypothesis import given
from hypothesis import strategies as st

from graf.graph.drawing.texts import clean, common_path, path_range, shortened, shortened_path, text_width


@given(st.text(), st.integers(2, 40))
def test_shortened_texts_have_their_length(text, most):
    for short in (shortened(text, most), shortened_path(text, most)):
        assert len(short) <= most
        assert (short == text) == (len(text) <= most) or "…" in text


@given(st.text(st.characters()))
def test_any_text_can_stand_in_xml(text):
    from xml.sax.saxutils import escape

    assert ElementTree.fromstring(f"<a>{escape(clean(text))}</a>") is not None


def test_a_path_is_cut_at_a_dot():
    assert shortened_path("encoder.layers.11.attention", 15) == "…11.attention"
    assert shortened_path("a" * 40 + ".b", 5) == "…b"
    assert shortened_path("b." + "a" * 40, 5) == "…aaaa"


def test_widths_add_up():
    assert text_width("ab") == text_width("a") + text_width("b")
    assert text_width("\N{CJK UNIFIED IDEOGRAPH-6DF1}") > text_width("a") > text_width("i")
    assert text_width("e\N{COMBINING ACUTE ACCENT}") == text_width("e")


def test_common_path():
    assert common_path([("a", "b", "c"), ("a", "b"), ("a", "b", "d")]) == ("a", "b")
    assert common_path([]) == common_path([(), ("a",)]) == ()


def test_series_of_modules():
    assert path_range(("a", "9"), ("a", "11")) == "a.9\N{EN DASH}11"
    assert path_range(("layer1",), ("layer16",)) == "layer1\N{EN DASH}16"
    assert path_range(("a", "x"), ("a", "y", "z")) == "a.x, …"
    assert path_range(("a", "0", "0"), ("a", "1", "1")) == "a.0.0, …"
    assert path_range(("a",), ("b",)) == "a, …"
    assert path_range(("a",), ("a",)) == "a"
