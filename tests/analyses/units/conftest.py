import pytest
import torch


@pytest.fixture(autouse=True)
def denormal_numbers():
    yield
    torch.set_flush_denormal(False)  # which a stage that runs a network turns on for its whole process
