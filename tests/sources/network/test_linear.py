"""Products with weights are linear layers, whoever writes them; others are counted."""

import pytest
import torch
from functions import Function, ops_of
from torch.nn import functional as F  # noqa: N812 - its usual name

from graf import GraphFeatures, read_graph


def test_products_with_weights_are_linear():
    for function in (
        lambda x, w: x @ w,
        lambda x, w: F.linear(x, w.t()),
        lambda x, w: torch.einsum("blc,cd->bld", x, w),
        lambda x, w: (w.t() @ x.transpose(1, 2)).transpose(1, 2),
    ):
        graph = read_graph(Function(function, w=(8, 6)), ((1, 4, 8),))
        assert graph.op_names == (None, "linear")
        assert graph.n_macs == 4 * 8 * 6
    graph = read_graph(Function(lambda x, w, b: x @ w + b, w=(8, 6), b=6), ((1, 4, 8),))
    assert graph.op_names == (None, "linear")
    assert graph.n_parameters == 8 * 6 + 6


@pytest.mark.parametrize(
    ("equation", "first", "second", "n_macs"),
    [
        ("ij,jk", (2, 3), (3, 5), 2 * 3 * 5),
        ("ij, kj", (2, 3), (5, 3), 2 * 3 * 5),
        ("b...i,ij->b...j", (2, 7, 11, 3), (3, 5), 2 * 7 * 11 * 3 * 5),
        ("...ij,...jk", (7, 2, 3), (1, 3, 5), 7 * 2 * 3 * 5),
        ("i...,i...->...", (2, 7, 3), (2, 7, 3), 2 * 7 * 3),
        ("i...,ij->j...", (2, 7, 3), (2, 5), 2 * 7 * 3 * 5),
        ("...i,...i->", (2, 3), (2, 3), 2 * 3),
    ],
)
def test_einsum(equation, first, second, n_macs):
    graph = read_graph(Function(lambda x, y: torch.einsum(equation, x, y)), (first, second))
    assert graph.op_names[-1] == "matmul"
    assert graph.n_macs == n_macs


@pytest.mark.parametrize(
    ("equation", "shapes", "ops", "n_macs"),
    [
        ("bld,dn->bldn", [(2, 3, 5), (5, 7)], ["multiply"], 0),
        ("ij,jk->k", [(2, 3), (3, 5)], ["sum", "matmul"], 3 * 5),
        ("...i,...ij->...j", [(7, 1, 3), (7, 2, 3, 5)], ["matmul"], 7 * 2 * 3 * 5),
        ("tkh,tkhd,tk->td", [(2, 3, 5), (2, 3, 5, 7), (2, 3)], ["matmul", "matmul"], 2 * 3 * 7 * (5 + 1)),
        ("bd,bn,b->bdn", [(2, 3), (2, 5), (2,)], ["multiply", "multiply"], 0),
        ("...ia,...ib,...ic->...abc", [(2, 3, 5)] * 3, ["multiply", "matmul"], 2 * 5**3 * 3),
        ("...,...,...->", [(3, 5)] * 3, ["multiply", "matmul"], 3 * 5),
        ("bij->bi", [(2, 3, 5)], ["sum"], 0),
    ],
)
def test_einsum_multiplies_two_operands_at_a_time(equation, shapes, ops, n_macs):
    """Sums of one operand come before, and without a sum behind it a product counts no multiply-adds."""
    graph = read_graph(Function(lambda *xs: torch.einsum(equation, *xs)), tuple(shapes))
    assert [op for op in graph.op_names if op] == ops
    assert graph.n_macs == n_macs


def test_biases_of_a_product_that_puts_its_outputs_on_two_axes():
    def keras(x, weight, b):  # heads, and the width of each
        return torch.einsum("abc,cde->abde", x, weight) + b

    assert ops_of(keras, (1, 7, 6), weight=(6, 2, 3), b=(2, 3)) == ["linear"]
    assert ops_of(keras, (1, 7, 6), weight=(6, 2, 3), b=(7, 1, 3)) == ["linear", "position_embedding"]


RESHAPED_BIASES = {  # a function, shapes of its weights, operations, and the shape of the first
    "as TensorFlow writes a layer on images": (
        lambda x, w, b: (x.reshape(-1, 6) @ w).reshape(2, 3, 3, 5) + b, {"w": (6, 5), "b": (5,)},
        ["linear"], "2x3x3x5",
    ),
    "heads apart": (
        lambda x, w, b: (x.flatten(1, 2) @ w).unflatten(-1, (3, 4)) + b, {"w": (6, 12), "b": (3, 4)},
        ["linear"], "2x9x12",
    ),
    "a convolution along one axis": (
        lambda x, w, b: F.conv2d(x, w).squeeze(2) + b, {"w": (5, 3, 3, 1), "b": (5, 1)}, ["conv3x1"], "2x5x6",
    ),
    "channels in rows": (lambda x, w, b: w @ x + b, {"w": (4, 3), "b": (4, 1)}, ["linear"], "2x3x4x6"),
    "a number for each position": (
        lambda x, w, b: x @ w + b, {"w": (6, 3), "b": (3, 1)}, ["linear", "add"], "2x3x3x3",
    ),
    "heads that went ahead": (
        lambda x, w, b: (x.flatten(1, 2) @ w).reshape(2, 3, 9, 4) + b, {"w": (6, 12), "b": (3, 1, 4)},
        ["linear", "add"], "2x9x12",
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("function", "shapes", "ops", "shape"), RESHAPED_BIASES.values(), ids=RESHAPED_BIASES
)
def test_biases_lie_along_the_channels_of_a_layer(function, shapes, ops, shape):
    graph = read_graph(Function(function, **shapes), (2, 3, 3, 6))
    assert list(graph.op_names[1:]) == ops
    assert graph.attributes["shape"][1] == shape


def test_products_over_given_axes():
    def product(x, y, weight):
        return torch.tensordot(torch.tensordot(x, y, dims=([0, 2], [1, 0])), weight, dims=1)

    graph = read_graph(Function(product, weight=(4, 9)), ((2, 3, 5), (5, 2, 4)))
    assert graph.op_names[2:] == ("matmul", "linear")
    assert graph.n_macs == 3 * 4 * (2 * 5) + 3 * 9 * 4


def test_products_of_several_matrices():
    def added(x, y, z):
        return torch.addbmm(z, x, y)

    graph = read_graph(Function(added), ((2, 3, 4), (2, 4, 5), (3, 5)))
    assert graph.op_names[3:] == ("matmul", "add")
    assert graph.n_macs == 2 * 3 * 4 * 5
    graph = read_graph(Function(lambda *xs: torch.linalg.multi_dot(xs)), ((9, 8), (8, 7), (7, 2)))
    assert graph.op_names[3:] == ("matmul", "matmul")
    assert graph.n_macs == 8 * 7 * 2 + 9 * 8 * 2


def test_experts_in_one_product():
    def experts(x, ends, w):
        return torch._grouped_mm(x, w, offs=ends)

    ends = torch.tensor([4, 8], dtype=torch.int32)
    x = torch.zeros(8, 16, dtype=torch.bfloat16)
    graph = read_graph(Function(experts, w=(2, 16, 32)).to(torch.bfloat16), (x, ends))
    assert graph.op_names[-1] == "linear"
    assert (graph.n_macs, graph.n_parameters) == (8 * 16 * 32, 2 * 16 * 32)


@pytest.mark.parametrize("biased", [False, True])
def test_experts_are_an_mlp(biased):
    def experts(x, route, first, second, bias=None):
        chosen, order = (x.flatten(0, 1) @ route).topk(2)[1].flatten().sort()
        ends = torch.histc(chosen.float(), 4, 0, 3).cumsum(0).int()
        wide = torch._grouped_mm(x.flatten(0, 1)[order // 2], first, offs=ends)
        wide = wide + bias[chosen] if biased else wide  # as in GPT-OSS
        narrow = torch._grouped_mm(F.silu(wide), second, offs=ends)
        return narrow[order.argsort()].view(8, 2, 16).sum(1).view(x.shape)

    shapes = {"route": (16, 4), "first": (4, 16, 48), "second": (4, 48, 16)} | (
        {"bias": (4, 48)} if biased else {}
    )
    graph = read_graph(Function(experts, **shapes).to(torch.bfloat16), torch.zeros(1, 8, 16).bfloat16())
    mlp = GraphFeatures(columns=["mlp.n", "mlp.ratio"]).fit_transform([graph])
    assert mlp.iloc[0].tolist() == [1, 3]
    assert graph.n_macs == 8 * 16 * 4 + 16 * 2 * 16 * 48
    assert graph.n_parameters == 16 * 4 + 2 * 4 * 16 * 48 + biased * 4 * 48
    assert "add" not in graph.op_names
