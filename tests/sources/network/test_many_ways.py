"""Deep networks through which there are as many ways as would take for ever."""

import pytest
import torch
from functions import Function, attention_facts, ops_of
from torch.nn import functional as F  # noqa: N812 - its usual name

from graf import read_graph


def test_deep_networks_with_two_ways_at_every_step():
    def doubled(x, w):
        for _ in range(60):
            x = x + x * 2.0
        return F.scaled_dot_product_attention(x @ w, x, x, attn_mask=x @ x.transpose(-2, -1))

    assert "attention" in ops_of(doubled, (1, 1, 5, 8), w=(8, 8))


@pytest.mark.parametrize("join", [torch.add, torch.mul])
@pytest.mark.parametrize("looked_up", [True, False])
def test_masks_with_two_ways_at_every_step(join, looked_up):
    def attend(x, places, table):
        mask = F.embedding(places, table)[..., 0] if looked_up else places.float()
        for _ in range(60):
            mask = join(mask, mask.flip(-1))
        return (x @ x.mT + mask).softmax(-1) @ x

    graph = read_graph(
        Function(attend, table=(9, 1)), (torch.zeros(1, 5, 8), torch.zeros(1, 5, 5, dtype=torch.long))
    )
    assert graph.op_names[-1] == "attention"
    assert attention_facts(graph, "relative_bias") == [looked_up]


def in_columns(x):
    """The columns of a tensor, taken apart and put together."""
    return torch.cat(x.split(1, -1), -1)


def test_concatenations_of_their_own_parts_at_every_step():
    def attend(x, mask):
        scores = x @ x.mT
        for _ in range(7):
            scores, mask = in_columns(scores), in_columns(mask)
        return (scores + mask).softmax(-1) @ x

    assert ops_of(attend, (1, 9, 8), (9, 9))[-1] == "attention"

    def turned(x, cos, sin):
        other = x
        for _ in range(61):
            other = torch.cat([-other[..., 4:], other[..., :4]], -1)
        return x * cos + other * sin

    assert ops_of(turned, (1, 5, 8), (5, 8), (5, 8)) == ["rotary"]
