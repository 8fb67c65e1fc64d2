"""ZeroCostProxies as an estimator: tables, files of values, processes, memory."""

import contextlib
import json
import os
import pickle
import signal

import joblib
import numpy as np
import pandas as pd
import pytest
import torch
from distributed import Client, LocalCluster
from sklearn.base import clone
from sklearn.ensemble import RandomForestRegressor
from sklearn.pipeline import make_pipeline
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

import graf
from graf import ZeroCostProxies, get_space
from graf.exceptions import GrafError, InputError
from graf.proxies import PROXIES, az_nas_rank, proxy
from graf.proxies.batch import Batch
from graf.proxies.evaluation import CHUNK
from graf.proxies.plan import Plan
from graf.proxies.undefined import is_out_of_memory

SPACE = get_space("nasbench201", channels=2, cells_per_stage=1, n_stages=1, input_shape=(1, 8, 8))
CELLS = [f"|nor_conv_3x3~0|+|{op}~0|skip_connect~1|+|none~0|{op}~1|nor_conv_1x1~2|" for op in
         ("none", "skip_connect", "nor_conv_1x1")]  # fmt: skip
NAMES = ["params", "snip", "nwot", "synflow"]


def proxies(names=NAMES, **kw):
    return ZeroCostProxies(names, "cpu", space=SPACE, batch_size=4, **kw)


def test_a_table_of_architectures():
    transformer = proxies()
    table = transformer.fit_transform(CELLS)
    assert list(table.index) == CELLS
    assert list(table) == NAMES == list(transformer.get_feature_names_out())
    assert np.isfinite(table).all(axis=None)
    assert table["params"].mul(1e6).round().tolist() == [SPACE.graph(c).n_parameters for c in CELLS]
    assert {"data", "batch_size", "dtype", "seed", "device", "space"} <= set(table.attrs)
    assert table.attrs == transformer.metadata_
    assert transformer.failures_ == []
    pd.testing.assert_frame_equal(proxies().fit_transform(table[["params"]]), table)
    pd.testing.assert_frame_equal(proxies().fit_transform(CELLS[::-1])[::-1], table)


def test_values_are_fetched_once_for_several_networks(monkeypatch):
    counts = []
    for name in ("item", "tolist", "numpy", "cpu", "__bool__", "__float__", "__int__"):
        method = getattr(torch.Tensor, name)
        monkeypatch.setattr(
            torch.Tensor, name, lambda x, *args, method=method: (counts.append(1), method(x, *args))[1]
        )
    transformer = proxies(graf.proxies.transformer.PUBLISHED).fit(CELLS)
    counts.clear()
    transformer.transform(CELLS)
    assert len(counts) == len(graf.proxies.transformer.PUBLISHED) + 1  # and whether weights are finite


def test_the_seed_draws_weights_and_data():
    tables = [proxies(seed=seed).fit_transform(CELLS) for seed in (0, 0, 1)]
    pd.testing.assert_frame_equal(*tables[:2])
    assert (tables[0]["snip"] != tables[2]["snip"]).all()


class Augmented(torch.utils.data.Dataset):
    """Twelve images with a random shift, and classes; counts what is fetched."""

    def __init__(self, fetched):
        self.x, self.fetched = torch.linspace(-1, 1, 12 * 64).reshape(12, 1, 8, 8), fetched

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        self.fetched.append(i)
        return self.x[i] + torch.rand(1), i % 3


def test_data_as_a_dataset_of_torch():
    x, y = torch.randn(12, 1, 8, 8), torch.arange(12) % 3
    pair = proxies(data=(x, y)).fit_transform(CELLS)
    whole = proxies(data=torch.utils.data.TensorDataset(x, y)).fit_transform(CELLS)
    pd.testing.assert_frame_equal(pair, whole)

    state, fetched = torch.get_rng_state(), []
    tables = [proxies(data=Augmented(fetched), seed=seed).fit_transform(CELLS) for seed in (2, 2, 3)]
    pd.testing.assert_frame_equal(*tables[:2])
    assert (tables[0]["snip"] != tables[2]["snip"]).all()
    assert len(fetched) == 3 * 8  # two batches of four
    assert torch.equal(torch.get_rng_state(), state)
    again = proxies(data=Augmented([]), seed=2)
    with torch.device("meta"):
        pd.testing.assert_frame_equal(again.fit_transform(CELLS), tables[0])


def test_other_proxies_do_not_change_a_value():
    together = proxies(
        sorted(PROXIES), dtype="float64", settings={"regularised_swap": {"mu": 1.0, "sigma": 9.0}}
    )
    with pytest.warns(UserWarning, match="attention"):
        table = together.fit_transform(CELLS[:1])
    for name in table.columns[table.notna().all()]:
        settings = {name: together.settings[name]} if name in together.settings else None
        alone = proxies([name], dtype="float64", settings=settings).fit_transform(CELLS[:1])
        np.testing.assert_allclose(alone[name], table[name], rtol=1e-12)


class Refusing(nn.Dropout):
    """Draws, and then wants inputs without a gradient."""

    def forward(self, x):
        found = super().forward(x)
        x.numpy()
        return found


@pytest.mark.parametrize("first", [nn.Identity, Refusing])
@pytest.mark.filterwarnings("ignore:.*values do not exist")
def test_other_proxies_do_not_change_what_a_module_draws(first):
    drawing = nn.Sequential(
        first(), nn.Conv2d(1, 4, 3), nn.Dropout(), nn.RReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Linear(4, 3),
    )  # fmt: skip
    data, names = (
        (torch.randn(8, 1, 8, 8), torch.arange(8) % 3),
        ["swap", "zen", "snip", "zico", "jacov", "meco"],
    )
    kw = {"device": "cpu", "data": data, "batch_size": 4, "dtype": "float64"}
    together = ZeroCostProxies(names, **kw).fit_transform([drawing])
    for name in names:
        alone = ZeroCostProxies([name], **kw).fit_transform([drawing])
        np.testing.assert_allclose(alone[name], together[name], rtol=1e-12)


class Counting(nn.Module):
    """Tokens first, whose output grows with what an attribute counts from call to call."""

    def __init__(self):
        super().__init__()
        self.layer, self.classifier, self.count = nn.Linear(4, 4), nn.Linear(4, 3), 0

    def forward(self, x):
        self.count += 1
        return self.classifier(self.count * self.layer(x.transpose(0, 1)).relu().mean(0))


def test_other_proxies_do_not_change_what_a_module_keeps_from_call_to_call():
    module, names = Counting(), ["swap", "zen", "nwot", "fisher", "zico"]
    data = torch.randn(8, 4, 4), torch.arange(8) % 3
    kw = {"device": "cpu", "data": data, "batch_size": 4, "dtype": "float64"}
    together = ZeroCostProxies(names, **kw).fit_transform([module])
    for name in names:
        alone = ZeroCostProxies([name], **kw).fit_transform([module])
        pd.testing.assert_frame_equal(alone, together[[name]], rtol=1e-12)


def test_a_forward_and_two_backwards_serve_eight_proxies():
    calls = []

    class Counting(nn.Linear):
        def forward(self, x):
            calls.append(x.requires_grad)
            return super().forward(x.flatten(1).relu())

    names = ["l2_norm", "snip", "plain", "grad_norm", "fisher", "nwot", "jacov", "epe_nas", "grasp"]
    data = torch.randn(4, 3, 2, 2), torch.arange(4) % 2
    ZeroCostProxies(names, "cpu", data=data, batch_size=4).fit_transform([Counting(12, 2)])
    assert len(calls) == 1


def test_a_proxy_of_ones_own():
    @proxy(direction="max")
    def mean_agreement(agreement, n_parameters, *, factor=1.0):
        return factor * agreement.mean() / n_parameters

    try:
        with pytest.raises(InputError, match="declared already"):
            proxy()(mean_agreement)
        one = proxies(["mean_agreement"]).fit_transform(CELLS)
        two = proxies(["mean_agreement"], settings={"mean_agreement": {"factor": 2.0}}).fit_transform(CELLS)
        np.testing.assert_allclose(two, 2 * one)
        assert PROXIES["mean_agreement"].needs == {"weights", "batch"}
    finally:
        del PROXIES["mean_agreement"]
    with pytest.raises(InputError, match="unknown quantity"):
        proxy()(lambda gradient: gradient)
    with pytest.raises(InputError, match="must have a positional parameter"):
        proxy()(lambda *, size=1: size)


def test_a_proxy_that_gives_several_numbers():
    @proxy()
    def by_channel(gradients):
        return gradients[0].abs().mean((1, 2, 3))

    try:
        with pytest.warns(UserWarning, match="by_channel: the proxy gives 2 numbers .*; expected one"):
            table = proxies(["by_channel", "params"]).fit_transform(CELLS)
    finally:
        del PROXIES["by_channel"]
    assert table["by_channel"].isna().all() and table["params"].notna().all()


def test_values_are_kept_as_they_come(tmp_path, monkeypatch):
    path = tmp_path / "values.jsonl"
    table = proxies(cache=path).fit_transform(CELLS)
    assert len(path.read_text().splitlines()) == 1 + len(CELLS)
    lines = path.read_text().splitlines()
    path.write_text("\n".join(lines[:2]) + "\n" + lines[2][:20])  # killed while writing
    built = []
    model = type(SPACE).model
    monkeypatch.setattr(type(SPACE), "model", lambda self, a, seed=0: built.append(a) or model(self, a, seed))
    pd.testing.assert_frame_equal(proxies(cache=path).fit_transform(CELLS), table)
    assert built == CELLS[1:]
    with pytest.raises(InputError, match=r"other settings.*batch_size"):
        ZeroCostProxies(NAMES, "cpu", space=SPACE, batch_size=5, cache=path).fit_transform(CELLS)
    assert json.loads(lines[0])["data"] == "digits of scikit-learn, resized to (1, 8, 8)"
    monkeypatch.setattr(graf, "__version__", "0.0.1")
    with pytest.raises(InputError, match=r"other settings.*graf: .* there, '0.0.1' now"):
        proxies(cache=path).fit_transform(CELLS)


def test_architectures_of_the_same_hash_share_a_value(tmp_path):
    path = tmp_path / "values.jsonl"
    twice = [CELLS[0], str(SPACE.parse(CELLS[0])), CELLS[0]]
    table = proxies(cache=path).fit_transform(twice)
    assert table.index.tolist() == twice
    assert (table == table.iloc[0]).all(axis=None)
    assert len(path.read_text().splitlines()) == 2


def test_inputs_and_cells_that_change_places_have_values_of_their_own(tmp_path):
    space = get_space("darts", channels=2, n_cells=3, input_shape=(1, 8, 8))
    cell = (0, 5, 1, 3, 0, 2, 2, 2, 0, 5, 3, 3, 0, 2, 4, 6)  # reads input 0 often and input 1 once
    other = (0, 3, 1, 5, 1, 2, 2, 2, 1, 5, 3, 3, 1, 2, 4, 6)  # the same with 0 and 1 exchanged
    pairs = list(map(space.format, [cell + cell, cell + other, other + cell, other + other]))
    apart = ZeroCostProxies(["synflow"], "cpu", space=space, batch_size=2)
    table = apart.fit_transform(pairs)
    assert table["synflow"].nunique() == 4
    kept = clone(apart).set_params(cache=tmp_path / "values.jsonl")
    pd.testing.assert_frame_equal(kept.fit_transform(pairs), table)


def test_processes_give_the_same_table():
    cells = SPACE.sample(CHUNK + 1, seed=0)
    names = ["params", "synflow"]
    with_one = ZeroCostProxies(names, "cpu", space=SPACE, batch_size=2)
    expected = with_one.fit_transform(cells)
    pd.testing.assert_frame_equal(clone(with_one).set_params(n_jobs=2).fit_transform(cells), expected)


def test_a_dask_cluster_gives_the_same_table():
    cells = SPACE.sample(CHUNK + 1, seed=0)
    proxies = ZeroCostProxies(["params", "synflow"], "cpu", space=SPACE, batch_size=2, n_jobs=2)
    expected = proxies.fit_transform(cells)
    cluster = LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None)
    with cluster, Client(cluster), joblib.parallel_config(backend="dask"):
        found = proxies.fit_transform(cells)
    pd.testing.assert_frame_equal(found, expected)


def test_modules_that_cannot_be_sent_to_processes():
    modules = [spectral_norm(nn.Linear(4, 3)) for _ in range(CHUNK + 1)]
    data = torch.randn(4, 4), torch.arange(4) % 3
    with pytest.raises(InputError, match="other processes; give `n_jobs=1`"):
        ZeroCostProxies(["params"], "cpu", data=data, n_jobs=2).fit_transform(modules)


class Dying(nn.Linear):
    """Ends its process, as the system does where memory is full."""

    def forward(self, x):
        os.kill(os.getpid(), signal.SIGKILL)


def test_a_process_that_dies():
    modules, data = [Dying(4, 3) for _ in range(CHUNK + 1)], (torch.randn(4, 4), torch.arange(4) % 3)
    with pytest.raises(GrafError, match="a process that computed proxies died"):
        ZeroCostProxies(["snip"], "cpu", data=data, n_jobs=2).fit_transform(modules)


class Hungry(nn.Linear):
    """Runs out of memory as long as others are at work, or always."""

    def __init__(self, always):
        super().__init__(4, 2)
        self.always = always

    def forward(self, x):
        if self.always or torch.get_num_threads() < 0:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
        assert len(x) in (1, 4)
        return super().forward(x)


def test_without_memory_a_network_is_tried_alone_and_then_given_up():
    data = torch.randn(4, 4), torch.arange(4) % 2
    transformer = ZeroCostProxies(["snip"], "cpu", data=data, batch_size=4)
    with pytest.warns(UserWarning, match="out of memory, even for this network alone"):
        table = transformer.fit_transform([Hungry(False), Hungry(True), Hungry(False)])
    assert table["snip"].isna().tolist() == [False, True, False]


@pytest.mark.parametrize(
    "text",
    [
        "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
        "cuDNN error: CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED",
        "[enforce fail at alloc_cpu.cpp:128] DefaultCPUAllocator: can't allocate memory",
    ],
)
def test_a_library_that_has_no_memory_is_known_by_its_words(text):
    assert is_out_of_memory(RuntimeError(text)) and not is_out_of_memory(ValueError(text))


def test_a_network_without_memory_is_tried_again_when_the_call_is_repeated(tmp_path, monkeypatch):
    expected, model = proxies().fit_transform(CELLS), type(SPACE).model

    def short(self, architecture, seed=0):
        if architecture == CELLS[1]:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return model(self, architecture, seed)

    kept = proxies(cache=tmp_path / "values.jsonl")
    with monkeypatch.context() as patched, pytest.warns(UserWarning, match="out of memory"):
        patched.setattr(type(SPACE), "model", short)
        table = kept.fit_transform(CELLS)
    assert table["params"].isna().tolist() == [False, True, False]
    pd.testing.assert_frame_equal(kept.fit_transform(CELLS), expected)


@pytest.mark.parametrize("where", ["batch", "algebra"])
def test_no_memory_for_the_batch_or_for_the_algebra_of_many(where, monkeypatch):
    def short(*args):
        if where == "batch" or len(args[1]) > 1:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return whole(*args)

    owner, name = (Batch, "to") if where == "batch" else (Plan, "scores")
    whole = getattr(owner, name)
    data = torch.randn(4, 4), torch.arange(4) % 2
    transformer = ZeroCostProxies(["snip"], "cpu", data=data, batch_size=4).fit([nn.Linear(4, 2)])
    monkeypatch.setattr(owner, name, short)
    with contextlib.nullcontext() if where == "algebra" else pytest.warns(UserWarning, match="out of memory"):
        table = transformer.transform([nn.Linear(4, 2) for _ in range(3)])
    assert table["snip"].isna().tolist() == [where == "batch"] * 3


def test_fewer_networks_at_once_where_memory_is_short(monkeypatch):
    """With more than one process there is no memory; the batch is what it was."""
    from graf.proxies import evaluation

    jobs, batches = [], []

    def parallel(n_jobs, **_):
        jobs.append(n_jobs)
        return lambda work: [function(*args, **kw) for function, args, kw in work]

    class Short(nn.Linear):
        def forward(self, x):
            if jobs[-1] > 1:
                raise torch.OutOfMemoryError("CUDA out of memory")
            batches.append(len(x))
            return super().forward(x)

    monkeypatch.setattr(evaluation, "Parallel", parallel)
    data = torch.randn(4, 4), torch.arange(4) % 2
    modules = [Short(4, 2) for _ in range(3)]
    table = ZeroCostProxies(["snip"], "cpu", data=data, batch_size=4, n_jobs=4).fit_transform(modules)
    assert jobs == [4, 2, 1]
    assert batches == [4, 4, 4]
    assert table["snip"].notna().all()


def test_an_estimator_like_others():
    transformer = ZeroCostProxies(NAMES, space=SPACE, seed=3, data=None)
    copied = clone(transformer)
    assert copied.get_params() == transformer.get_params()
    fitted = proxies().fit(CELLS)
    pd.testing.assert_frame_equal(
        pickle.loads(pickle.dumps(fitted)).transform(CELLS), fitted.transform(CELLS)
    )
    forest = RandomForestRegressor(3, random_state=0)
    labels = [SPACE.graph(cell).n_macs for cell in CELLS]
    assert make_pipeline(proxies(), forest).fit(CELLS, labels).predict(CELLS).shape == (3,)
    assert isinstance(proxies().set_output(transform="pandas").fit_transform(CELLS), pd.DataFrame)


def test_az_nas_ranks_a_set():
    parts = ["az_expressivity", "az_progressivity", "az_trainability", "flops"]
    table = pd.DataFrame([[3, 1, 2, 1], [2, 2, np.nan, 2], [1, 3, 1, 3]], list("abc"), parts, dtype=float)
    ranks = np.array([[3, 1, 3, 1], [2, 2, 1, 2], [1, 3, 2, 3]])
    np.testing.assert_allclose(az_nas_rank(table), np.log(ranks / 3).sum(1))
    with pytest.raises(InputError, match="lacks flops"):
        az_nas_rank(table.drop(columns="flops"))


def test_bad_arguments_begin_no_file(tmp_path):
    proxies = ZeroCostProxies(["params"], "cpu", n_jobs=0, cache=tmp_path / "values")
    with pytest.raises(InputError, match="n_jobs"):
        proxies.fit_transform(["|nor_conv_3x3~0|+|none~0|none~1|+|none~0|skip_connect~1|none~2|"])
    assert not list(tmp_path.iterdir())


def test_settings_that_no_file_can_hold(tmp_path):
    @proxy()
    def own_of_a_function(n_parameters, *, function=abs):
        return function(n_parameters)

    try:
        kw = {"settings": {"own_of_a_function": {"function": len}}}
        with pytest.raises(InputError, match="leave `cache` out"):
            proxies(["own_of_a_function"], cache=tmp_path / "values", **kw).fit(CELLS)
        assert not (tmp_path / "values").exists()
    finally:
        del PROXIES["own_of_a_function"]


@pytest.mark.parametrize("value", ["abc", np.inf, True])
def test_settings_that_must_be_numbers(value):
    settings = {"regularised_swap": {"mu": value, "sigma": 1.0}}
    with pytest.raises(InputError, match="'regularised_swap': 'mu' must be a finite number, got"):
        ZeroCostProxies(["regularised_swap"], "cpu", settings=settings).fit(CELLS)


def test_modules_have_no_cache(tmp_path):
    with pytest.raises(InputError, match="got modules"):
        ZeroCostProxies(["params"], "cpu", cache=tmp_path / "values").fit([torch.nn.Linear(2, 2)])


def test_numbers_of_numpy_are_recorded_as_plain_ones(tmp_path):
    settings = {"regularised_swap": {"mu": np.float32(300), "sigma": np.int64(1000)}}
    shape, cache = np.array([1, 8, 8]), tmp_path / "values"
    tables = [
        proxies(
            ["regularised_swap"], settings=settings, seed=seed, input_shape=shape, cache=cache
        ).fit_transform(CELLS)
        for seed in (np.int64(0), 0)
    ]
    pd.testing.assert_frame_equal(*tables)
    tables[0].to_parquet(tmp_path / "table.parquet")


def test_graphs_cannot_be_run():
    graphs = [get_space("nasbench201").graph((0, 1, 2, 3, 4, 0))]
    for items in (graphs, pd.Series(graphs, ["a.onnx"])):
        with pytest.raises(InputError, match="got graphs, which cannot be run"):
            ZeroCostProxies(["params"], space="nasbench201").fit_transform(items)
