import pytest
import torch

from graf.measure.threads import one_thread


@pytest.mark.parametrize("before", [1, 2])
def test_restores(before):
    at_start = torch.get_num_threads()
    torch.set_num_threads(before)
    try:
        with pytest.raises(ZeroDivisionError), one_thread():
            assert torch.get_num_threads() == 1
            1 / 0
        assert torch.get_num_threads() == before
    finally:
        torch.set_num_threads(at_start)
