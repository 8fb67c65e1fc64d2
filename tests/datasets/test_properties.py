"""Whatever a file holds, it is a dataset or one clear error."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import graf
from graf.exceptions import InputError

pytestmark = pytest.mark.filterwarnings("ignore:column .* is info and no target:UserWarning")
NAMES = st.sampled_from(["cell", "arch", "net", "val_accs", "zen", "zcp_a", "a_latency", "x", "", "accuracy"])
VALUES = st.sampled_from(
    [
        "",
        "1",
        "-1",
        "0.5",
        "nan",
        "inf",
        "-1e8",
        "1" * 30,
        "True",
        "2020-01-01",
        "(1, 1, 1, 1, 1, 1)",
        '"',
        "|none~0|",
    ]
)
ROWS = st.lists(st.lists(VALUES, min_size=1, max_size=4), max_size=5)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
TREES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["arch", "score", "zen", "val_accuracy", "cifar10", ""]), inner, max_size=3
        )
    ),
    max_leaves=12,
)
quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def load(path, **arguments):
    try:
        data = graf.load_dataset(path, **arguments)
    except InputError as error:
        assert str(error) and "\n" not in str(error)
    else:
        assert len(data) == len(data.architectures) > 0
        assert data.targets.dtypes.eq(float).all() and data.proxies.dtypes.eq(float).all()


@pytest.mark.parametrize("name", ["a.csv", "a.parquet", "a.json", "a.csv.gz"])
@quick
@given(
    content=st.binary(max_size=60), start=st.sampled_from([b"", b"PAR1", b"\x1f\x8b\x08", b"{", b"cell,a\n"])
)
def test_bytes(write, name, content, start):
    load(write(name, start + content))


@quick
@given(content=st.text(max_size=60))
def test_text(write, content):
    load(write("a.csv", content.encode("utf-8", "surrogatepass")))


@quick
@given(
    header=st.lists(NAMES, min_size=1, max_size=4),
    rows=ROWS,
    targets=st.none() | st.just("*"),
    key=st.none() | st.just("x"),
)
def test_tables(write, header, rows, targets, key):
    load(write("a.csv", "\n".join(map(",".join, [header, *rows]))), targets=targets, architecture=key)


@quick
@given(payload=TREES)
def test_json(write, payload):
    load(write("a.json", json.dumps(payload)))


@quick
@given(records=st.dictionaries(st.text(max_size=8), st.dictionaries(NAMES, SCALARS, max_size=4), max_size=4))
def test_naslib_shaped_json(write, records):
    load(write("a.json", {"cifar10": records}), targets=None)


@quick
@given(
    description=st.dictionaries(st.sampled_from(["architecture", "space", "targets", "proxies", "x"]), TREES)
)
def test_descriptions(write, description):
    load(write("a.csv", "cell,a\nx,1\n"), description=description)
