"""The published tables of timm's models.

A model counts as trained on ImageNet-1k alone if its tag ends in `in1k` (or that and a size) and names
no other data (`OTHER_DATA`), teacher networks trained on other data included where the tag tells.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from graf import load_dataset

__all__ = ["imagenet_alone", "published"]

OTHER_DATA = {
    "in12k", "in21k", "in22k", "laion2b", "openai", "clip", "webli", "swag", "seer", "m30m", "m38m", "jft",
    "ssl", "swsl", "ig1b", "yfcc100m", "distilled",
}  # fmt: skip


def published(name: str) -> pd.DataFrame:
    """A published table as it is, with its keys as columns."""
    data = load_dataset(name)
    table = pd.concat([data.targets, data.proxies, data.info], axis=1).reset_index(drop=True)
    whole = [column for column in ("img_size", "batch_size") if column in table]
    return table.astype(dict.fromkeys(whole, np.int64))


def imagenet_alone(accuracy: pd.DataFrame) -> pd.DataFrame:
    """The rows of models trained on ImageNet-1k alone, with the architecture's name as `model`."""
    no_other = [OTHER_DATA.isdisjoint(tag.split("_")) for tag in accuracy["tag"]]
    alone = accuracy["tag"].str.contains(r"in1k(?:_\d+)?$") & np.array(no_other)
    return accuracy[alone].drop(columns="model").rename(columns={"arch": "model"})
