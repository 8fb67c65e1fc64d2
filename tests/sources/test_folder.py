"""Folders of ONNX files: what can be read, and a table of what cannot."""

import pytest
from onnx_models import saved, weight

from graf import GraphFeatures
from graf.exceptions import InputError
from graf.sources import read_folder

TEXT = "g (float[1, 3, 8, 8] x) => (float[1, 4, 6, 6] y) { c = Conv (x, w) y = Relu (c) }"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "inner").mkdir()
    for name in ("b.onnx", "a.onnx", "inner/c.ONNX"):
        saved(tmp_path, TEXT, name=name, w=weight(4, 3, 3, 3))
    (tmp_path / "notes.txt").write_text("no network")
    (tmp_path / "broken.onnx").write_bytes(b"broken")
    (tmp_path / "gone.onnx").symlink_to(tmp_path / "nowhere.onnx")
    saved(tmp_path, TEXT.replace("1, 3, 8, 8", "N, 3, H, W"), name="open.onnx", w=weight(4, 3, 3, 3))
    return tmp_path


@pytest.mark.parametrize("n_jobs", [None, 1, 2])
def test_graphs_and_problems(folder, n_jobs):
    graphs, problems = read_folder(folder, n_jobs=n_jobs)
    assert graphs.index.tolist() == ["a.onnx", "b.onnx", "inner/c.ONNX", "open.onnx"]
    assert graphs.index.name == "file"
    assert graphs["a.onnx"].op_names == (None, "conv3x3", "relu")
    assert problems["file"].tolist() == ["broken.onnx", "gone.onnx", "open.onnx"]
    assert problems["read"].tolist() == [False, False, True]
    assert problems["reason"][0].startswith("is not an ONNX file")
    assert "No such file" in problems["reason"][1]
    assert "input_shapes={'x': (1, 3, 224, 224)}" in problems["reason"][2]


def test_settings_and_features(folder):
    graphs, problems = read_folder(folder, input_shapes={"x": (1, 3, 8, 8)})
    assert len(problems) == 2
    features = GraphFeatures().fit_transform(graphs)
    assert (features["op_count(conv3x3)"] == 1).all()


def test_what_is_no_folder_of_onnx_files(tmp_path):
    with pytest.raises(InputError, match=r"holds no \.onnx file"):
        read_folder(tmp_path)
    with pytest.raises(InputError, match="`path` must be a folder"):
        read_folder(tmp_path / "nowhere")
    with pytest.raises(InputError, match="`path` must be a folder, got 3"):
        read_folder(3)
