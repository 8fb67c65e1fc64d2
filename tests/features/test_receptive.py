"""Receptive fields by hand."""

import numpy as np
import pytest

from graf import ComputationGraph, GraphFeatures, read_graph

COLUMNS = [f"receptive_field.{stat}" for stat in ("size", "of_input", "global_at")]


def row(operations, edges=None, **attributes):
    edges = [(i, i + 1) for i in range(len(operations) - 1)] if edges is None else edges
    graph = ComputationGraph.from_edges(operations, edges, attributes=attributes)
    return GraphFeatures(columns=COLUMNS).fit_transform([graph]).iloc[0].tolist()


def test_the_stem_of_a_residual_network():
    found = row([None, "conv7x7", "relu", "max_pool3x3", "conv3x3"], kernel=[np.nan, 7, np.nan, 3, 3],
                stride=[np.nan, 2, np.nan, 2, 1], resolution=[224, 112, 112, 56, 56])  # fmt: skip
    np.testing.assert_array_equal(found, [7 + 2 * 2 + 2 * 4, 19 / 224, np.nan])


def test_dilation_widens_and_transposed_convolution_narrows_again():
    found = row(["conv3x3", "conv3x3", "conv_transpose4x4", "conv3x3"], kernel=[3, 3, 4, 3], stride=[2, 1, 2, 1],
                dilation=[1, 4, 1, 1])  # fmt: skip
    assert found[0] == 1 + 2 + 8 * 2 + (4 / 2 - 1) * 2 + 2


def test_strides_in_front_of_global_attention_do_not_count_behind_it():
    """As of keys and values that are reduced in space (Wang et al., Pyramid Vision Transformer, 2021)."""
    edges = [(0, 1), (1, 2), (0, 2), (2, 3), (0, 3), (3, 4)]
    found = row(["conv4x4", "conv8x8", "attention", "add", "conv3x3"], edges,
                kernel=[4, 8, np.nan, np.nan, 3], stride=[4, 8, np.nan, np.nan, 1],
                windows=[np.nan, np.nan, 1, np.nan, np.nan], key_sequence=[np.nan] * 5)  # fmt: skip
    assert found[0] == 4 + 7 * 4  # of the keys; behind the sum it is 4 + 2 * 4


def test_height_and_width_grow_apart():
    found = row(["conv1x7", "conv7x1", "conv3x3"], kernel=[7**0.5, 7**0.5, 3], kernel_height=[1, 7, np.nan],
                kernel_width=[7, 1, np.nan])  # fmt: skip
    assert found[0] == 1 + 6 + 2


def test_a_resize_brings_positions_closer_or_farther_apart():
    found = row(["conv3x3", "resize", "conv3x3", "resize", "conv3x3"], kernel=[3, np.nan, 3, np.nan, 3],
                stride=[2, np.nan, 1, np.nan, 1], resolution=[16, 32, 32, 8, 8])  # fmt: skip
    assert found[0] == 1 + 2 + 2 * 1 + 2 * 4


torch = pytest.importorskip("torch")


def test_networks_that_are_read():
    tall = torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, (1, 7), padding=(0, 3)), torch.nn.Conv2d(4, 4, (7, 1), padding=(3, 0))
    )
    larger = torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 3, 2, 1), torch.nn.Upsample(scale_factor=2), torch.nn.Conv2d(4, 4, 3, padding=1)
    )
    graphs = [read_graph(module, example_inputs=torch.zeros(1, 3, 32, 32)) for module in (tall, larger)]
    assert GraphFeatures(columns=COLUMNS[:1]).fit_transform(graphs).iloc[:, 0].tolist() == [7, 5]


class Focus(torch.nn.Module):
    """Every second position, four times, as channels (YOLOv5)."""

    def forward(self, x):
        return torch.cat([x[..., i::2, j::2] for i in range(2) for j in range(2)], 1)


class Merging(torch.nn.Module):
    """The same with channels last (Swin), by the reshaping of patches."""

    def forward(self, x):
        n, c, h, w = x.shape
        x = x.flatten(2).transpose(1, 2).sigmoid().reshape(n, h, w, c)
        x = x.reshape(n, h // 2, 2, w // 2, 2, c).permute(0, 1, 3, 4, 2, 5).flatten(3)
        return x.permute(0, 3, 1, 2)


class Patches(torch.nn.Module):
    """A sequence of patches of 4 x 4 positions, as einops cuts it."""

    def forward(self, x):
        n, c, h, w = x.shape
        x = x.reshape(n, c, h // 4, 4, w // 4, 4).permute(0, 2, 4, 3, 5, 1)
        return x.reshape(n, h * w // 16, 16 * c)


class Triplet(torch.nn.Module):
    """Rows in place of channels for one convolution, as in triplet attention."""

    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(32, 32, 3, padding=1)

    def forward(self, x):
        return self.conv(x.transpose(1, 2)).transpose(1, 2)


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        ([torch.nn.PixelUnshuffle(2), torch.nn.LazyConv2d(8, 3), torch.nn.LazyConv2d(8, 3)], 6 + 4),
        ([Focus(), torch.nn.LazyConv2d(8, 3)], 6),
        ([Merging(), torch.nn.LazyConv2d(8, 3)], 6),
        ([torch.nn.LazyConv2d(8, 3, 2), torch.nn.PixelShuffle(2), torch.nn.LazyConv2d(8, 3)], 3 + 2),
        ([torch.nn.LazyConv2d(8, 3), torch.nn.PixelUnshuffle(3), torch.nn.ReLU()], 3 + 2),
        ([torch.nn.LazyConv2d(8, 3, padding=1), Patches(), torch.nn.LazyLinear(5)], 3 + 3),
        ([Triplet(), torch.nn.LazyConv2d(8, 3)], 3 + 2),
    ],
)
def test_positions_that_become_channels_and_back(module, expected):
    module = torch.nn.Sequential(*module)
    example = torch.zeros(1, 32 if isinstance(module[0], Triplet) else 8, 32, 32)
    module(example)
    graph = read_graph(module, example_inputs=example)
    assert GraphFeatures(columns=COLUMNS[:1]).fit_transform([graph]).iloc[0, 0] == expected


def test_the_largest_branch_counts_and_global_ones_do_not():
    operations = ["conv3x3", "global_avg_pool", "sigmoid", "conv5x5", "multiply"]
    edges = [(0, 1), (1, 2), (2, 4), (0, 3), (3, 4)]
    found = row(
        operations, edges, kernel=[3, np.nan, np.nan, 5, np.nan], stride=[1, np.nan, np.nan, 1, np.nan]
    )
    assert found[0] == 7
    assert found[2] == pytest.approx(1 / 4)


def test_windowed_attention_sees_its_window_and_global_attention_all():
    attributes = {"kernel": [4, np.nan], "stride": [4, np.nan], "key_sequence": [np.nan, 49]}
    windowed = row(["conv4x4", "attention"], windows=[np.nan, 64], **attributes)
    assert windowed[0] == 4 + 6 * 4
    assert np.isnan(windowed[2])
    assert row(["conv4x4", "attention"], windows=[np.nan, 1], **attributes)[::2] == [4, 0.5]
