"""Block scores against effects that were planted."""

import numpy as np
import pandas as pd
import pytest

from graf import get_space
from graf.exceptions import InputError, UnknownNameError
from graf.explainers.blocks import (
    block_scores,
    expected_gain,
    friendly,
    predicted,
    reduce_space,
    relative_to_average,
)
from graf.explainers.blocks.reduction import hypervolume

SPACE = get_space("nasbench201")  # six edges with five operations
N, NOISE = 1500, 1.0
PLANTED = {(0, 3): 3.0, (5, 0): -2.0, (2, 1): 1.5}


def planted(seed, effects=PLANTED, noise=NOISE, space=SPACE, n=N):
    """Architectures, and a target with these effects by position and option."""
    names = space.sample(n, seed=seed)
    choices = space.choices(names)
    y = np.random.default_rng(seed).normal(scale=noise, size=n)
    for (position, option), effect in effects.items():
        y += effect * (choices[:, position] == option)
    return names, y


@pytest.fixture(scope="module")
def scores():
    names, y = planted(0)
    _, unrelated = planted(1, {})
    return block_scores(SPACE, names, pd.DataFrame({"y": y, "noise": unrelated}))


def single(scores, target):
    rows = scores[(scores["target"] == target) & scores["position"].notna()]
    return rows.set_index([rows["position"].astype(int), rows["option"].astype(int)])


def truth(names, effects):
    """Effects against the average option of the position, as these networks have them."""
    choices = SPACE.choices(names)
    return {key: effect * (1 - (choices[:, key[0]] == key[1]).mean()) for key, effect in effects.items()}


def test_planted_effects_lie_in_their_intervals(scores):
    rows = single(scores, "y")
    for key, effect in truth(planted(0)[0], PLANTED).items():
        assert rows.loc[key, "effect_low"] < effect < rows.loc[key, "effect_high"]
        assert rows.loc[key, "effect"] == pytest.approx(effect, abs=0.35)
        assert rows.loc[key, "p_adjusted"] < 1e-4


def test_only_planted_effects_are_found_after_correction(scores):
    rows = single(scores, "y")
    found = set(rows.index[rows["p_adjusted"] < 0.05])
    assert set(PLANTED) <= found
    assert {position for position, _ in found} <= {0, 2, 5}  # other options there lose what one gains
    assert not (single(scores, "noise")["p_adjusted"] < 0.05).any()


def test_false_discoveries_are_as_few_as_they_should_be():
    """Under no effect at all, a call finds something in at most about one of twenty cases."""
    found = 0
    for seed in range(20):
        names, y = planted(seed, {}, n=300)
        scores = block_scores(SPACE, names, pd.Series(y, name="y"))
        found += bool((single(scores, "y")["p_adjusted"] < 0.05).any())
    assert found <= 4


def test_intervals_hold_the_truth_as_often_as_they_say():
    inside = []
    for seed in range(20):
        names, y = planted(seed, {}, n=400)
        rows = block_scores(SPACE, names, pd.Series(y, name="y"), level=0.9)
        inside += [((rows["effect_low"] < 0) & (rows["effect_high"] > 0)).mean()]
    assert 0.87 < np.mean(inside) < 0.93


def test_summaries_are_those_of_the_networks_with_the_block(scores):
    names, y = planted(0)
    has = SPACE.choices(names)[:, 5] == 0
    row = single(scores, "y").loc[(5, 0)]
    assert (row["kind"], row["block"], row["choice"]) == ("operation", "skip", "3->4")
    assert row["n"] == has.sum()
    assert row["mean"] == pytest.approx(y[has].mean())
    assert row["mean_low"] < row["mean"] < row["mean_high"]
    shifts = np.quantile(y[has], [0.1, 0.5, 0.9]) - np.quantile(y, [0.1, 0.5, 0.9])
    np.testing.assert_allclose(row[["shift_10", "shift_50", "shift_90"]].astype(float), shifts)
    assert row["shift_50_low"] < row["shift_50"] < row["shift_50_high"] < 0


def test_effects_are_told_apart_from_choices_that_go_with_them():
    """Networks with the block have another one more often, which does the work: the means mislead."""
    names, _ = planted(3, n=4000)
    choices = SPACE.choices(names)
    kept = (choices[:, 0] != 3) | (choices[:, 1] == 3) | (np.random.default_rng(0).random(4000) < 0.1)
    names, choices = np.array(names)[kept].tolist(), choices[kept]
    y = 2.0 * (choices[:, 1] == 3) + np.random.default_rng(1).normal(size=len(names))
    row = single(block_scores(SPACE, names, pd.Series(y, name="y")), "y").loc[(0, 3)]
    assert row["mean_low"] > y.mean() + 0.3
    assert row["effect_low"] < 0 < row["effect_high"]


def test_placement_and_the_effect_everywhere():
    effects = {(i, 0): -1.0 for i in range(6)} | {(0, 0): -4.0}
    names, y = planted(2, effects)
    scores = block_scores(SPACE, names, pd.Series(y, name="y"))
    everywhere = scores[scores["position"].isna()].set_index("block")
    assert everywhere.loc["skip", "effect"] == pytest.approx(-1.5 * 4 / 5, abs=0.1)
    assert everywhere.loc["skip", "effect_low"] < -1.2 < everywhere.loc["skip", "effect_high"]
    rows = single(scores, "y")
    assert rows.loc[(0, 0), "placement"] == pytest.approx(-2.5 * 4 / 5, abs=0.2)
    assert rows.loc[(0, 0), "placement_p_adjusted"] < 1e-6
    assert rows.loc[(4, 0), "placement"] == pytest.approx(0.5 * 4 / 5, abs=0.2)


def test_what_the_data_cannot_tell_is_nan():
    space = get_space("transnas_micro")
    names = [
        name
        for name in space.sample(900)
        if space.parse(name)[0] in (1, 2) and space.parse(name)[0] == space.parse(name)[1]
    ]
    rows = block_scores(space, names, pd.Series(range(len(names)), name="y", dtype=float))
    rows = rows[rows["position"].notna()]
    first = rows[rows["position"].isin([0, 1])]
    assert first["effect"].isna().all()  # the two go together, or do not occur
    assert (first.loc[first["n"] == 0, "mean"].isna()).all()
    assert rows[rows["position"] == 3]["effect"].notna().all()


def test_devices_and_their_friends():
    names, y = planted(4, {(i, 3): 0.2 for i in range(6)}, noise=0.1)
    _, z = planted(4, {(i, 0): -0.2 for i in range(6)}, noise=0.1)
    latency = pd.DataFrame({"cpu": np.exp(y), "gpu": np.exp(z)})
    table = friendly(block_scores(SPACE, names, np.log(latency)), {"cpu": "min", "gpu": "min"})
    assert table.loc[("operation", "conv1x1"), "cpu"] == "unfriendly"
    assert table.loc[("operation", "skip"), "gpu"] == "friendly"
    relative = friendly(
        block_scores(SPACE, names, relative_to_average(latency)), {"cpu": "min", "gpu": "min"}
    )
    assert relative.loc[("operation", "conv1x1")].tolist() == ["unfriendly", "friendly"]
    assert relative.loc[("operation", "skip")].tolist() == ["unfriendly", "friendly"]
    with pytest.raises(UnknownNameError, match="gpu"):
        friendly(block_scores(SPACE, names, latency), {"cpu": "min"})
    with pytest.raises(InputError, match="'max' or 'min'"):
        friendly(block_scores(SPACE, names, latency), {"cpu": "min", "gpu": "least"})
    with pytest.raises(InputError, match="positive"):
        relative_to_average(latency - 100)


def tradeoff():
    """Accuracy and latency: option 3 is accurate, 2 fast, 4 bad at both, 0 inside of what these span."""
    names = SPACE.sample(1500, seed=9)
    choices = SPACE.choices(names)
    accuracy, latency = np.random.default_rng(9).normal(scale=0.2, size=(2, len(names)))
    for option, (good, slow) in {3: (1.0, 1.0), 2: (-1.0, -1.0), 4: (-1.0, 1.0), 0: (-0.4, 0.4)}.items():
        accuracy += good * (choices == option).sum(axis=1)
        latency += slow * (choices == option).sum(axis=1)
    return names, pd.DataFrame({"accuracy": accuracy, "latency": latency})


def test_the_reduced_space_keeps_the_front_and_promises_a_gain():
    names, targets = tradeoff()
    directions = {"accuracy": "max", "latency": "min"}
    scores = block_scores(SPACE, names, targets)
    reduced = reduce_space(SPACE, scores, directions)
    for options in reduced.options:
        assert {2, 3} <= set(options)
        assert not {0, 4} & set(options)
    worst = reduce_space(SPACE, scores, directions, n_dropped=6)
    assert all(4 not in options and 0 in options for options in worst.options)
    gain = expected_gain(SPACE, reduced, scores, directions, budget=20, n_repeats=5)
    assert (gain["gain"] > 1).all()
    assert gain.equals(expected_gain(SPACE, reduced, scores, directions, budget=20, n_repeats=5))
    found = predicted(SPACE, scores, names)
    assert found["accuracy"].corr(targets["accuracy"]) > 0.99
    assert found.mean().to_numpy() == pytest.approx(targets.mean().to_numpy())


def test_nothing_is_dropped_for_noise():
    names, y = planted(5, {})
    _, z = planted(6, {})
    scores = block_scores(SPACE, names, pd.DataFrame({"a": y, "b": z}))
    reduced = reduce_space(SPACE, scores, {"a": "max", "b": "max"})
    assert sum(map(len, reduced.options)) == 6 * 5


def test_hypervolume_of_a_square():
    assert hypervolume(np.array([[0.5, 0.5], [0.9, 0.9]])) == pytest.approx(0.25)


def test_rounding_is_no_effect():
    names, y = planted(0, {(0, 3): 2.0}, noise=0.0, n=120)
    found = block_scores(SPACE, names, pd.DataFrame({"y": y + 0.1, "constant": np.full(120, 91.37)}))
    elsewhere = found[(found["position"] > 0) | (found["target"] == "constant")]
    assert (elsewhere["effect"] == 0).all() and (elsewhere["p_adjusted"] == 1).all()
    at_first = found[(found["position"] == 0) & (found["target"] == "y")]
    assert (at_first["p_adjusted"] < 1e-10).all()


def test_bad_input_is_refused():
    names, y = planted(0, n=100)
    with pytest.raises(InputError, match="`targets` must be a Series or DataFrame, got ndarray"):
        block_scores(SPACE, names, y)
    with pytest.raises(InputError, match="`level` must lie between 0 and 1, got 95"):
        block_scores(SPACE, names, pd.Series(y, name="y"), level=95)
    with pytest.raises(InputError, match="a row per architecture"):
        block_scores(SPACE, names, pd.Series(y[:50], name="y"))
    with pytest.raises(InputError, match="more than 6 values"):
        block_scores(SPACE, names[:6], pd.Series(y[:6], name="y"))
    scores = block_scores(SPACE, names, pd.Series(y, name="y"))
    with pytest.raises(UnknownNameError, match="target"):
        reduce_space(SPACE, scores, {"z": "max"})
    with pytest.raises(InputError, match="at least one"):
        reduce_space(SPACE, scores, {})
