"""The fault injection of fault_injection.py, short: some kills on the way to one table."""

from helpers.faults import FaultInjection


def test_a_run_under_kills_ends_with_the_files_of_an_undisturbed_one(tmp_path):
    injection = FaultInjection(tmp_path, seed=1, targets=["results/tale/models/lstm-1-4/summary.json"])
    try:
        injection.kills(4)
    finally:
        injection.close()
    assert sum(injection.faults.values()) >= 4
    assert len(injection.expected) >= 10
    assert injection.differences == []
