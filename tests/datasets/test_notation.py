"""Which search space the architectures of a table are of."""

import pandas as pd

import graf
from graf.spaces import NASBench201, get_space


def test_a_space_can_be_named_or_given(write):
    path = write("mine.csv", 'net,acc\n"(1, 0, 2, 3, 3, 3)",1\n')
    assert graf.load_dataset(path).space.name == "nasbench201"
    assert graf.load_dataset(path, space="transnas_micro").space == get_space("transnas_micro")
    assert graf.load_dataset(path, space="none").space is None
    small = NASBench201(channels=4)
    assert graf.load_dataset(path, space=small).space is small


def test_settings_hold_for_a_space_that_is_inferred(write, table):
    data = graf.load_dataset(write("mine.csv", table), description={"space_settings": {"channels": 8}})
    assert data.space == NASBench201(channels=8)


def test_naming_the_described_space_keeps_its_settings(write, table):
    described = {"space": "nasbench201", "space_settings": {"channels": 8}}
    data = graf.load_dataset(write("mine.csv", table), description=described, space="nasbench201")
    assert data.space.channels == 8


def test_a_faulty_first_cell_does_not_hide_the_space(write, cells):
    path = write("mine.csv", pd.DataFrame({"cell": ["|bad~0|", *cells], "acc": range(4)}))
    assert graf.load_dataset(path).space.name == "nasbench201"


def test_a_first_row_that_looks_like_another_space_does_not_hide_the_space(write):
    path = write("mine.csv", "arch,acc\n1-2-3-3-1-1,0.5\n1-2-3-4,0.6\n1-1-4-4-1,0.7\n")
    assert graf.load_dataset(path).space.name == "transnas_macro"


def test_foreign_notation_has_no_space(write):
    assert graf.load_dataset(write("mine.csv", 'net,acc\n"(1, 0, 2)",1\n')).space is None
