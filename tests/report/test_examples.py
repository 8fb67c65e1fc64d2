"""Which architectures are shown."""

from graf.report.examples import choose_examples


def test_examples_by_direction_among_those_with_a_value(data):
    latency = data.targets["latency_ms"]
    chosen = choose_examples(data, "latency_ms")
    assert list(chosen) == ["best", "middling", "worst"]
    values = latency[list(chosen.values())]
    assert values.tolist() == [latency.min(), values.iloc[1], latency.max()]
    assert abs(values.iloc[1] - latency.median()) <= (latency.max() - latency.min()) / 10
