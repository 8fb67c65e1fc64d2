"""Slow and obvious twins of the columns of whole networks, through networkx and plain Python.

Each takes a graph of `as_networkx` and what its columns are over, and gives one row of statistics
per set. Paths are counted in whole numbers, which Python has without limit.
"""

import math
from collections import Counter
from functools import lru_cache

import networkx as nx
import numpy as np

NAN = math.nan
WEIGHTED = {
    "convolution", "depthwise_convolution", "grouped_convolution", "transposed_convolution", "linear",
    "attention", "recurrent",
}  # fmt: skip
SATURATING = {"sigmoid", "hardsigmoid", "tanh", "hardtanh", "softsign", "erf", "softmax", "log_softmax"}
KINDS = {
    "pass": {"identity", "concat", "index", "resampling", "position"},
    "shrink": {"normalisation", "attention", "pool", "reduction"},
    "gate": {"activation", "elementwise"},
}


def as_networkx(graph):
    """The graph with the facts of its operations on the nodes, and its vocabulary."""
    found = graph.to_networkx()
    found.graph["ops"] = set(graph.ops)
    facts = {name: graph.ops.operation(i) for i, name in enumerate(graph.ops)}
    for _, data in found.nodes(data=True):
        fact = facts.get(data["op"])
        data["group"] = fact.group if fact else None
        data["zero"] = bool(fact and fact.zero)
        data["active"] = bool(fact and not fact.zero and not fact.identity)
        data["stateless"] = bool(fact is None or fact.stateless)
    return found


def before(graph, node):
    """What a node reads, repeated edges repeated."""
    return [u for u, _ in graph.in_edges(node)]


def after(graph, node):
    return [v for _, v in graph.out_edges(node)]


def is_op(graph, node):
    return graph.nodes[node]["op"] is not None


def attribute(graph, node, name):
    return graph.nodes[node].get(name, NAN)


def is_known(graph, name):
    return any(name in data for data in graph.nodes.values())


def members(graph, names):
    """Nodes of the operations, or of the groups, of these names."""
    ops, groups = set(names) & graph.graph["ops"], set(names) - graph.graph["ops"]
    return {v for v, data in graph.nodes(data=True) if data["op"] in ops or data["group"] in groups}


def mean(values):
    return sum(values) / len(values) if values else NAN


def std(values):
    middle = mean(values)
    return math.sqrt(mean([(x - middle) ** 2 for x in values])) if values else NAN


@lru_cache(maxsize=1)
def live_part(graph):
    """The part on a path from an input to an output without zero operations."""
    usable = graph.subgraph([v for v, data in graph.nodes(data=True) if not data["zero"]])
    inputs = [v for v, data in usable.nodes(data=True) if data["is_input"]]
    forward = set(inputs).union(*(nx.descendants(usable, v) for v in inputs))
    return live_part_backward(usable.subgraph(forward))


def path_counts(part):
    """Paths from an input up to each node, and from each node to an output."""
    order = list(nx.topological_sort(part))
    there, onward = {}, {}
    for v in order:
        there[v] = part.nodes[v]["is_input"] + sum(there[u] for u in before(part, v))
    for v in reversed(order):
        onward[v] = part.nodes[v]["is_output"] + sum(onward[w] for w in after(part, v))
    return there, onward


def outputs(part):
    return [v for v, data in part.nodes(data=True) if data["is_output"]]


def extremes(part, weight):
    """Least and greatest sum of weights on a path from an input up to each node."""
    least, most = {}, {}
    for v in nx.topological_sort(part):
        start = [0] if part.nodes[v]["is_input"] else []
        own = weight(v)
        least[v] = own + min(start + [least[u] for u in before(part, v)])
        most[v] = own + max(start + [most[u] for u in before(part, v)])
    return least, most


def op_count(graph, sets):
    return [[len(members(graph, names))] for names in sets]


def live(graph, sets):
    part = live_part(graph)
    if not part:
        return [[0, 0, NAN, 0]]
    _, depth = extremes(part, lambda v: is_op(part, v))
    wide = Counter(depth[v] for v in part if is_op(part, v))
    longest = max(depth[v] for v in outputs(part))
    return [[len(part), part.number_of_edges(), longest, max(wide.values(), default=0)]]


def node_degree(graph, sets):
    rows = []
    for names in sets:
        good = members(graph, names)
        enters = sum(u in good for u, _ in graph.edges())
        leaves = sum(v in good for _, v in graph.edges())
        at_input = sum(graph.nodes[u]["is_input"] and v in good for u, v in graph.edges())
        at_output = sum(graph.nodes[v]["is_output"] and u in good for u, v in graph.edges())
        rows.append([at_input, at_output, enters / len(graph), leaves / len(graph)])
    return rows


def path_ops(graph, sets):
    part = live_part(graph)
    there, onward = path_counts(part)
    total = sum(there[v] for v in outputs(part))
    if total == 0:
        return [[NAN] * 3 for _ in sets]
    rows = []
    for names in sets:
        good = members(graph, names) & set(part)
        least, most = extremes(part, lambda v, good=good: v in good)
        through = sum(there[v] * onward[v] for v in good)
        ends = outputs(part)
        rows.append([min(least[v] for v in ends), through / total, max(most[v] for v in ends)])
    return rows


def op_depth(graph, sets):
    part = live_part(graph)
    near, far = extremes(part, lambda v: part.nodes[v]["active"])
    behind = part.reverse()
    for data in behind.nodes.values():
        data["is_input"], data["is_output"] = data["is_output"], data["is_input"]
    near_end, far_end = extremes(behind, lambda v: part.nodes[v]["active"])
    rows = []
    for names in sets:
        good = members(graph, names) & set(part)
        own = {v: part.nodes[v]["active"] for v in good}
        rows.append(
            [
                min(near[v] - own[v] for v in good),
                max(far[v] - own[v] for v in good),
                min(near_end[v] - own[v] for v in good),
                max(far_end[v] - own[v] for v in good),
            ]
            if good
            else [NAN] * 4
        )
    return rows


def branching(graph, sets):
    part = live_part(graph)
    order = list(nx.topological_sort(part))
    into, out_of = {}, {}
    for v in order:
        into[v] = sum(1 if part.nodes[u]["active"] else into[u] for u in before(part, v))
    for v in reversed(order):
        out_of[v] = sum(1 if part.nodes[w]["active"] else out_of[w] for w in after(part, v))
    found = [members(graph, names) & set(part) for names in sets]
    return [[max((ways[v] for v in good), default=0) for ways in (into, out_of)] for good in found]


def n_adjacent(graph, sets):
    found = Counter()
    for u, v in graph.edges():
        found.update((a, b) for a in _names(graph, u) for b in _names(graph, v))
    return [[found[pair]] for pair in sets]


def _names(graph, node):
    """What a node may be called: its operation, and its group unless an operation is called so."""
    data = graph.nodes[node]
    names = {data["op"]} | ({data["group"]} - graph.graph["ops"])
    return names if is_op(graph, node) else set()


def moments(part, weight):
    """Number of paths, mean and variance of the weights along them, in whole numbers up to the end."""
    table = {}
    for v in nx.topological_sort(part):
        read = [table[u] for u in before(part, v)]
        n = part.nodes[v]["is_input"] + sum(row[0] for row in read)
        first, second, w = sum(row[1] for row in read), sum(row[2] for row in read), int(weight(v))
        table[v] = (n, first + w * n, second + 2 * w * first + w * w * n)
    n, first, second = (sum(table[v][i] for v in outputs(part)) for i in range(3))
    return (n, first / n, (second * n - first * first) / (n * n)) if n else (0, NAN, NAN)


def log_paths(graph, sets):
    n = moments(live_part(graph), lambda v: 0)[0]
    return [[math.log10(n) if n else NAN]]


def effective_depth(graph, sets):
    part = live_part(graph)
    layers = members(graph, WEIGHTED)
    _, average, variance = moments(part, lambda v: v in layers)
    _, average_ops, variance_ops = moments(part, lambda v: is_op(part, v))
    least, most = extremes(part, lambda v: v in layers)
    ends = outputs(part)
    shortest, longest = (f((x[v] for v in ends), default=NAN) for f, x in ((min, least), (max, most)))
    return [[shortest, average, math.sqrt(variance), longest, average_ops, math.sqrt(variance_ops)]]


def levels(graph):
    """Most operations on a way to each node, and on any way through the graph."""
    level = {}
    for v in nx.topological_sort(graph):
        level[v] = max((level[u] + is_op(graph, u) for u in before(graph, v)), default=0)
    return level, max(level[v] + is_op(graph, v) for v in graph)


def shortcut(graph, sets):
    level, _ = levels(graph)
    passed = {}  # what comes before each node, as bits of a number
    found = []
    for v in nx.topological_sort(graph):
        read = before(graph, v)
        among = 0
        for u in read:
            among |= passed[u]
        found += [(u, v) for u in read if among >> u & 1]
        for u in read:
            among |= 1 << u
        passed[v] = among
    rows = []
    for names in sets:
        good = members(graph, names) | {v for v in graph if not is_op(graph, v)}
        lengths = [level[v] - level[u] - is_op(graph, u) for u, v in found if v in good]
        rows.append([len(lengths), mean(lengths), std(lengths), max(lengths, default=NAN)])
    return rows


def gradient_path(graph, sets):
    part = live_part_backward(graph)
    kinds = {v: _kind(graph.nodes[v]) for v in part}
    columns = []
    for kind in ("all", "pass", "shrink", "gate", "mix"):
        table = {}
        for v in reversed(list(nx.topological_sort(part))):
            here = part.nodes[v]["is_output"]
            n, first, least = int(here), 0, 0 if here else math.inf
            for w in after(part, v):
                step = kinds[w] is not None and kind in ("all", kinds[w])
                n, first = n + table[w][0], first + table[w][1] + step * table[w][0]
                least = min(least, table[w][2] + step)
            table[v] = (n, first, least)
        rows = [table[v] for v in part if _has_parameters(graph, v)]
        least = [row[2] for row in rows]
        columns += [mean(least), max(least, default=NAN), mean([row[1] / row[0] for row in rows])]
    return [columns]


def live_part_backward(graph):
    """The part from which a path without zero operations leads to an output."""
    usable = graph.subgraph([v for v, data in graph.nodes(data=True) if not data["zero"]])
    ends = outputs(usable)
    return usable.subgraph(set(ends).union(*(nx.ancestors(usable, v) for v in ends))).copy()


def _kind(data):
    if data["op"] is None:
        return None
    if data["op"] in SATURATING:
        return "shrink"
    if data["op"] in ("add", "subtract", "negate", "round", "complement", "blend"):
        return "pass"
    return next((kind for kind, groups in KINDS.items() if data["group"] in groups), "mix")


def _has_parameters(graph, node):
    data = graph.nodes[node]
    return data["n_parameters"] > 0 if "n_parameters" in data else not data["stateless"]


def attention(graph, sets):
    blocks = [graph.nodes[v] for v in members(graph, {"attention"})]

    def count(test):
        return sum(bool(test(data)) for data in blocks)

    def known(name):
        values = [data.get(name, NAN) for data in blocks]
        return [value for value in values if not math.isnan(value)]

    names = ("heads", "kv_heads", "head_dim", "sequence", "key_sequence", "windows")
    windowed = count(lambda data: data.get("windows", NAN) > 1)
    return [
        [
            len(blocks),
            count(lambda data: data.get("self_attention") == 0),
            len(blocks) - windowed,
            windowed,
            count(lambda data: data.get("kv_heads", NAN) < data.get("heads", NAN)),
            count(lambda data: data.get("causal") == 1),
            count(lambda data: data.get("relative_bias") == 1),
            len(members(graph, {"rotary"})),
            len(members(graph, {"position_embedding"})),
            *(mean(known(name)) for name in names),
            *(max(known(name), default=NAN) for name in ("heads", "sequence", "key_sequence")),
        ]
    ]


def mlp(graph, sets):
    spread = {
        v for v in graph if attribute(graph, v, "sequence") > 1 or attribute(graph, v, "resolution") > 1
    }
    one_token = {v for v in members(graph, {"linear"}) if attribute(graph, v, "sequence") == 1}
    dense = members(graph, {"linear", "conv1", "conv1x1", "conv1x1x1"}) & (spread | one_token)
    activations = members(graph, {"activation"})
    gates = members(graph, {"multiply", "divide", "power", "normalisation"})
    sums = members(graph, {"add"})
    state, ratios = {}, []
    for v in nx.topological_sort(graph):
        read = before(graph, v)
        states = [state[u] for u in read]
        most = max(states, default=0)
        state[v] = 0
        if v in dense:
            state[v] = 1
            wide = [attribute(graph, u, "channels") for u in read if state[u] == 2]
            wide = [c / attribute(graph, v, "channels") for c in wide if not math.isnan(c)]
            ratios += [max(wide)] if wide and not math.isnan(max(wide)) else []
        elif v in activations:
            state[v] = 2 * (most > 0)
        elif v in gates or (v in sums and states and min(states) > 0):
            state[v] = most
    return [[len(ratios), mean(ratios), min(ratios, default=NAN), max(ratios, default=NAN)]]


def depth_count(graph, sets):
    level, depth = levels(graph)
    rows = []
    for names in sets:
        row = [0] * 4
        for v in members(graph, names):
            row[4 * level[v] // depth] += 1
        if {"batch_norm", "normalisation"} & set(names):
            for v in graph:
                if is_op(graph, v) and attribute(graph, v, "folded_norms") > 0:
                    row[4 * level[v] // depth] += attribute(graph, v, "folded_norms")
        rows.append(row)
    return rows


def by_depth(graph, sets):
    """Values of each attribute per quarter of the depth."""
    level, depth = levels(graph)
    for (name,) in sets:
        found = [[], [], [], []]
        for v in graph:
            value = attribute(graph, v, name)
            if is_op(graph, v) and not math.isnan(value):
                found[4 * level[v] // depth].append(value)
        yield found


def depth_mean(graph, sets):
    return [list(map(mean, found)) for found in by_depth(graph, sets)]


def depth_share(graph, sets):
    sums = [list(map(sum, found)) for found in by_depth(graph, sets)]
    return [[part / sum(row) if sum(row) else NAN for part in row] for row in sums]


def _known(graph, name):
    values = [attribute(graph, v, name) for v in graph]
    return [value for value in values if not math.isnan(value)]


def profile(graph, sets):
    found = [_known(graph, name) for (name,) in sets]
    return [[mean(x), std(x), min(x, default=NAN), max(x, default=NAN)] for x in found]


def total(graph, sets):
    return [[sum(_known(graph, name))] for (name,) in sets]


def log_total(graph, sets):
    return [[math.log10(1 + sum(_known(graph, name)))] for (name,) in sets]


def op_cost(graph, sets):
    costs = ("parameters", "macs", "elementary", "activations", "bytes")
    found = {v: [attribute(graph, v, f"n_{cost}") for cost in costs] for v in graph}
    unknown = [not is_known(graph, f"n_{cost}") for cost in costs]
    rows = [[found[v] for v in members(graph, names)] for names in sets]
    return [np.where(unknown, NAN, np.nansum(row, axis=0) if row else 0) for row in rows]


def parameter_sharing(graph, sets):
    ids = _known(graph, "shared_id")
    return [[1 - len(set(ids)) / len(ids) if ids else NAN]]


def arithmetic_intensity(graph, sets):
    work, traffic = [], []
    for v in graph:
        if attribute(graph, v, "n_bytes") > 0:
            elementary = attribute(graph, v, "n_elementary")
            work.append(2 * attribute(graph, v, "n_macs") + (0 if math.isnan(elementary) else elementary))
            traffic.append(attribute(graph, v, "n_bytes"))
    if not traffic:
        return [[NAN] * 3]
    ratios = [a / b for a, b in zip(work, traffic, strict=True)]
    low = sum(b for b, ratio in zip(traffic, ratios, strict=True) if ratio < 10)
    return [[sum(work) / sum(traffic), mean(ratios), low / sum(traffic)]]


def peak_memory(graph, sets):
    order = sorted(graph)  # the order of execution
    size = {v: np.nan_to_num(attribute(graph, v, "n_output_bytes")) for v in order}
    stays = {v for v in order if graph.nodes[v]["is_input"] or graph.nodes[v]["is_output"]}
    live = {v for v in order if graph.nodes[v]["is_input"]}
    left = {v: len(set(after(graph, v))) for v in order}
    held = sum(size[v] for v in live)
    peak, at = held, 0
    for position, v in enumerate(order):
        if v not in live:
            live.add(v)
            held += size[v]
        if held > peak:
            peak, at = held, position
        for u in {v, *before(graph, v)}:
            left[u] -= u != v
            if left[u] == 0 and u not in stays:
                live.remove(u)
                held -= size[u]
    everything = sum(size.values())
    if everything == 0:
        return [[NAN] * 4]
    return [[peak, math.log10(1 + peak), peak / everything, at / len(order)]]


def receptive_field(graph, sets):
    (first, height), (_, width) = (receptive_side(graph, f"kernel_{axis}") for axis in ("height", "width"))
    size = max(height, width) if is_known(graph, "kernel") else NAN
    sides = [attribute(graph, v, "resolution") for v, data in graph.nodes(data=True) if data["is_input"]]
    side = max((x for x in sides if x > 0), default=NAN)
    return [[size, math.log10(size), size / side, min(first, default=NAN)]]


def receptive_side(graph, kernel_name):
    """Relative levels of what sees everything, and the largest field along one axis."""
    pools = {"global_avg_pool", "global_max_pool", "adaptive_avg_pool", "adaptive_max_pool"}
    everything = members(graph, {"attention", "recurrent", "reduction", "matmul", "spectral"} | pools)
    transposed = members(graph, {"transposed_convolution"})
    resized = members(graph, {"resize"})
    attention_ = members(graph, {"attention"})
    level, depth = levels(graph)
    field, distance, first = {}, {}, []
    for v in nx.topological_sort(graph):
        kernel, stride, dilation = (
            1 if math.isnan(attribute(graph, v, name)) else attribute(graph, v, name)
            for name in ("kernel", "stride", "dilation")
        )
        if not math.isnan(attribute(graph, v, kernel_name)):
            kernel = attribute(graph, v, kernel_name)
        windowed = v in attention_ and attribute(graph, v, "windows") > 1
        if windowed:
            keys = attribute(graph, v, "key_sequence")
            kernel = 1 if math.isnan(keys) else math.sqrt(keys)
        read = before(graph, v)
        field[v] = max((field[u] for u in read), default=1)
        distance[v] = max((distance[u] for u in read), default=1)
        if v in everything and not windowed:
            first.append(level[v] / depth)
            field[v] = 0
        if field[v] == 0:
            distance[v] = 0
            continue
        if v in transposed:
            kernel = math.ceil(kernel / stride)
            stride = 1 / stride
        if v in resized:
            own = attribute(graph, v, "resolution")
            seen = max((x for u in read if (x := attribute(graph, u, "resolution")) > 0), default=NAN)
            stride = seen / own if own > 0 and seen > 0 else 1
        elif (packing := attribute(graph, v, "packing")) > 0:
            field[v] += max(packing - 1, 0) * distance[v]
            distance[v] *= packing
        field[v] += (kernel - 1) * dilation * distance[v]
        distance[v] *= stride
    return first, max(1, *field.values())


def laplacian(graph, sets):
    plain = nx.Graph(graph.to_undirected())
    zeros = nx.number_connected_components(plain)
    values = np.linalg.eigvalsh(nx.normalized_laplacian_matrix(plain).toarray())
    return [[*values[zeros : zeros + 5], *[NAN] * 5][:5]]


TWINS = {
    twin.__name__: twin
    for twin in (
        op_count, live, node_degree, path_ops, op_depth, branching, n_adjacent, log_paths, effective_depth,
        shortcut, gradient_path, attention, mlp, depth_count, depth_mean, depth_share, profile,
        parameter_sharing, total, log_total, op_cost, arithmetic_intensity, peak_memory, receptive_field, laplacian,
    )
}  # fmt: skip
