"""How kernels are compiled where nothing can be written."""

import numba
import pytest
from numba.core.caching import CompileResultCacheImpl

from graf.kernels._jit import jit


def doubled(number):
    return 2 * number


@pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="nothing is compiled")
def test_without_a_folder_for_compiled_kernels(monkeypatch):
    monkeypatch.setattr(CompileResultCacheImpl, "_locator_classes", [])
    with pytest.warns(RuntimeWarning, match="set NUMBA_CACHE_DIR"):
        compiled = jit(doubled)
    assert compiled(4) == 8
    assert compiled.signatures
