"""ask, tell and run: history, seeds, failures, checkpoints."""

import math
import sys
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from searching import SMALL, convolutions
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import RandomForestRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import graf
from graf.exceptions import ArchitectureError, InputError, MissingDependencyError, UnknownNameError
from graf.searchers import STRATEGIES as EVERY_STRATEGY
from graf.searchers import Search
from graf.searchers.strategies import NSGA2, Guided, Proposal, RandomSearch, Strategy

STRATEGIES = {name: Guided(pool=60) if name == "guided" else name for name in EVERY_STRATEGY}


@pytest.mark.parametrize("strategy", STRATEGIES.values(), ids=STRATEGIES)
def test_history_follows_the_seed(strategy):
    first, again, other = (
        graf.search("nasbench201", convolutions, predictor=SMALL, budget=30, seed=seed, strategy=strategy)
        for seed in (3, 3, 4)
    )
    pd.testing.assert_frame_equal(first.history, again.history)
    assert first.history["architecture"].tolist() != other.history["architecture"].tolist()
    assert first.history["architecture"].is_unique
    assert first.history["value"].tolist() == [convolutions(cell) for cell in first.history["architecture"]]
    assert first.history["number"].tolist() == list(range(30))


@pytest.mark.parametrize(
    "model",
    [RandomForestRegressor(5, n_jobs=2), make_pipeline(StandardScaler(), RandomForestRegressor(5))],
    ids=["threads", "pipeline"],
)
def test_history_follows_the_seed_with_a_model_that_has_none(model):
    first, again = (
        graf.search("nasbench201", convolutions, model, 24, seed=5, strategy=Guided(acquisition="mean"))
        for _ in range(2)
    )
    pd.testing.assert_frame_equal(first.history, again.history)


@pytest.mark.parametrize("strategy", STRATEGIES.values(), ids=STRATEGIES)
@pytest.mark.parametrize("stop", [3, 17])
def test_a_killed_search_goes_on_as_if_it_had_not_been(strategy, stop, tmp_path):
    def fragile(cell):
        calls.append(cell)
        if len(calls) > stop:
            raise KeyboardInterrupt
        if cell.count("skip") == 3:
            raise ValueError("too shallow")
        return convolutions(cell)

    calls = []
    arguments = {"space": "nasbench201", "predictor": SMALL, "seed": 1, "strategy": strategy, "batch": 4}
    path = tmp_path / "search.jsonl"
    with pytest.raises(KeyboardInterrupt):
        graf.search(objective=fragile, budget=30, checkpoint=path, **arguments)
    calls, stop = [], 1000
    resumed = graf.search(objective=fragile, budget=30, checkpoint=path, **arguments)
    calls = []
    whole = graf.search(objective=fragile, budget=30, **arguments)
    pd.testing.assert_frame_equal(resumed.history, whole.history)
    longer = graf.search(objective=fragile, budget=37, checkpoint=path, **arguments)
    pd.testing.assert_frame_equal(longer.history.head(30), whole.history)
    assert len(longer.history) == 37


@pytest.mark.parametrize(
    "change",
    [
        lambda lines: lines + lines[1:3],
        lambda lines: lines[:1] + lines[2:],
        lambda lines: [line.replace('"seconds"', '"hours"') for line in lines],
        lambda lines: [line.replace('"candidate"', '"cell"') for line in lines],
        lambda lines: [line.replace('"ok"', '"good"') for line in lines],
        lambda lines: lines[:1] + [line.replace('"value"', '"worth"') for line in lines[1:]],
        lambda lines: lines[:1] + [line.replace(".0}", '.0, "more": "x"}') for line in lines[1:]],
    ],
)
def test_lines_that_do_not_go_on_from_those_above_are_refused(tmp_path, change):
    path = tmp_path / "search.jsonl"
    arguments = {"objective": convolutions, "strategy": "random", "batch": 2, "checkpoint": path}
    graf.search("nasbench201", budget=4, **arguments)
    path.write_text("".join(change(path.read_text().splitlines(keepends=True))))
    with pytest.raises(InputError, match=r"line \d: does not go on from the lines above"):
        graf.search("nasbench201", budget=6, **arguments)


def test_two_searches_cannot_write_to_one_checkpoint(tmp_path):
    path = tmp_path / "search.jsonl"
    arguments = {"objective": convolutions, "strategy": "random", "checkpoint": path}
    first, second = Search("nasbench201", **arguments), Search("nasbench201", **arguments)
    history = first.run(3).history
    with pytest.raises(InputError, match=r"search\.jsonl was changed or deleted while this search ran"):
        second.run(3)
    pd.testing.assert_frame_equal(Search("nasbench201", **arguments).result.history, history)
    path.unlink()
    with pytest.raises(InputError, match=r"search\.jsonl was changed or deleted while this search ran"):
        first.run(5)


def test_a_line_cut_off_is_done_again(tmp_path):
    path = tmp_path / "search.jsonl"
    whole = graf.search(
        "nasbench201", convolutions, budget=20, batch=6, checkpoint=path, strategy="evolution"
    )
    text = path.read_bytes()
    for cut in range(len(text) // 2, len(text), 997):
        path.write_bytes(text[:cut])
        resumed = graf.search(
            "nasbench201", convolutions, budget=20, batch=6, checkpoint=path, strategy="evolution"
        )
        pd.testing.assert_frame_equal(resumed.history, whole.history)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"space": "transnas_micro"}, "space.*'nasbench201' there, 'transnas_micro' now"),
        ({"seed": 5}, "seed: 0 there, 5 now"),
        ({"strategy": "local"}, "strategy: 'RandomSearch"),
        ({"direction": "min"}, "objectives.value: 'max' there, 'min' now"),
    ],
)
def test_checkpoint_of_another_search(tmp_path, change, message):
    arguments = {"space": "nasbench201", "strategy": "random"}
    path = tmp_path / "search.jsonl"
    graf.search(objective=convolutions, budget=3, checkpoint=path, **arguments)
    with pytest.raises(InputError, match=message):
        graf.search(objective=lambda cell: 0, budget=3, checkpoint=path, **arguments | change)


def test_a_checkpoint_knows_a_function_by_its_name(tmp_path):
    def guide():  # anew, as in another process
        def logarithm(y):
            return np.log1p(y)

        return TransformedTargetRegressor(SMALL, func=logarithm, inverse_func=np.expm1)

    arguments = {"strategy": NSGA2(population=4, on="predicted"), "checkpoint": tmp_path / "search.jsonl"}
    guides = [guide(), guide()]
    first, again = (graf.search("nasbench201", convolutions, one, budget=6, **arguments) for one in guides)
    pd.testing.assert_frame_equal(again.history, first.history)


def test_checkpoint_of_another_list(tmp_path, data):
    path = tmp_path / "search.jsonl"
    graf.search(data, "test_acc", budget=3, checkpoint=path, strategy="evolution")
    with pytest.raises(InputError, match=r"space.members: 1682 there, 1600 now"):
        graf.search(data.select(np.arange(1682) < 1600), "test_acc", budget=3, checkpoint=path)


@pytest.mark.parametrize("strategy", STRATEGIES.values(), ids=STRATEGIES)
def test_failures_are_recorded_and_the_search_goes_on(strategy):
    def objective(cell):
        if cell.count("conv_3x3") % 2 == 1:
            raise RuntimeError("out of\nmemory")
        return math.nan if cell.count("conv_1x1") % 2 == 1 else convolutions(cell)

    found = graf.search("nasbench201", objective, SMALL, budget=60, strategy=strategy, seed=2)
    raised = found.history["architecture"].str.count("conv_3x3") % 2 == 1
    undefined = (found.history["architecture"].str.count("conv_1x1") % 2 == 1) & ~raised
    assert min(raised.sum(), undefined.sum()) > 3
    assert set(found.history["reason"][raised]) == {"RuntimeError: out of memory"}
    assert set(found.history["reason"][undefined]) == {"'value' is nan"}
    assert set(found.history["reason"][~raised & ~undefined]) == {""}
    assert found.history.loc[found.history["status"] == "failed", "value"].isna().all()
    assert found.history.loc[found.history["status"] == "ok", "value"].notna().all()
    assert found.best["status"] == "ok"
    assert len(found.history) == 60


@pytest.mark.parametrize("strategy", STRATEGIES.values(), ids=STRATEGIES)
def test_nothing_but_failures(strategy):
    found = graf.search("nasbench201", lambda cell: 1 / 0, SMALL, budget=25, strategy=strategy)
    assert (found.history["status"] == "failed").all()
    assert len(found.history) == 25
    with pytest.raises(InputError, match=r"none of the 25 .* ZeroDivisionError: division by zero"):
        _ = found.best


@pytest.mark.parametrize("strategy", STRATEGIES.values(), ids=STRATEGIES)
def test_a_domain_that_ends(strategy):
    cells = graf.get_space("nasbench201").sample(30, seed=4)
    found = graf.search(cells, convolutions, SMALL, budget=100, strategy=strategy)
    assert sorted(found.history["architecture"]) == sorted(set(cells))


def test_table(data):
    found = graf.search(data, "test_acc", budget=40, strategy="evolution")
    assert (
        found.history["value"].to_numpy() == data.targets["test_acc"][found.history["architecture"]]
    ).all()
    table = graf.search("nasbench201", data.targets["test_acc"], budget=40, strategy="evolution")
    pd.testing.assert_frame_equal(found.history, table.history)
    several = graf.search(data, ["test_acc", "latency_b1_ms"], budget=40, strategy="evolution")
    assert several.directions == {"test_acc": "max", "latency_b1_ms": "min"}
    front = several.front
    assert (np.diff(front["latency_b1_ms"]) < 0).all()
    assert (np.diff(front["test_acc"]) < 0).all()
    each = graf.search(data, ["test_acc", "latency_b1_ms"], budget=40, goal="each", strategy="evolution")
    assert each.best.loc["latency_b1_ms", "latency_b1_ms"] == each.history["latency_b1_ms"].min()


def test_several_values_of_an_architecture():
    data = graf.load_dataset("digits201_recipes")
    with pytest.raises(InputError, match="several values of"):
        graf.search(data, "test_acc", budget=3, strategy="random")
    first = data.select(data.info["recipe"] == data.info["recipe"].iloc[0])
    found = graf.search(first, "test_acc", budget=3, strategy="random").history
    assert found["value"].tolist() == first.targets["test_acc"][found["architecture"]].tolist()
    again = pd.Series([1.0, 2.0, 1.0], ["a", "b", "a"])  # says the same twice
    assert len(graf.search(["a", "b"], again, budget=3, strategy="random").history) == 2


def test_an_integer_beyond_the_floats_is_a_failure():
    found = graf.search(["a", "b"], lambda name: 10**400 if name == "a" else 1, budget=2, strategy="random")
    assert sorted(found.history["reason"]) == ["", "'value' is inf"]


def test_direction():
    found = graf.search("nasbench201", convolutions, budget=60, direction="min", strategy="local")
    assert found.best["value"] == found.history["value"].min() < 0.5


def test_a_fitted_predictor_is_an_objective(data):
    predictor = graf.PerformancePredictor().fit(data.architectures[:50], data.targets["test_acc"][:50])
    found = graf.search("nasbench201", predictor=predictor, budget=5, strategy="evolution")
    np.testing.assert_allclose(found.history["value"], predictor.predict(found.history["architecture"]))


def test_targets_of_a_fitted_predictor_go_by_name(data):
    cells = data.architectures[:60]
    y = pd.DataFrame({"many": [c.count("conv") for c in cells], "few": [-c.count("conv") for c in cells]})
    predictor = graf.PerformancePredictor(RandomForestRegressor(10, random_state=0)).fit(cells, y)
    options = {"predictor": predictor, "budget": 10, "strategy": "random"}
    found = graf.search("nasbench201", direction={"few": "max", "many": "max"}, **options)
    assert (found.history["many"] >= 0).all() and (found.history["few"] <= 0).all()
    assert found.history[["many", "few"]].equals(
        predictor.predict(found.history["architecture"]).reset_index(drop=True)[["many", "few"]]
    )
    with pytest.raises(InputError, match="lacks 'fewer'"):
        graf.search("nasbench201", direction={"fewer": "max", "many": "max"}, **options)


def test_a_strategy_of_the_users_own():
    annotated = {"tries": int, "label": str | None}
    Mine = dataclass(frozen=True)(
        type(
            "Mine", (RandomSearch,), {"name": "mine", "tries": 5, "label": None, "__annotations__": annotated}
        )
    )
    assert Mine(label="a").tries == 5
    with pytest.raises(InputError, match="`tries` of mine must be a positive integer, got 0"):
        Mine(tries=0)


def test_an_order_of_a_list_is_part_of_the_search(tmp_path, data):
    cells = data.architectures[:30]
    path = tmp_path / "c.jsonl"
    graf.search(cells, len, budget=3, strategy="random", checkpoint=path)
    with pytest.raises(InputError, match="other settings"):
        graf.search(cells[::-1], len, budget=3, strategy="random", checkpoint=path)


def test_other_proxies_are_another_search(tmp_path, data):
    table = pd.DataFrame({"x": np.arange(30.0)}, index=data.architectures[:30])
    path = tmp_path / "c.jsonl"
    options = {"budget": 3, "strategy": "random", "checkpoint": path}
    graf.search(list(table.index), len, proxies=table, **options)
    with pytest.raises(InputError, match=r"other settings.*proxies"):
        graf.search(list(table.index), len, proxies=table + 1, **options)


def test_architectures_may_come_as_what_unique_gives(data):
    cells = pd.Series(data.architectures[:3], dtype="str").unique()
    found = graf.search(cells, convolutions, budget=3, strategy="random")
    assert set(found.history["architecture"]) == set(cells)
    search = Search(cells, strategy="random")
    search.tell(cells, [1, 2, 3])
    assert search.result.best["value"] == 3


def test_ask_and_tell_in_any_order():
    search = Search("nasbench201", strategy="random", seed=1)
    cells = search.ask(3) + search.ask(2)
    search.tell(cells[4], 4.0)
    search.tell([cells[0], cells[2]], [0.0, ValueError("broken")])
    own = "|nor_conv_3x3~0|+|none~0|nor_conv_3x3~1|+|skip_connect~0|none~1|nor_conv_3x3~2|"
    search.tell(own, 9)
    history = search.result.history
    assert history["number"].tolist() == [0, 2, 4, 5]
    assert history["reason"].tolist() == ["", "ValueError: broken", "", ""]
    assert search.pending == [cells[1], cells[3]]
    assert search.result.best["architecture"] == own
    with pytest.raises(InputError, match="told already"):
        search.tell(cells[0], 1.0)
    with pytest.raises(InputError, match="2 architectures and 1 values"):
        search.tell([cells[1], cells[3]], [1.0])
    with pytest.raises(ArchitectureError):
        search.tell("abc", 1.0)


def test_values_are_matched_by_their_index():
    search = Search("nasbench201", strategy="random")
    cells = search.ask(3)
    values = pd.Series([1.0, 2.0, 3.0], index=cells)
    with pytest.raises(InputError, match="`values` must be indexed by the architectures"):
        search.tell(cells, values.set_axis(["a", "b", "c"]))
    search.tell(cells, values[::-1])
    assert search.result.history["value"].tolist() == [1, 2, 3]
    more = search.ask(2)
    search.tell(more, pd.Series([5.0, 4.0]))  # numbered rows are in the order of the architectures
    assert search.result.history["value"].tolist() == [1, 2, 3, 5, 4]
    several = Search("nasbench201", strategy="random", direction={"a": "max", "b": "min"})
    index = pd.CategoricalIndex(cells)  # of texts, too
    several.tell(cells, pd.DataFrame({"b": [1, 2, 3], "a": [4, 5, 6]}, index)[::-1])
    assert several.result.history[["a", "b"]].to_numpy().tolist() == [[4, 1], [5, 2], [6, 3]]


def test_masked_values_are_failures():
    search = Search("nasbench201", strategy="random")
    search.tell(search.ask(2), np.ma.masked_array([1.0, 2.0], [False, True]))
    assert search.result.history["status"].tolist() == ["ok", "failed"]


def test_callbacks():
    seen = []
    found = graf.search(
        "nasbench201",
        convolutions,
        budget=50,
        callbacks=[lambda search: seen.append(search.result.best["value"]), lambda search: len(seen) == 7],
    )
    assert len(found.history) == len(seen) == 7
    assert seen == found.history["value"].cummax().tolist()


def test_a_callback_may_compare_a_value():
    found = graf.search(
        "nasbench201", convolutions, budget=50, callbacks=[lambda search: search.result.best["value"] >= 1]
    )
    assert (found.history["value"] >= 1).tolist() == [False] * (len(found.history) - 1) + [True]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"space": "nasbench2001"}, "did you mean 'nasbench201'"),
        ({"space": 3}, "`space` must be a search space"),
        ({"space": []}, "empty list"),
        ({"space": ["a", None]}, "item 1 must be an architecture .* got None"),
        (
            {"space": [graf.ComputationGraph.from_edges(["relu"], [])]},
            "`space` must hold architectures, got graphs",
        ),
        ({"strategy": "evolutoin"}, "did you mean 'evolution'"),
        ({"budget": 0}, "`budget` must be an integer of 1 or more, got 0"),
        ({"budget": 2.5}, "`budget` must be"),
        ({"seed": -1}, "`seed` must be"),
        ({"batch": 0}, "`batch` must be"),
        ({"direction": "up"}, "'max' or 'min', got 'up'"),
        ({"direction": {}}, "at least one objective"),
        ({"direction": ["max"]}, r"`direction` must be .* got \['max'\]"),
        ({"callbacks": None}, "`callbacks` must hold functions"),
        ({"constraints": None}, "must hold Constraint objects, got None"),
        ({"direction": {"status": "max"}}, "cannot be called 'status'"),
        ({"direction": {"a": "max", "std_a": "max"}}, "cannot be called 'std_a'"),
        ({"recipe": {"predicted_value": [1, 2]}}, "cannot be called 'predicted_value'"),
        ({"goal": "all"}, "unknown goal"),
        ({"objective": None}, "`objective` is missing"),
        ({"objective": "accuracy"}, "`objective` must be a function"),
        ({"objective": pd.Series([1.0, 2.0], ["c", "d"]), "space": ["a", "b"]}, "no value of any"),
        ({"objective": pd.Series([np.nan, np.nan], ["c", "d"])}, "no value of any"),
        ({"objective": lambda cell: "good"}, "must give a number for 'value', got 'good'"),
        ({"objective": lambda cell: (1, 2)}, "must give 1 values"),
        ({"objective": lambda cell: {"a": 1}, "direction": {"b": "max"}}, "lacks 'b'"),
        ({"checkpoint": 3}, "`checkpoint` must be the name of a file, got '3'"),
        ({"checkpoint": "x" * 300}, "`checkpoint` must be the name of a file.*too long"),
        ({"predictor": "forest"}, "unknown model"),
        ({"predictor": 3}, "`predictor` must be"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(InputError, match=message):
        graf.search(
            **{"space": "nasbench201", "objective": convolutions, "budget": 3, "strategy": "random"}
            | arguments
        )


def test_unknown_target(data):
    with pytest.raises(UnknownNameError, match="test_acc"):
        graf.search(data, "test_ac")
    with pytest.raises(InputError, match="at least one objective, got none"):
        graf.search(data, [])


def test_nsga2_without_pymoo_ends_before_anything_is_measured(monkeypatch):
    monkeypatch.setitem(sys.modules, "pymoo", None)
    measured = []
    with pytest.raises(MissingDependencyError, match=r"pymoo.*graf\[search\]"):
        graf.search("nasbench201", measured.append, strategy="nsga2", budget=1)
    assert not measured


class Walk(Strategy):
    name = "walk"
    first = 1

    def proposed(self, n, state):
        last = state.history.trials[-1]
        steps = {state.domain.mutate(last.candidate, state.rng) for _ in range(n)}
        return [Proposal(step, parent=last.number) for step in sorted(steps) if state.is_new(step)]


class Plain(Strategy):
    name = "plain"

    def proposed(self, n, state):
        return state.domain.sample(n, state.rng)


def test_a_strategy_of_ones_own():
    history = graf.search("nasbench201", convolutions, strategy=Walk(), budget=5).history
    assert history["parent"].tolist()[1:] == [0, 1, 2, 3]
    with pytest.raises(InputError, match=r"`proposed` of Plain must give a list of .*Proposal`, got '\|"):
        graf.search("nasbench201", convolutions, strategy=Plain(), budget=5)
