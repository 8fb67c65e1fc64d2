"""Three cells and ways to write them to files."""

import json

import pandas as pd
import pytest

CELLS = [
    "|nor_conv_3x3~0|+|none~0|nor_conv_3x3~1|+|skip_connect~0|none~1|nor_conv_3x3~2|",
    "|none~0|+|none~0|none~1|+|nor_conv_1x1~0|none~1|none~2|",
    "|avg_pool_3x3~0|+|skip_connect~0|none~1|+|nor_conv_1x1~0|avg_pool_3x3~1|nor_conv_1x1~2|",
]


@pytest.fixture
def cells():
    return list(CELLS)


@pytest.fixture
def write(tmp_path):
    """Write text, bytes, a mapping (as JSON) or a DataFrame (by suffix) to a file of `tmp_path`."""

    def to_file(name, content):
        path = tmp_path / name
        if isinstance(content, pd.DataFrame):
            (content.to_parquet if path.suffix == ".parquet" else content.to_csv)(path, index=False)
        elif isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return path

    return to_file


@pytest.fixture
def table(cells):
    """A table with a target, a latency that lacks a value, a proxy and two columns of info."""
    return pd.DataFrame(
        {
            "cell": cells,
            "accuracy": [90.5, 10.0, 85.25],
            "phone_latency": [1.5, -1.0, 2.5],
            "synflow": [1.0, -1e8, 3.0],
            "accuracy_seed0": [90.0, 10.0, 85.0],
            "remark": ["good", "bad", None],
        }
    )
