"""The fault injection of fault_injection.py, short: some kills on the way to one table."""

from helpers.faults import FaultInjection


def test_a_run_under_kills_ends_with_the_files_of_an_undisturbed_one(tmp_path):
    injection = FaultInjection(tmp_path, seed=1, targets=["results/tale/analyses/losses.csv"])
    try:
        injection.kills(6)
    finally:
        injection.close()
    assert sum(injection.faults.values()) >= 6
    assert len(injection.expected) > 20
    assert injection.differences == []
