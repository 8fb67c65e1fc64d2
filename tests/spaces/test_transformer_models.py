"""Parts of the transformer networks against slower or independent ways to compute them."""

import numpy as np
import pytest
from scipy.fft import dct

torch = pytest.importorskip("torch")

from graf.spaces import get_space  # noqa: E402 - needs torch
from graf.spaces.torch_models import autoformer, flexibert  # noqa: E402 - needs torch
from graf.spaces.torch_models.state import seeded  # noqa: E402 - needs torch

SMALL = {"embedding": 8, "heads": 2, "head_dim": 3, "patch": 4, "max_relative_position": 2}
GRID = (4, 3)


@pytest.fixture
def x():
    with seeded(1):
        return torch.randn(2, 13, 8)


@torch.no_grad()
def test_relative_positions_of_every_pair():
    positions = autoformer.RelativePositions(GRID, 2, 3)
    vertical, horizontal = positions.tables
    vectors = positions()
    places = [(row, column) for row in range(4) for column in range(3)]
    torch.testing.assert_close(vectors[0], (vertical[0] + horizontal[0]).expand(13, -1))
    torch.testing.assert_close(vectors[:, 0], vectors[0])
    for i, (row, column) in enumerate(places, start=1):
        for j, (other_row, other_column) in enumerate(places, start=1):
            v, h = (max(-2, min(2, step)) for step in (other_row - row, other_column - column))
            torch.testing.assert_close(vectors[i, j], vertical[v + 3] + horizontal[h + 3])


@torch.no_grad()
def test_relative_positions_are_part_of_keys_and_values(x):
    space = get_space("autoformer", input_shape=(2, 16, 12), **SMALL)
    attention = autoformer.Attention(8, 2, space)
    q, k, v = (part.reshape(2, 13, 2, 3) for part in attention.qkv(x).chunk(3, dim=-1))
    keys, values = attention.keys(), attention.values()
    heads = torch.empty(2, 13, 2, 3)
    for i in range(13):
        scores = (q[:, i, None] * (k + keys[i, :, None])).sum(-1) / 3**0.5
        heads[:, i] = (scores.softmax(dim=1)[..., None] * (v + values[i, :, None])).sum(1)
    torch.testing.assert_close(attention(x), attention.projection(heads.flatten(2)))


@torch.no_grad()
def test_attention_is_the_one_of_pytorch(x):
    attention = flexibert.Attention(8, 8, 2)
    parts = (attention.query, attention.key, attention.value)
    expected, _ = torch.nn.functional.multi_head_attention_forward(
        *[x.transpose(0, 1)] * 3, 8, 2,
        torch.cat([part.weight for part in parts]), torch.cat([part.bias for part in parts]),
        None, None, add_zero_attn=False, dropout_p=0.0, out_proj_weight=torch.eye(8), out_proj_bias=None,
    )  # fmt: skip
    torch.testing.assert_close(attention(x), expected.transpose(0, 1))


@torch.no_grad()
def test_weighted_attention_maps_the_queries(x):
    weighted = flexibert.Attention(8, 8, 2, weighted=True)
    plain = flexibert.Attention(8, 8, 2)
    plain.load_state_dict({k: v for k, v in weighted.state_dict().items() if k != "weight.weight"})
    plain.query.weight.copy_(weighted.weight.weight @ weighted.query.weight)
    plain.query.bias.copy_(weighted.weight.weight @ weighted.query.bias)
    torch.testing.assert_close(weighted(x), plain(x))


@torch.no_grad()
@pytest.mark.parametrize("heads", [2, 4])
def test_span_convolution_position_by_position(x, heads):
    layer = flexibert.SpanConvolution(8, heads, 5)
    attended, convolved = layer(x).chunk(2, dim=-1)
    torch.testing.assert_close(attended, layer.attention(x))
    padded = torch.nn.functional.pad(x, (0, 0, 2, 2))
    values = torch.nn.functional.pad(layer.projection(x), (0, 0, 2, 2))
    for i in range(13):
        span = torch.einsum("bkc,ck->bc", padded[:, i : i + 5], layer.depthwise.weight[:, 0])
        span = span @ layer.pointwise.weight[..., 0].T + layer.pointwise.bias
        kernels = layer.kernels(span * layer.attention.query(x[:, i])).reshape(2, heads // 2, 5).softmax(-1)
        window = values[:, i : i + 5].reshape(2, 5, heads // 2, -1)
        expected = torch.einsum("bkhc,bhk->bhc", window, kernels)
        torch.testing.assert_close(convolved[:, i], expected.flatten(1))


@torch.no_grad()
def test_transforms_are_those_of_numpy_and_scipy(x):
    for kind in ("DFT", "DCT"):
        layer = flexibert.Transform(8, 2, kind)
        heads = layer.linear(x).reshape(2, 13, 2, 4).transpose(1, 2).double().numpy()
        both = np.fft.fft2(heads).real if kind == "DFT" else dct(dct(heads, axis=-1), axis=-2)
        expected = torch.tensor(both).transpose(1, 2).flatten(2).float()
        torch.testing.assert_close(layer(x), expected, rtol=1e-4, atol=1e-4)


@torch.no_grad()
def test_tokens_at_other_places_give_other_logits():
    space = get_space("flexibert", hidden=8, feed_forward=12, embedding=6, vocabulary_size=20)
    tokens = torch.arange(7)[None]
    for mixer in range(6):
        model = space.model((0, 0, *[mixer, 0, 0, 0] * 2, *[0] * 8))
        swapped = tokens[:, [0, 2, 1, 3, 4, 5, 6]]
        assert not torch.allclose(model(tokens), model(swapped), atol=1e-6)
