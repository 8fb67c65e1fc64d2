"""The predictor in the loop: it is better than chance, quick, and honest about what it needs."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from pymoo.indicators.hv import HV
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.ensemble import RandomForestRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import graf
from graf.exceptions import ArchitectureError, InputError, UnknownNameError, UnsupportedError
from graf.predictors.auto import AutoRegressor
from graf.searchers import Search
from graf.searchers.outlook import Outlook
from graf.searchers.strategies import NSGA2, Guided
from graf.searchers.strategies.acquisition import outcomes, volume_gained
from graf.searchers.strategies.base import State
from graf.searchers.strategies.guided import BROAD, FRONT, NARROW

FOREST = RandomForestRegressor(10, random_state=0)
LETTERS = list("abcdefghijklmnopqrstuvwxyz")


@pytest.mark.parametrize("acquisition", ["ucb", "thompson", "ei", "mean"])
def test_better_than_chance(data, acquisition):
    def mean_best(strategy):
        return np.mean(
            [
                graf.search(data, "latency_b1_ms", FOREST, 25, seed=s, strategy=strategy).best["value"]
                for s in range(6)
            ]
        )

    assert mean_best(Guided(acquisition=acquisition, pool=300)) < mean_best("random")


def test_predictions_are_in_the_history(data):
    found = graf.search(data, "latency_b1_ms", FOREST, 30, strategy="guided")
    drawn, chosen = found.history[:10], found.history[10:]
    assert drawn["predicted_value"].isna().all()
    assert chosen["predicted_value"].between(*data.targets["latency_b1_ms"].agg(["min", "max"])).all()
    assert (chosen["std_value"] >= 0).all()
    assert (found.seconds[["features", "fits", "predictions"]].sum() > 0).all()


@pytest.mark.parametrize("strategy", ["guided", "nsga2", NSGA2(on="predicted", generations=3)])
def test_fronts(data, strategy):
    names = ["test_acc", "latency_b1_ms"]

    def volume(strategy):
        """Mean over seeds."""
        volumes = []
        for seed in range(3):
            found = graf.search(data, names, FOREST, 40, strategy=strategy, seed=seed)
            gains = found.history[names].to_numpy() * [1, -1]
            points = np.random.default_rng(0).uniform([0.5, -2], [1, 0], (4000, 2))
            volumes.append((points[:, None] <= gains).all(axis=2).any(axis=1).mean())
        return np.mean(volumes)

    assert volume(strategy) > volume("random")


@pytest.mark.parametrize(("drawn", "least", "most"), [(0.0, 0, 0), (0.9, 20, 29), (None, 1, 12)])
def test_part_of_each_batch_is_drawn_where_a_front_is_wanted(data, drawn, least, most):
    strategy = Guided(drawn=drawn, pool=50)
    found = graf.search(data, ["test_acc", "latency_b1_ms"], FOREST, 40, strategy=strategy, batch=10, seed=1)
    assert least <= found.history["predicted_test_acc"].isna()[10:].sum() <= most
    alone = graf.search(data, "test_acc", FOREST, 40, strategy=Guided(pool=50), batch=10)
    assert alone.history["predicted_value"].notna()[10:].all()


def test_one_search_serves_several_devices(data):
    names = ["test_acc", "latency_b1_ms", "latency_b64_ms"]
    found = graf.search(data, names, FOREST, 40, strategy="guided", goal="each")
    assert list(found.best.index) == names
    for name in names:
        assert found.best.loc[name, name] == found.history[name].agg(found.directions[name])
    by_chance = graf.search(data, names, FOREST, 40, strategy="random", goal="each")
    assert (
        found.best.loc["latency_b64_ms", "latency_b64_ms"]
        < by_chance.best.loc["latency_b64_ms", "latency_b64_ms"]
    )


def test_architecture_and_recipe_together():
    def objective(cell, learning_rate, augment):
        if cell.count("skip") == 3:
            raise ValueError
        return cell.count("conv_3x3") - abs(np.log10(learning_rate) + 1) + (augment == "flip")

    recipe = {"learning_rate": [0.001, 0.01, 0.1, 1.0], "augment": ["none", "flip", "crop"]}
    for strategy in (Guided(pool=300), "evolution", "local"):
        found = graf.search("nasbench201", objective, FOREST, 60, seed=1, strategy=strategy, recipe=recipe)
        assert found.best["learning_rate"] == 0.1
        assert found.best["augment"] == "flip"
        assert set(found.history["augment"]) == set(recipe["augment"])
    search = Search("nasbench201", strategy="random", recipe=recipe)
    first, second = search.ask(2)
    search.tell([first, second], [1.0, None])
    assert search.result.history.loc[0, ["architecture", "learning_rate", "augment"]].to_dict() == first
    with pytest.raises(InputError, match="must be one of"):
        search.tell(first | {"augment": "mix"}, 1.0)
    with pytest.raises(ArchitectureError, match="not the JSON text of a pair"):
        search.tell("{architecture", 1.0)
    with pytest.raises(InputError, match="the options of 'augment' must differ"):
        Search("nasbench201", recipe={"augment": ["flip", "flip"]})
    with pytest.raises(InputError, match="expected a mapping of architecture, learning_rate, augment"):
        search.tell(first["architecture"], 1.0)


@pytest.mark.parametrize("recipe", [{"augment": "flip"}, {"epochs": 3}, {"rate": [0.1, np.nan]}, ["rate"]])
def test_a_recipe_maps_settings_to_lists_of_options(recipe):
    with pytest.raises(InputError, match="`recipe` must"):
        Search("nasbench201", recipe=recipe)


def test_options_of_a_recipe_may_be_numbers_of_numpy():
    search = Search("nasbench201", strategy="random", recipe={"epochs": np.arange(1, 4)})
    assert {type(asked["epochs"]) for asked in search.ask(5)} == {int}


def test_proxies_are_columns(data):
    cells = [str(i) for i in range(200)]  # of no search space
    table = pd.DataFrame({"x": np.arange(200) % 17, "y": np.arange(200) % 5}, index=cells)
    objective = (table["x"] * table["y"]).astype(float)
    found = graf.search(cells, objective, FOREST, 40, strategy="guided", proxies=table)
    assert found.best["value"] == objective.max()
    with pytest.raises(UnsupportedError, match="nothing to predict from"):
        graf.search(cells, objective, FOREST, 40, strategy="guided")
    with pytest.raises(InputError, match="`proxies` lack"):
        graf.search(cells, objective, FOREST, 40, strategy="guided", proxies=table[:100])


def test_proxies_may_be_written_in_another_notation():
    names = ["-".join(digits) for digits in product("0123", repeat=6)]
    table = pd.DataFrame({"conv3x3": [name.count("3") for name in names]}, index=names)
    options = {"budget": 12, "strategy": Guided(initial=4, pool=50)}
    found = [
        graf.search("transnas_micro", lambda cell: cell.count("3"), FOREST, proxies=given, **options).history
        for given in (table, table.set_axis(graf.get_space("transnas_micro").enumerate()))
    ]
    pd.testing.assert_frame_equal(*found)


def test_a_transformer_of_proxies_is_fitted_once_and_knows_the_space():
    class Lengths(TransformerMixin, BaseEstimator):
        def __init__(self, space=None):
            self.space = space

        def fit(self, X, y=None):
            fitted.append(self.space)
            return self

        def transform(self, X):
            return pd.DataFrame({"length": [float(len(x)) for x in X]}, index=list(X))

    fitted = []
    space = graf.get_space("nasbench201", channels=8)
    lengths = Lengths()
    found = graf.search(
        space, lambda cell: -len(cell), FOREST, 30, proxies=make_pipeline(lengths, StandardScaler())
    )
    assert len(found.history) == 30
    assert fitted == [space] and lengths.space is None


def test_several_rows_of_proxies_for_one_architecture(data):
    table = data.proxies.iloc[[0, 0, 1]] if data.proxies.shape[1] else data.targets.iloc[[0, 0, 1]]
    with pytest.raises(InputError, match="`proxies` have several rows"):
        graf.search(data, "test_acc", FOREST, 20, proxies=table)


def test_a_batch_is_diverse():
    search = Search("nasbench201", predictor=FOREST, strategy=Guided(pool=300), seed=2)
    cells = search.ask(60)
    search.tell(cells, [cell.count("conv_3x3") for cell in cells])
    rows = graf.get_space("nasbench201").choices(search.ask(8))
    distances = (rows[:, None] != rows).sum(axis=2)
    assert len(np.unique(rows, axis=0)) == 8
    assert np.median(distances[np.triu_indices(8, 1)]) >= 2


def test_a_batch_of_a_large_pool_is_new():
    search = Search("nasbench201", strategy=Guided(pool=10_000), seed=0)
    cells = list(dict.fromkeys(graf.get_space("nasbench201").sample(230, seed=1)))[:200]
    search.tell(cells, [cell.count("conv_3x3") for cell in cells])
    assert len(set(search.ask(10)) - set(cells)) == 10


def test_a_model_without_uncertainty():
    with pytest.raises(UnsupportedError, match="tells how sure it is"):
        Search("nasbench201", predictor="xgboost", strategy="guided")
    found = graf.search("nasbench201", len, "xgboost", 15, strategy=Guided(acquisition="mean"))
    assert found.history["std_value"].isna().all()
    assert found.history["predicted_value"].notna().sum() == 5


def test_bad_parameters():
    with pytest.raises(UnknownNameError, match="did you mean 'ucb'"):
        Guided(acquisition="ubc")
    with pytest.raises(InputError, match="`pool` of guided must be a positive integer, got 0"):
        Guided(pool=0)
    with pytest.raises(InputError, match="share between 0 and 1"):
        Guided(explored=2.0)
    with pytest.raises(InputError, match="`drawn` must be a share"):
        Guided(drawn=-0.1)
    with pytest.raises(UnknownNameError, match="did you mean 'measured'"):
        NSGA2(on="guessed")


@pytest.mark.parametrize("n_objectives", [2, 3])
def test_volume_gained_is_that_of_the_hypervolume(n_objectives):
    rng = np.random.default_rng(0)
    gains, outcomes = rng.random((12, n_objectives)), rng.random((1, 30, n_objectives)) * 1.2

    def volume(rows):
        return HV(ref_point=-gains.min(axis=0))(-rows)

    expected = [volume(np.vstack([gains, row])) - volume(gains) for row in outcomes[0]]
    found = volume_gained(gains, outcomes, rng)
    if n_objectives == 2:
        np.testing.assert_allclose(found, expected, atol=1e-12)
    else:
        assert np.corrcoef(found, expected)[0, 1] > 0.99


def _fitted(model, names, goal="front"):
    """The predictor of a search after twelve trials, candidates that are new, and the state of the search."""
    cells = graf.get_space("nasbench201").sample(40, seed=0)
    search = Search(
        cells, predictor=model, direction=dict.fromkeys(names, "min") | {"a": "max"}, goal=goal, seed=0
    )
    search.tell(
        cells[:12],
        [{name: len(cell) ** 2.0 * (1 + i) for i, name in enumerate(names)} for cell in cells[:12]],
    )
    state = State(search.problem.domain, search._history, np.random.default_rng(0), search._surrogate, goal)
    return state.fitted(), cells[12:], state


def test_searches_learn_ranks_unless_a_front_is_wanted_or_a_model_is_given():
    def by_rank(model, names, goal="front"):
        fitted, *_ = _fitted(model, names, goal)
        return {model.scores_.by_rank for model in fitted.model.estimators_.values()}

    assert by_rank("auto", ["a"]) == {True}
    assert by_rank("auto", ["a", "b"]) == {False}
    assert by_rank("auto", ["a", "b"], "each") == {True}
    assert by_rank(AutoRegressor(), ["a"]) == {False}


@pytest.mark.parametrize("model", ["auto", FOREST])
@pytest.mark.parametrize("names", [["a"], ["a", "b"]])
def test_an_outlook_speaks_of_gains(model, names):
    fitted, new, _ = _fitted(model, names)
    outlook = fitted.outlook(new)
    mean, std = fitted.gains(new)
    np.testing.assert_allclose(outlook.gains(outlook.mean), mean, rtol=1e-9)
    assert (outlook.gains(outlook.mean + outlook.std) >= mean - 1e-9).all()
    assert (outlook.width >= 0).all()
    in_scores = model == "auto" and len(names) > 1
    assert np.allclose(outlook.width, std) != in_scores
    assert (outlook.to_gains is not None) == in_scores
    np.testing.assert_array_equal(fitted.outlook(new, std=False).std, 0)


def test_noise_is_what_is_unknown_of_every_candidate():
    outlook = Outlook(np.zeros((3, 2)), np.array([[0.3, 2.0], [0.5, 2.0], [0.3, 2.5]]))
    np.testing.assert_allclose(outlook.without_noise().std, [[0, 0], [0.4, 0], [0, 1.5]], atol=1e-12)


def test_a_front_is_not_sought_in_noise():
    """The first candidate lies on the front but for noise; the other one, a little behind it, is less well known."""
    *_, state = _fitted("auto", ["a", "b"])
    gains = state.history.gains()
    best = gains[[gains[:, 0].argmax()]]
    mean, std = (
        np.vstack([best, best - 0.01 * np.ptp(gains, axis=0)]),
        np.outer([1, 1.01], np.ptp(gains, axis=0)),
    )
    names = [name for name in state.domain.members if state.is_new(name)][:2]
    assert np.argmax(Guided()._volumes(Outlook(mean, std), gains, state)) == 0
    assert Guided()._picked(1, names, Outlook(mean, std), state) == [1]


def test_chance_favours_no_candidate():
    mean, std = np.zeros((5, 2)), np.ones((5, 2))
    found = outcomes("ei", mean, std, 1.0, np.random.default_rng(0))
    assert (found == found[:, :1]).all()
    assert np.abs(found.mean(axis=(0, 1))).max() < 0.2
    assert np.abs(found[:, 0].std(axis=0) - 1).max() < 0.25


def test_breadth_follows_the_goal_unless_it_is_given():
    assert Guided()._breadth(several=False, front=True) == NARROW
    assert Guided()._breadth(several=True, front=True) == FRONT
    assert Guided(elite=3)._breadth(several=True, front=False) == BROAD._replace(elite=3)
    assert (FRONT.drawn, BROAD.drawn, NARROW.drawn) == (0.2, 0.0, 0.0)
    with pytest.raises(InputError, match=r"`elite` of guided must be a positive integer, got 3\.0"):
        Guided(elite=3.0)
    with pytest.raises(InputError, match="`elite` of guided must be a positive integer, got True"):
        Guided(elite=True)
    with pytest.raises(InputError, match="`explored` of guided must be a number, got 'half'"):
        Guided(explored="half")
    with pytest.raises(InputError, match="`beta` of guided must be a number, got nan"):
        Guided(beta=np.nan)
    assert repr(Guided(elite=np.int64(5))) == repr(Guided(elite=5))
    with pytest.raises(InputError, match="`initial` of guided must be a positive integer, got None"):
        Guided(initial=None)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"space": LETTERS}, "nothing to predict from"),
        ({"space": LETTERS, "strategy": NSGA2(on="predicted")}, "nothing to predict from"),
        (
            {"space": list("abcdefghijklmno"), "strategy": "explained"},
            "needs architectures of a search space",
        ),
        ({"strategy": "explained", "recipe": {"epochs": [1, 2]}}, "without a recipe"),
        ({"predictor": graf.PerformancePredictor(features="given")}, "nothing to predict from"),
        ({"predictor": graf.PerformancePredictor(columns=["op_count(conv)"])}, "unknown operation 'conv'"),
        ({"predictor": graf.PerformancePredictor(compat="graf")}, "unknown published variant 'graf'"),
        ({"proxies": "snip"}, "`proxies` must be a DataFrame"),
        ({"proxies": pd.DataFrame({"a": ["low"]})}, "`proxies` must hold numbers alone"),
    ],
)
def test_what_stops_a_search_is_said_before_anything_is_measured(arguments, said):
    measured = []
    with pytest.raises((InputError, UnsupportedError), match=said):
        graf.search(**{"space": "nasbench201", "objective": measured.append, "budget": 25} | arguments)
    assert measured == []
    assert len(graf.search(LETTERS[:10], ord, budget=25).history) == 10  # ends before anything is predicted
