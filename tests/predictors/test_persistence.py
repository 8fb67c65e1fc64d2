"""Saved predictors: the same to the bit after loading, and nothing but predictors is loaded."""

import json
import os
from zipfile import ZipFile

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor, VotingRegressor
from sklearn.exceptions import NotFittedError
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.tree import DecisionTreeRegressor
from skops import io
from xgboost import XGBRFRegressor

import graf
from graf import ComputationGraph, PerformancePredictor, get_space, load_predictor
from graf.exceptions import InputError, UnsupportedError
from graf.spaces import NASBench201

CELLS = get_space("nasbench201").sample(30, seed=0)
TARGETS = pd.DataFrame({"a": range(30), "b": [cell.count("conv") for cell in CELLS]}, CELLS)
PROXIES = pd.DataFrame({"params": [len(cell) for cell in CELLS], "jacov": [np.nan, 1.5] * 15}, CELLS)
GRAPHS = [ComputationGraph.from_edges(["conv3x3", "mine"] * n, [(0, 2 * n - 1)]) for n in range(1, 31)]
COLUMNS = ["op_count(conv3x3)", "n_paths(skip+conv3x3)"]


def small_forest():
    return RandomForestRegressor(3, random_state=0)


class Homemade(RegressorMixin, BaseEstimator):
    def fit(self, X, y):
        self.mean_ = np.mean(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.mean_)


class HomemadeSpace(NASBench201):
    pass


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "predictor.graf"
    PerformancePredictor(small_forest(), columns=COLUMNS).fit(CELLS, TARGETS["a"]).save(path)
    return path


def rewrite(path, **members):
    """The file with members replaced, or left out where None."""
    with ZipFile(path) as file:
        content = {name: file.read(name) for name in file.namelist()} | members
    with ZipFile(path, "w") as file:
        for name, data in content.items():
            if data is not None:
                file.writestr(name, data)


def facts_with(path, **changes):
    with ZipFile(path) as file:
        return json.dumps(json.loads(file.read("predictor.json")) | changes)


@pytest.mark.parametrize(
    ("parameters", "items", "y"),
    [
        ({}, CELLS, TARGETS["a"]),
        ({"model": "xgboost", "random_state": np.int64(3)}, PROXIES, TARGETS),
        ({"model": "xgboost", "columns": np.array(COLUMNS)}, CELLS, TARGETS["a"]),
        ({"model": small_forest(), "features": "given"}, PROXIES, TARGETS),
        ({"model": small_forest(), "compat": "graf_nas", "space": "nasbench201"}, PROXIES, TARGETS["b"]),
        ({"model": small_forest(), "space": NASBench201(channels=8), "simplified": True}, CELLS, TARGETS),
        ({"model": small_forest()}, GRAPHS, range(30)),
        ({"model": Ridge(), "columns": COLUMNS, "n_jobs": 2, "random_state": None}, CELLS, TARGETS["a"]),
    ],
)
def test_loaded_predictors_are_the_same_to_the_bit(tmp_path, parameters, items, y):
    predictor = PerformancePredictor(**parameters).fit(items, y)
    predictor.save(tmp_path / "new" / "it.graf")
    loaded = load_predictor(tmp_path / "new" / "it.graf")
    before, after = predictor.predict(items), loaded.predict(items)
    assert type(before) is type(after)
    np.testing.assert_array_equal(before, after)
    assert loaded.feature_names_.tolist() == predictor.feature_names_.tolist()
    assert loaded.target_names_ == predictor.target_names_
    pd.testing.assert_frame_equal(loaded.features_table(items), predictor.features_table(items))


@pytest.mark.parametrize(
    "model",
    [
        make_pipeline(SimpleImputer(), StandardScaler(), Ridge()),  # paths that do not exist are NaN
        make_pipeline(SimpleImputer(), StandardScaler(), MLPRegressor(hidden_layer_sizes=(3,), tol=1.0)),
        GridSearchCV(small_forest(), {"max_depth": [1, 2]}, cv=2),
        HistGradientBoostingRegressor(max_iter=3),
        VotingRegressor([("one", small_forest()), ("other", DecisionTreeRegressor())]),
        XGBRFRegressor(n_estimators=3),
    ],
)
def test_regressors_that_take_what_is_undefined_can_be_saved(tmp_path, model):
    predictor = PerformancePredictor(model, columns=COLUMNS).fit(CELLS, TARGETS["b"])
    predictor.save(tmp_path / "predictor.graf")
    loaded = load_predictor(tmp_path / "predictor.graf")
    np.testing.assert_array_equal(loaded.predict(CELLS), predictor.predict(CELLS))


def test_parameters_are_kept(tmp_path):
    space = NASBench201(channels=8, input_shape=(1, 8, 8))
    predictor = PerformancePredictor(small_forest(), space, columns=COLUMNS, random_state=4, n_jobs=2)
    predictor.fit(CELLS, TARGETS["a"]).save(tmp_path / "it")
    before, after = predictor.get_params(), load_predictor(tmp_path / "it").get_params()
    assert str(before.pop("model")) == str(after.pop("model"))
    assert before == after


def test_parameters_that_were_set_after_fitting_do_not_change_what_is_predicted(tmp_path):
    predictor = PerformancePredictor(small_forest()).fit(CELLS, TARGETS["b"])
    predictor.set_params(simplified=True).save(tmp_path / "it")
    loaded = load_predictor(tmp_path / "it")
    assert loaded.simplified == "both"
    np.testing.assert_array_equal(loaded.predict(CELLS), predictor.predict(CELLS))


def test_settings_may_come_from_arrays(tmp_path):
    predictor = PerformancePredictor(
        small_forest(),
        simplified=np.True_,
        share_targets=np.False_,
        warn_beyond=np.float32(1.5),
        n_jobs=np.int64(2),
    ).fit(CELLS, TARGETS["a"])
    predictor.save(tmp_path / "predictor.graf")
    parameters = load_predictor(tmp_path / "predictor.graf").get_params()
    names = ("simplified", "share_targets", "warn_beyond", "n_jobs")
    assert [parameters[name] for name in names] == [True, False, 1.5, 2]


def test_std_is_the_same_after_loading(saved):
    predictor = PerformancePredictor(small_forest(), columns=COLUMNS).fit(CELLS, TARGETS["a"])
    np.testing.assert_array_equal(predictor.predict(CELLS, True), load_predictor(saved).predict(CELLS, True))


def test_the_file_says_what_wrote_it(saved):
    with ZipFile(saved) as file:
        facts = json.loads(file.read("predictor.json"))
    assert facts["graf"] == graf.__version__
    assert facts["features"] == COLUMNS
    assert {"python", "scikit-learn", "skops"} <= set(facts["versions"])


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"model": Homemade()}, "Homemade could run code"),
        ({"random_state": np.random.RandomState(0)}, "integer `random_state`"),
        ({"space": HomemadeSpace()}, "'nasbench201' is not one of graf's"),
    ],
)
def test_what_could_not_be_loaded_is_not_saved(tmp_path, parameters, message):
    path = tmp_path / "it"
    path.write_text("as it was")
    predictor = PerformancePredictor(**{"model": small_forest(), "columns": COLUMNS} | parameters)
    predictor.fit(CELLS, TARGETS["a"])
    with pytest.raises(UnsupportedError, match=message):
        predictor.save(path)
    assert path.read_text() == "as it was"
    assert [file.name for file in tmp_path.iterdir()] == ["it"]


def test_only_fitted_predictors_are_saved(tmp_path):
    with pytest.raises(NotFittedError):
        PerformancePredictor().save(tmp_path / "it")


def test_a_folder_is_no_file_to_write(tmp_path):
    predictor = PerformancePredictor(small_forest(), columns=COLUMNS).fit(CELLS, TARGETS["a"])
    with pytest.raises(InputError, match="is a folder"):
        predictor.save(tmp_path)


def test_code_in_the_models_is_refused(saved, tmp_path):
    call = FunctionTransformer(os.mkdir).fit([[0]])
    rewrite(saved, **{"models.skops": io.dumps({"model": small_forest(), "estimators": {"a": call}})})
    with pytest.raises(InputError, match=r"mkdir.* could run code"):
        load_predictor(saved)


@pytest.mark.parametrize(
    "estimators",
    [
        {},
        {"b": small_forest().fit([[0, 1], [1, 2]], [0, 1])},
        {"a": small_forest().fit([[0], [1]], [0, 1])},
        {"a": np.zeros(3)},
        {"a": FunctionTransformer()},
    ],
)
def test_models_must_belong_to_the_rest(saved, estimators):
    rewrite(saved, **{"models.skops": io.dumps({"model": small_forest(), "estimators": estimators})})
    with pytest.raises(InputError, match="do not belong"):
        load_predictor(saved)


def test_a_newer_format_asks_for_an_upgrade(saved):
    rewrite(saved, **{"predictor.json": facts_with(saved, format=2, graf="9.1")})
    with pytest.raises(InputError, match=r"newer format by graf 9\.1; upgrade"):
        load_predictor(saved)


@pytest.mark.parametrize("feature", ["wonder(skip)", "op_count(conv9x9)", "more", "live.depth@normal"])
def test_features_of_another_version_are_noticed(saved, feature):
    rewrite(saved, **{"predictor.json": facts_with(saved, features=[feature, *COLUMNS[1:]])})
    with pytest.raises(InputError, match="not of this version"):
        load_predictor(saved)


@pytest.mark.parametrize("features", [[], [*COLUMNS, "live.width"]])
def test_as_many_features_as_the_models_have(saved, features):
    rewrite(saved, **{"predictor.json": facts_with(saved, features=features)})
    with pytest.raises(InputError, match="do not belong"):
        load_predictor(saved)


@pytest.mark.parametrize(
    "changes", [{"operations": None}, {"given": ["more"]}, {"levels": {"a": 3}}, {"levels": {"a": [[1]]}}]
)
def test_facts_must_belong_together(saved, changes):
    rewrite(saved, **{"predictor.json": facts_with(saved, **changes)})
    with pytest.raises(InputError, match="do not belong"):
        load_predictor(saved)


@pytest.mark.parametrize("member", ["predictor.json", "models.skops"])
@pytest.mark.parametrize("content", [None, b"", b"[]", b"{", b"null", b"\xff"])
def test_damaged_members_are_named(saved, member, content):
    rewrite(saved, **{member: content})
    with pytest.raises(InputError, match="is damaged or not a predictor"):
        load_predictor(saved)


@pytest.mark.parametrize(
    "changes",
    [
        {"parameters": {"space": None, "magic": 1}},
        {"space": {"name": "nasbench999", "settings": {}}},
        {"space": "nasbench201"},
        {"operations": 3},
        {"targets": None},
        {"format": "1"},
    ],
)
def test_strange_facts_are_refused(saved, changes):
    rewrite(saved, **{"predictor.json": facts_with(saved, **changes)})
    with pytest.raises(InputError, match="cannot load"):
        load_predictor(saved)


def test_files_that_are_not_there_or_not_readable(tmp_path):
    with pytest.raises(InputError, match=r"cannot load .*nothing.*: No such file"):
        load_predictor(tmp_path / "nothing")
    with pytest.raises(InputError, match=r"cannot load .*: Is a directory"):
        load_predictor(tmp_path)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_damage_is_one_clear_error_or_harmless(saved, data):
    content = saved.read_bytes()
    position = data.draw(st.integers(0, len(content) - 1))
    if data.draw(st.booleans()):
        damaged = content[:position]
    else:
        damaged = content[:position] + data.draw(st.binary(min_size=1, max_size=4)) + content[position + 1 :]
    path = saved.with_name("damaged")
    path.write_bytes(damaged)
    try:
        loaded = load_predictor(path)
    except InputError as error:
        assert "\n" not in str(error)
    else:
        np.testing.assert_array_equal(loaded.predict(CELLS), load_predictor(saved).predict(CELLS))
