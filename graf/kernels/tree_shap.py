"""Exact SHAP values of trees, a block of rows at a time.

Let each feature be known with probability t, on its own. At a node a row then goes left with

    p = share + tau h,   h = known (goes - share),   tau = t / (s + t (1 - s)),

where share is the part of the training rows that went left, goes is 1 where the row does, s is the
product of shares of the nodes above that ask for the same feature, and known is 0 where one of them
turned the row off this path (s = known = 1 without such a node: tau = t). The Shapley value of a
feature is the integral over t from 0 to 1 of the derivative of the expected value with respect to its
t: over the nodes that ask for it, the sum of reach * tau' * h * (mean left - mean right). The reach
is carried down, the means up. All are polynomials of a degree below the number of features on a
path, which Gauss-Legendre nodes integrate exactly. Pairs: the mixed second derivatives.

Players may be features or groups of features that become known together: "the same feature" then
reads "the same player".
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import prange
from numpy.typing import NDArray

from graf.kernels._jit import jit, parallel_jit

__all__ = ["Nodes", "Splits", "lay_out", "tree_shap"]

Array = NDArray[Any]
BLOCK = 32  # rows side by side: enough for the compiler to use vector registers
LEFT, RIGHT = 0, 1


class Nodes(NamedTuple):
    """Nodes that split, tree by tree in preorder; the first `sizes[tree]` from `starts[tree]` on.

    `above` is the depth of the next node above that asks for the same player, -1 if there is
    none, `above_side` the side on which the path leaves it, `above_share` the product of its shares.
    """

    starts: Array  # (n_trees,)
    sizes: Array  # (n_trees,)
    widths: Array  # (n_trees,) most players on a path
    node: Array  # index in the arrays that were laid out
    depth: Array
    side: Array  # of the parent
    share: Array  # part of the cover that goes left
    above: Array
    above_side: Array
    above_share: Array


@jit
def _place(at: int, node: int, depth: int, path: Array, sides: Array, player: Array, nodes: Nodes) -> None:
    """What the path says of a node that splits; path holds places of the nodes above it, by depth."""
    nodes.node[at], nodes.depth[at] = node, depth
    nodes.side[at] = sides[depth]
    nodes.above[at], nodes.above_side[at], nodes.above_share[at] = -1, LEFT, 1.0
    for d in range(depth - 1, -1, -1):
        other = path[d]
        if player[nodes.node[other]] == player[node]:
            part = nodes.share[other] if sides[d + 1] == LEFT else 1.0 - nodes.share[other]
            nodes.above[at], nodes.above_side[at] = d, sides[d + 1]
            nodes.above_share[at] = nodes.above_share[other] * part
            break
    path[depth] = at


@parallel_jit
def lay_out(
    offsets: Array,
    left: Array,
    right: Array,
    player: Array,
    cover: Array,
    values: Array,
    nodes: Nodes,
    means: Array,
) -> None:
    """Lay trees out in preorder, and the mean of each into means (n_trees, n_outputs).

    Trees are nodes offsets[tree] to offsets[tree + 1]; left and right (-1 at leaves) count from the
    offset; cover is the weight of the training rows, values (n_nodes, n_outputs). A node that no
    training row reached weighs its children equally. O(nodes depth).
    """
    for tree in prange(len(offsets) - 1):
        _lay_out_tree(tree, offsets, left, right, player, cover, values, nodes, means)


@jit
def _lay_out_tree(
    tree: int,
    offsets: Array,
    left: Array,
    right: Array,
    player: Array,
    cover: Array,
    values: Array,
    nodes: Nodes,
    means: Array,
) -> None:
    first = offsets[tree]
    n = offsets[tree + 1] - first
    stack, depths, part = np.empty(n + 1, np.int64), np.empty(n + 1, np.int64), np.empty(n + 1)
    turns = np.empty(n + 1, np.int64)
    path, sides, distinct = np.zeros(n, np.int64), np.zeros(n, np.int64), np.zeros(n + 1, np.int64)
    stack[0], depths[0], part[0], turns[0] = first, 0, 1.0, LEFT
    size, at, widest = 1, first, 0
    means[tree] = 0.0
    while size > 0:
        size -= 1
        node, depth, reach = stack[size], depths[size], part[size]
        sides[depth] = turns[size]
        if left[node] < 0:
            for o in range(means.shape[1]):
                means[tree, o] += reach * values[node, o]
            continue
        low, high = first + left[node], first + right[node]
        nodes.share[at] = cover[low] / cover[node] if cover[node] > 0 else 0.5
        _place(at, node, depth, path, sides, player, nodes)
        distinct[depth + 1] = distinct[depth] + (nodes.above[at] < 0)
        widest = max(widest, distinct[depth + 1])
        for side in (RIGHT, LEFT):
            share = nodes.share[at] if side == LEFT else 1.0 - nodes.share[at]
            stack[size], depths[size] = (low if side == LEFT else high), depth + 1
            part[size], turns[size] = reach * share, side
            size += 1
        at += 1
    nodes.starts[tree], nodes.sizes[tree], nodes.widths[tree] = first, at - first, widest


class Splits(NamedTuple):
    """What the nodes ask, in the order of `Nodes`."""

    player: Array
    feature: Array
    threshold: Array  # left where the value is at most this
    missing: Array  # 1 where NaN goes left, 0 where it goes right
    leaves: Array  # (n_nodes, 2, n_outputs) values of the children, NaN where they split themselves


class _Desk(NamedTuple):
    """What is known of the nodes on the path to where a block of rows stands, by depth."""

    place: Array
    goes: Array  # (depth, row): 1 for left
    known: Array
    lean: Array  # h
    tau: Array  # (depth, point)
    slope: Array  # tau'
    reach: Array  # (depth, point, row), times the weight of the point
    growth: Array  # derivative of the logarithm of the reach of the child in progress
    mean: Array  # (depth, side, output, point, row)


@parallel_jit
def tree_shap(
    X: Array,
    nodes: Nodes,
    splits: Splits,
    points: Array,
    weights: Array,
    out: Array,
    pairs: Array,
) -> None:
    """SHAP values of rows X (n, n_features) into out (n, n_players, n_outputs).

    Points and weights (most + 1, most) are those of Gauss-Legendre on (0, 1), by their number.
    Into pairs (n, n_players, n_players, n_outputs), unless it is empty, the mixed derivatives, in part
    at [i, j] and in part at [j, i]. O(rows nodes width); with pairs times depth.
    """
    for block in prange((len(out) + BLOCK - 1) // BLOCK):
        _explain_block(block * BLOCK, X, nodes, splits, points, weights, out, pairs)


@jit
def _explain_block(
    start: int,
    X: Array,
    nodes: Nodes,
    splits: Splits,
    points: Array,
    weights: Array,
    out: Array,
    pairs: Array,
) -> None:
    """The rows from a start on; the last row again where there are fewer than a block of them."""
    n, n_players, n_outputs = out.shape
    n_features = X.shape[1]
    n_pairs = n_players if len(pairs) > 0 else 0
    x = np.empty((n_features, BLOCK))
    for b in range(BLOCK):
        for f in range(n_features):
            x[f, b] = X[min(start + b, n - 1), f]
    player, leaves = splits.player, splits.leaves
    found = np.zeros((n_players, n_outputs, BLOCK))
    crossed = np.zeros((n_pairs, n_pairs, n_outputs, BLOCK))
    desk = _desk(nodes.depth.max() + 2, n_outputs, points.shape[1])
    for tree in range(len(nodes.starts)):
        q = (nodes.widths[tree] + 1) // 2
        last = nodes.starts[tree] + nodes.sizes[tree]
        depth = -1
        for place in range(nodes.starts[tree], last + 1):
            now = nodes.depth[place] if place < last else 0
            while depth >= now:  # all below it is done
                p = desk.place[depth]
                _attribute(desk, depth, q, nodes.share[p], leaves[p], nodes.side[p], found[player[p]])
                if n_pairs > 0:
                    _cross(desk, depth, q, leaves[p], player, crossed)
                depth -= 1
            if place < last:
                depth = now
                _reach(desk, depth, q, nodes, place, weights[q])
                if n_pairs > 0 and depth > 0:
                    _grow(desk, depth - 1, q, nodes, place)
                _turn(desk, depth, x[splits.feature[place]], splits.threshold[place], splits.missing[place])
                _lean(desk, depth, q, nodes, place, points[q])
    for b in range(min(BLOCK, n - start)):
        for f in range(n_players):
            for o in range(n_outputs):
                out[start + b, f, o] = found[f, o, b]
                for other in range(n_pairs):
                    pairs[start + b, f, other, o] = crossed[f, other, o, b]


@jit
def _desk(levels: int, n_outputs: int, most: int) -> _Desk:
    return _Desk(
        np.zeros(levels, np.int64),
        np.empty((levels, BLOCK)),
        np.empty((levels, BLOCK)),
        np.empty((levels, BLOCK)),
        np.empty((levels, most)),
        np.empty((levels, most)),
        np.empty((levels, most, BLOCK)),
        np.empty((levels, most, BLOCK)),
        np.empty((levels, 2, n_outputs, most, BLOCK)),
    )


@jit
def _reach(desk: _Desk, depth: int, q: int, nodes: Nodes, place: int, weights: Array) -> None:
    """How likely each row comes to a node."""
    desk.place[depth] = place
    if depth == 0:
        for k in range(q):
            desk.reach[0, k] = weights[k]
        return
    share, sign = nodes.share[desk.place[depth - 1]], 1.0
    if nodes.side[place] == RIGHT:
        share, sign = 1.0 - share, -1.0
    h, before, after = desk.lean[depth - 1], desk.reach[depth - 1], desk.reach[depth]
    for k in range(q):
        tau = sign * desk.tau[depth - 1, k]
        old, new = before[k], after[k]
        for b in range(BLOCK):
            new[b] = old[b] * (share + tau * h[b])


@jit
def _turn(desk: _Desk, depth: int, x: Array, threshold: float, missing: float) -> None:
    """Which rows go left."""
    for b in range(BLOCK):
        left = 1.0 if x[b] <= threshold else 0.0
        desk.goes[depth, b] = missing if np.isnan(x[b]) else left


@jit
def _lean(desk: _Desk, depth: int, q: int, nodes: Nodes, place: int, points: Array) -> None:
    """How going left depends on the player being known."""
    above, share, s = nodes.above[place], nodes.share[place], nodes.above_share[place]
    for b in range(BLOCK):
        known = 1.0
        if above >= 0:
            left = desk.goes[above, b]
            known = desk.known[above, b] * (left if nodes.above_side[place] == LEFT else 1.0 - left)
        desk.known[depth, b] = known
        desk.lean[depth, b] = known * (desk.goes[depth, b] - share)
    for k in range(q):
        inverse = 1.0 / (s + points[k] * (1.0 - s))
        desk.tau[depth, k] = points[k] * inverse
        desk.slope[depth, k] = s * inverse * inverse


@jit
def _attribute(desk: _Desk, depth: int, q: int, share: float, leaves: Array, side: int, found: Array) -> None:
    """What the player of a node adds, and the mean below the node, once those below are known."""
    h, reach, total = desk.lean[depth], desk.reach[depth], np.empty(BLOCK)
    for o in range(len(found)):
        own, low, high = (
            desk.mean[depth, side, o],
            desk.mean[depth + 1, LEFT, o],
            desk.mean[depth + 1, RIGHT, o],
        )
        total[:] = 0.0
        low_leaf, high_leaf = not np.isnan(leaves[LEFT, o]), not np.isnan(leaves[RIGHT, o])
        if low_leaf and high_leaf:  # a third of the nodes: worth a way of its own
            gap = leaves[LEFT, o] - leaves[RIGHT, o]
            for k in range(q):
                slope, tau = gap * desk.slope[depth, k], gap * desk.tau[depth, k]
                middle = leaves[RIGHT, o] + gap * share
                likely, below = reach[k], own[k]
                for b in range(BLOCK):
                    total[b] += likely[b] * slope
                    below[b] = middle + tau * h[b]
        else:
            if low_leaf:
                low[:q] = leaves[LEFT, o]
            if high_leaf:
                high[:q] = leaves[RIGHT, o]
            for k in range(q):
                slope, tau = desk.slope[depth, k], desk.tau[depth, k]
                likely, below, lows, highs = reach[k], own[k], low[k], high[k]
                for b in range(BLOCK):
                    difference = lows[b] - highs[b]
                    total[b] += likely[b] * slope * difference
                    below[b] = highs[b] + difference * (share + tau * h[b])
        for b in range(BLOCK):
            found[o, b] += h[b] * total[b]


@jit
def _grow(desk: _Desk, depth: int, q: int, nodes: Nodes, child: int) -> None:
    """Derivative of the logarithm of the probability of going to a child."""
    share, sign = nodes.share[desk.place[depth]], 1.0
    if nodes.side[child] == RIGHT:
        share, sign = 1.0 - share, -1.0
    for k in range(q):
        slope, tau = sign * desk.slope[depth, k], sign * desk.tau[depth, k]
        for b in range(BLOCK):
            h = desk.lean[depth, b]
            desk.growth[depth, k, b] = slope * h / (share + tau * h) if h != 0.0 else 0.0


@jit
def _cross(desk: _Desk, depth: int, q: int, leaves: Array, player: Array, crossed: Array) -> None:
    """Mixed derivatives of a node's player and those of the nodes above it."""
    h, part, total = desk.lean[depth], np.empty((q, BLOCK)), np.empty(BLOCK)
    here = player[desk.place[depth]]
    for o in range(crossed.shape[2]):
        low_leaf, high_leaf = not np.isnan(leaves[LEFT, o]), not np.isnan(leaves[RIGHT, o])
        for k in range(q):
            for b in range(BLOCK):
                low = leaves[LEFT, o] if low_leaf else desk.mean[depth + 1, LEFT, o, k, b]
                high = leaves[RIGHT, o] if high_leaf else desk.mean[depth + 1, RIGHT, o, k, b]
                part[k, b] = desk.reach[depth, k, b] * desk.slope[depth, k] * h[b] * (low - high)
        for d in range(depth):
            other = player[desk.place[d]]
            if other != here:
                total[:] = 0.0
                for k in range(q):
                    for b in range(BLOCK):
                        total[b] += part[k, b] * desk.growth[d, k, b]
                for b in range(BLOCK):
                    crossed[here, other, o, b] += total[b]
