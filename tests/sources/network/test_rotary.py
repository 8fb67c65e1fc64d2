"""Rotary positions in every form."""

import pytest
import torch
from functions import ops_of


def swap_halves(x):
    first, second = x.chunk(2, -1)
    return torch.cat([-second, first], -1)


def swap_pairs(x):
    return torch.stack([-x[..., 1::2], x[..., ::2]], -1).reshape(x.shape)


def columns_of_rotations(x, cos, sin):
    turns = torch.stack([cos, -sin, sin, cos], -1)[..., ::2, :].unflatten(-1, (2, 2))
    pair = x.unflatten(-1, (-1, 1, 2))
    return (turns[..., 0] * pair[..., 0] + turns[..., 1] * pair[..., 1]).reshape(x.shape)


def half_by_half(x, cos, sin):
    first, second = x.chunk(2, -1)
    cos, sin = cos[..., :2], sin[..., :2]
    return torch.cat([first * cos - second * sin, second * cos + first * sin], -1)


def with_negative_sines(x, cos, sin):  # as in nanochat
    first, second = x.chunk(2, -1)
    cos, sin = cos[:, :2], sin[:, :2]
    return torch.cat([first * cos + second * sin, first * (-sin) + second * cos], -1)


def in_place(x, cos, sin):
    turned = torch.empty_like(x)
    turned[..., ::2] = x[..., ::2] * cos[..., ::2] - x[..., 1::2] * sin[..., ::2]
    turned[..., 1::2] = x[..., ::2] * sin[..., ::2] + x[..., 1::2] * cos[..., ::2]
    return turned


def turned_behind_its_cosines(x, cos, sin):  # as ONNX Runtime moves the transposition of heads
    heads = x[:, None].transpose(1, 2) * cos[:, None]
    return (heads.transpose(1, 2) + swap_halves(x[:, None]) * sin).reshape(x.shape)


@pytest.mark.parametrize(
    "rotate",
    [
        in_place,
        turned_behind_its_cosines,
        lambda x, cos, sin: x * cos + swap_halves(x) * sin,
        lambda x, cos, sin: x * cos + swap_pairs(x) * sin,
        columns_of_rotations,
        half_by_half,
        with_negative_sines,
    ],
)
def test_rotary_positions(rotate):
    positions = torch.arange(5.0)[:, None] * torch.ones(4)
    assert ops_of(lambda x: rotate(x, positions.cos(), positions.sin()), (1, 5, 4)) == ["rotary"]
    given = ops_of(lambda x, angles: rotate(x, angles.cos(), angles.sin()), (1, 5, 4), (5, 4))
    assert [op for op in given if op in ("multiply", "rotary")] == ["rotary"]


def test_rotary_positions_as_complex_numbers():
    def rotate(x, angles):
        turned = torch.view_as_complex(x.unflatten(-1, (-1, 2))) * torch.polar(torch.ones(5, 4), angles)
        return torch.view_as_real(turned).flatten(-2).relu()

    assert ops_of(lambda x: rotate(x, torch.ones(5, 4)), (1, 5, 8)) == ["rotary", "relu"]
    assert ops_of(rotate, (1, 5, 8), (5, 4)) == ["trigonometric", "rotary", "relu"]


def test_complex_weights_are_no_rotary_positions():
    def product(x, weight):
        return torch.view_as_real(torch.fft.rfft(x) * torch.view_as_complex(weight))

    assert ops_of(product, (1, 5, 8), weight=(5, 5, 2)) == ["fft", "multiply"]


def test_filters_of_complex_numbers_are_no_rotary_positions():
    expected = ["multiply", "multiply", "subtract", "multiply", "multiply", "add", "concat"]
    assert ops_of(half_by_half, (1, 5, 4), cos=(5, 2), sin=(5, 2)) == expected
    assert "rotary" not in ops_of(columns_of_rotations, (1, 5, 4), cos=(5, 4), sin=(5, 4))


@pytest.mark.parametrize("mask", [torch.tanh, torch.neg, lambda x: torch.fft.rfft(x, dim=2)])
@pytest.mark.parametrize("turn", [False, True])
def test_masks_of_complex_numbers_are_no_rotary_positions(mask, turn):
    def masked(x):  # as in DCCRN
        real, imaginary = x.unbind(1)
        by_real, by_imaginary = mask(x.flip(3)).real.unbind(1)
        if turn:
            real, imaginary, by_real, by_imaginary = by_real, by_imaginary, real, imaginary
        product = real * by_real - imaginary * by_imaginary, real * by_imaginary + imaginary * by_real
        return torch.stack(product, 1)

    assert "rotary" not in ops_of(masked, (1, 2, 1, 4))
