import numpy as np
import torch
from sklearn.datasets import load_digits

from graf.measure.digits import SIZES, digits


def test_parts_are_all_images_once():
    parts = digits()
    mine = np.concatenate([part.x.numpy().reshape(-1, 64) * 16 for part in parts.values()])
    theirs = load_digits().data
    assert sorted(map(tuple, mine)) == sorted(map(tuple, theirs))
    assert {name: len(part.x) for name, part in parts.items()} == SIZES


def test_labels_belong_to_the_images():
    images, labels = load_digits(return_X_y=True)
    known = {tuple(image): label for image, label in zip(images, labels, strict=True)}
    for x, y in digits().values():
        assert [known[tuple(image)] for image in x.numpy().reshape(-1, 64) * 16] == y.tolist()


def test_form():
    for x, y in digits().values():
        assert x.shape[1:] == (1, 8, 8) and x.dtype == torch.float32 and y.dtype == torch.int64
        assert x.min() == 0 and x.max() == 1


def test_classes_are_shared_out_evenly():
    for _, y in digits().values():
        share = np.bincount(y.numpy(), minlength=10) / len(y)
        assert np.all(np.abs(share - 0.1) < 0.006)


def test_split_is_fixed():
    first, again = digits(), digits()
    assert all(torch.equal(first[name].x, again[name].x) for name in first)
    assert first["test"].y[:8].tolist() == [4, 7, 6, 0, 4, 4, 1, 2]
