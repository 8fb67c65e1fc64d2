"""Pictures: every graph draws, as valid SVG, the same each time."""

import re
import xml.etree.ElementTree as ElementTree

import module_graphs
import pytest
from hypothesis import given, settings
from strategies import graphs

from graf import ComputationGraph, get_space
from graf.exceptions import InputError, UnknownNameError

SVG = "{http://www.w3.org/2000/svg}"
MAKERS = [
    module_graphs.resnet,
    module_graphs.vit,
    module_graphs.unet,
    module_graphs.densenet,
    module_graphs.mixture_of_experts,
]


def read(picture):
    """The SVG element; all of it lies on the canvas."""
    root = ElementTree.fromstring(str(picture))
    width, height = float(root.get("width")), float(root.get("height"))
    for rect in root.iter(f"{SVG}rect"):
        x, y, w, h = (float(rect.get(name)) for name in ("x", "y", "width", "height"))
        assert 0 <= x <= x + w <= width
        assert 0 <= y <= y + h <= height
    return root


def texts(root):
    return [text.text for text in root.iter(f"{SVG}text")]


@settings(max_examples=60, deadline=None)
@given(graphs())
def test_any_graph_draws(graph):
    root = read(graph.plot())
    shown = [text for text in texts(root) if text in graph.ops]
    assert len(shown) == sum(name is not None for name in graph.op_names)
    assert len([path for path in root.iter(f"{SVG}path") if path.get("class") == "curve"]) == len(
        {tuple(edge) for edge in graph.edges.tolist()}
    )


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("paths", [True, False])
def test_networks_fit_a_page(make, paths):
    graph = make(paths=paths)
    picture = graph.plot()
    root = read(picture)
    assert float(root.get("width")) <= 1010
    assert float(root.get("height")) <= 1600
    assert str(make(paths=paths).plot()) == str(picture)


@pytest.mark.parametrize("module", ["layer1.0", "layer3", "fc"])
def test_one_module(module):
    graph = module_graphs.resnet()
    inside = sum(name == module or name.startswith(f"{module}.") for name in graph.attributes["module"])
    root = read(graph.plot(module=module))
    assert texts(root)[0].startswith(f"{module}, {inside} operation")


@pytest.mark.parametrize(
    ("module", "n"),
    [("model.layers.2.moe", 57), ("model.layers.2.moe.experts", 40), ("model.layers.2.moe.experts.3", 5)],
)
def test_modules_in_lists(module, n):
    shown = texts(read(module_graphs.mixture_of_experts().plot(module=module)))
    assert shown[0] == f"{module}, {n} operations"


def test_depth():
    graph = module_graphs.resnet()
    assert {"layer1", "layer4"} <= set(texts(read(graph.plot(depth=1))))
    assert "layer1.1\N{EN DASH}2" in texts(read(graph.plot(depth=2)))
    assert "A" not in texts(read(graph.plot(depth=9, module="layer1.0")))


def test_a_block_is_drawn_once_and_counted():
    shown = texts(read(module_graphs.vit().plot()))
    assert "\N{MULTIPLICATION SIGN}12" in shown
    assert shown.count("A") == 2  # in its box, and where it is drawn
    assert shown.count("attention") == 2  # and in the legend
    assert "blocks.0\N{EN DASH}11" in shown
    assert "blocks.0\N{EN DASH}11 \N{MULTIPLICATION SIGN}12" in shown


def test_shapes_are_told_where_they_change():
    shown = texts(read(module_graphs.vit().plot()))
    assert "3\N{MULTIPLICATION SIGN}224\N{MULTIPLICATION SIGN}224" in shown
    assert "197\N{MULTIPLICATION SIGN}3072" in shown
    assert shown.count("197\N{MULTIPLICATION SIGN}3072") == 1  # not again behind gelu


def test_junctions_are_circles_and_operations_boxes_in_their_colour():
    graph = get_space("nasbench201").graph((0, 1, 2, 3, 4, 2))
    root = read(graph.plot(colour_by="operation", legend=False))
    assert len(list(root.iter(f"{SVG}circle"))) == 4
    boxes = [rect for rect in root.iter(f"{SVG}rect") if rect.get("class") == "operation"]
    assert len(boxes) == 6
    assert len({box.get("fill") for box in boxes}) == 5


def test_what_is_dead_is_faded():
    cell = "|nor_conv_3x3~0|+|none~0|none~1|+|none~0|skip_connect~1|avg_pool_3x3~2|"
    root = read(get_space("nasbench201").graph(cell).plot())
    faded = [group for group in root.iter(f"{SVG}g") if group.get("class") == "faded"]
    words = {text.text for group in faded for text in group.iter(f"{SVG}text")}
    assert words == {"none", "3", "avg_pool3x3"}


NASTY = [
    "<b>&\"'",
    "\x00\x1b",
    "\N{CJK UNIFIED IDEOGRAPH-6DF1}" * 40,
    "a" * 300,
    "\u202e.\u0301.",
    "😀",
    "..",
    "%s{}",
]


def test_nasty_names_are_text():
    n = len(NASTY)
    graph = ComputationGraph.from_edges(
        [None] + ["x" * 120] * (n - 1),
        [(i, i + 1) for i in range(n - 1)],
        names=NASTY,
        attributes={"module": NASTY, "shape": NASTY[::-1]},
    )
    for depth in (None, 1, 5):
        root = read(graph.plot(depth=depth))
        assert "b" not in {element.tag for element in root.iter()}
        assert float(root.get("width")) <= 1010


def test_many_modules_of_nasty_names():
    graph = module_graphs.vit(6)
    names = [name.replace("blocks", NASTY[0] + NASTY[2]) for name in graph.attributes["module"].tolist()]
    edges = [tuple(edge) for edge in graph.edges.tolist()]
    renamed = ComputationGraph.from_edges(graph.op_names, edges, attributes={"module": names})
    assert float(read(renamed.plot()).get("width")) <= 1010


def test_saving(tmp_path):
    graph = get_space("nasbench201").graph((0, 1, 2, 3, 4, 2))
    picture = graph.plot(tmp_path / "cell.svg")
    assert (tmp_path / "cell.svg").read_text(encoding="utf-8") == str(picture)
    assert picture._repr_html_() == picture._repr_svg_() == picture.svg
    with pytest.raises(InputError, match=r"must end in \.svg, got '.*cell\.png'"):
        graph.plot(tmp_path / "cell.png")
    assert [path.name for path in tmp_path.iterdir()] == ["cell.svg"]


def test_refusals():
    graph = module_graphs.vit(2)
    with pytest.raises(UnknownNameError, match=r"did you mean 'blocks\.1'"):
        graph.plot(module="blocks.10")
    for wrong in (
        {"depth": 0},
        {"depth": 1.5},
        {"width": 10},
        {"width": "wide"},
        {"module": 3},
        {"depth": True},
    ):
        with pytest.raises(InputError, match=f"`{next(iter(wrong))}` must be"):
            graph.plot(**wrong)


def test_a_narrow_page():
    root = read(module_graphs.resnet().plot(width=400))
    assert float(root.get("width")) <= 420


def test_tooltips_tell_everything():
    text = str(module_graphs.resnet().plot())
    assert re.search(r"<title>conv7x7\nname: conv1_1\nmodule: conv1\nshape: 1x64x112x112\nstride: 2", text)
    assert "layer1.1" in text
