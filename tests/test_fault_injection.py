"""The fault drill of drill.py, short: some kills on the way to one table."""

from helpers.faults import Drill


def test_a_run_under_kills_ends_with_the_files_of_an_undisturbed_one(tmp_path):
    drill = Drill(tmp_path, seed=1, targets=["results/tale/analyses/losses.csv"])
    try:
        drill.kills(6)
    finally:
        drill.close()
    assert sum(drill.faults.values()) >= 6
    assert len(drill.expected) > 20
    assert drill.differences == []
