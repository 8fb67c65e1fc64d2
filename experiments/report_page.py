"""How large the page of a report is and how fast it opens, for 15,625 architectures.

A report on all cells of NAS-Bench-201, whose targets are made up from their structure, is written and
opened in headless Chromium several times. Needs `chromium` and `chromedriver`.

    python experiments/report_page.py [results]
"""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from _provenance import output_path, write_json
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from sklearn.ensemble import RandomForestRegressor

import graf
from graf.report.write import write_report

REPEATS = 7
OPENED = "return document.body.dataset.ready"
DRAWN = "return document.querySelectorAll('#figure-tradeoff .main-svg, #figure-tradeoff canvas').length"
FACTS = {
    "kind": "analytic model",
    "unit": ["percent", "ms"],
    "direction": ["max", "min"],
    "protocol": "made up: more convolutions, higher values",
    "noise_ceiling": np.nan,
    "primary": True,
    "group": ["accuracy", "latency"],
}


def made_up() -> graf.Dataset:
    """All cells of the space, with two targets that rise with what the cells compute."""
    space = graf.get_space("nasbench201")
    cells = pd.Index(space.enumerate(), name="architecture")
    features = graf.GraphFeatures(space, ["op_count(conv3x3)", "op_count(conv1x1)", "live.depth"])
    counts = features.fit_transform(cells.tolist()).fillna(0).to_numpy()
    noise = np.random.default_rng(0).normal(scale=0.3, size=(2, len(cells)))
    values = {"accuracy": counts @ [3, 1, 1] + noise[0], "latency_ms": counts @ [1, 0.5, 2] + noise[1]}
    targets, empty = pd.DataFrame(values, cells), pd.DataFrame(index=cells)
    return graf.Dataset("all cells", targets, empty, empty, pd.DataFrame(FACTS, targets.columns), space)


def browser() -> webdriver.Chrome:
    """Headless Chromium."""
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for option in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1280,900"):
        options.add_argument(option)
    return webdriver.Chrome(options, Service(shutil.which("chromedriver")))


def opened(driver: webdriver.Chrome, page: Path) -> dict[str, float]:
    """Seconds of the clock and of the page's main thread until controls work, and until dots are drawn."""
    driver.get("about:blank")
    driver.execute_cdp_cmd("Performance.enable", {"timeDomain": "threadTicks"})
    before = _thread(driver)
    driver.get(page.as_uri())
    while not driver.execute_script(OPENED):
        time.sleep(0.005)
    ready = float(driver.execute_script(OPENED)) / 1000
    ready_cpu = _thread(driver) - before
    driver.execute_script("document.getElementById('explore').scrollIntoView({behavior: 'instant'})")
    while not driver.execute_script(DRAWN):
        time.sleep(0.005)
    drawn = float(driver.execute_script("return performance.now()")) / 1000
    return {
        "ready": ready,
        "drawn": drawn,
        "ready_main_thread": ready_cpu,
        "drawn_main_thread": _thread(driver) - before,
        "load": os.getloadavg()[0],
    }


def _thread(driver: webdriver.Chrome) -> float:
    metrics = driver.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
    return float({metric["name"]: metric["value"] for metric in metrics}["TaskDuration"])


def main(out: Path) -> None:
    """Write the report, open it, save the times."""
    with TemporaryDirectory() as folder:
        model = RandomForestRegressor(10, random_state=0)  # few trees: the page has as many numbers
        quick = {"model": model, "n_explained": 2000, "train_sizes": [128], "seeds": [0], "n_jobs": 1}
        page = write_report(made_up(), Path(folder) / "report", **quick)
        driver = browser()
        times = pd.DataFrame([opened(driver, page) for _ in range(REPEATS)])
        version = driver.capabilities["browserVersion"]
        driver.quit()
        found = {
            "n_architectures": 15625,
            "megabytes": page.stat().st_size / 1e6,
            "browser": f"Chromium {version}, headless, 1280 x 900",
            "seconds": times.round(3).to_dict("list"),
            "best": times.min().round(3).to_dict(),
            "seed": 0,
        }
    write_json(found, out / "report_page.json")
    print(json.dumps(found["best"]), found["megabytes"])


if __name__ == "__main__":
    main(output_path("results"))
