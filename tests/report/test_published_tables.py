"""Reports on published tables: with and without a search space, with and without proxies."""

import re

import numpy as np
import pytest

from graf import load_dataset, write_report


@pytest.mark.parametrize(
    ("name", "target", "drawn"),
    [
        ("transnas_micro", "jigsaw_top1_pct", 3),
        ("nasbench201_devices", "gold_6226", 3),
        ("accel_nasbench_imagenet", "val_top1_pct", 3),
    ],
)
def test_a_report_on_some_rows(graf_data, name, target, drawn, quick, tmp_path):
    data = load_dataset(graf_data / f"{name}.csv.gz")
    data = data.select(np.arange(len(data)) % (len(data) // 40) == 0)
    page = write_report(data, tmp_path / name, targets=target, **quick)
    html = page.read_text(encoding="utf-8")
    assert len(re.findall(r'class="graf-picture"[^>$]* width="\d', html)) == drawn
    assert f'<code class="whole">{target}</code>' in html
