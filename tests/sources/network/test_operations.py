"""The table of operations, on the command line and as a page."""

from pathlib import Path

from onnx import defs

from graf.sources.network.operations import operation_table, operations_page
from graf.sources.network.vocabulary import from_onnx
from graf.sources.onnx.control import CONTROL
from graf.sources.onnx.operators import OPERATORS

PAGE = Path(__file__).parents[3] / "docs" / "operations.md"
OWN_NAMES = {  # of ONNX that graf keeps as they are
    "CausalConvWithState", "Det", "Hardmax", "ImageDecoder", "LinearAttention",
    "Multinomial", "NegativeLogLikelihoodLoss", "RegexFullMatch", "SequenceErase",
    "SequenceMap", "SoftmaxCrossEntropyLoss", "StringConcat", "StringNormalizer",
    "StringSplit", "SwiGLU", "TfIdfVectorizer",
}  # fmt: skip


def test_the_page_is_up_to_date():
    assert PAGE.read_text(encoding="utf-8") == operations_page(), "run `make docs`"


def test_every_operation_has_a_group_and_a_name_in_some_source():
    table = operation_table()
    assert len(table) > 100
    assert {row.name for row in table if row.group == "other"} == set()
    assert all(row.aten or row.onnx for row in table)


def test_every_operator_of_onnx_is_known_or_meant_to_keep_its_name():
    names = {schema.name for schema in defs.get_all_schemas() if schema.domain == ""}
    assert {name for name in names if from_onnx(name) is None} == OWN_NAMES
    assert {*OPERATORS, *CONTROL} - names <= {"SimplifiedLayerNormalization"}
