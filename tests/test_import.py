"""What `import graf` leaves alone."""

import json
import subprocess
import sys

import graf

HEAVY = ["torch", "numba", "shap", "xgboost", "matplotlib", "pandas", "sklearn", "plotly"]
CODE = """
import json, sys
import graf
print(json.dumps([name for name in {heavy} if name in sys.modules]))
"""


def test_import_is_light():
    done = subprocess.run(
        [sys.executable, "-c", CODE.format(heavy=HEAVY)], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == []


def test_every_public_name_resolves():
    for name in graf.__all__:
        assert getattr(graf, name).__doc__
        assert name in dir(graf)


def test_packages_need_no_import_of_their_own():
    code = (
        "import graf; print(graf.features.parse_column('live.depth'), graf.datasets.list_datasets().shape[1])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["live.depth", "3"]
    assert {"features", "spaces", "proxies"} <= set(dir(graf))
