import pytest

from rnnscope.overview.progress import TimeLeft, cause_of, described_job, failure_line, job_line


def run_one_after_another(left, jobs, began=0.0):
    """Start and finish jobs of given seconds; returns the time at the end."""
    now = began
    for job, seconds in jobs.items():
        left.start(job, now)
        now += seconds
        left.finish(job, now)
    return now


def test_jobs_of_a_kind_are_expected_to_take_as_long_as_the_finished_ones():
    left = TimeLeft(dict.fromkeys(range(5), ("figure", 1)))
    assert left.seconds(0) is None
    assert left.seconds(run_one_after_another(left, {0: 2.0, 1: 4.0})) == pytest.approx(3 * 3.0)


def test_training_takes_as_long_as_its_work():
    left = TimeLeft({0: ("train", 10), 1: ("train", 40), 2: ("train", 5)}, frozenset({"train"}))
    assert left.seconds(run_one_after_another(left, {0: 20.0})) == pytest.approx(2 * (40 + 5))


def test_nothing_is_said_before_the_first_training_run_has_ended():
    left = TimeLeft({0: ("table", 1), 1: ("train", 40)}, frozenset({"train"}))
    assert left.seconds(run_one_after_another(left, {0: 1.0})) is None


def test_the_time_that_a_running_job_has_run_counts():
    left = TimeLeft({0: ("table", 1), 1: ("table", 1), 2: ("table", 1)})
    now = run_one_after_another(left, {0: 10.0})
    left.start(1, now)
    assert left.seconds(now + 4) == pytest.approx((6 + 10) * 14 / 14)
    assert left.seconds(now + 15) == pytest.approx(10), "overdue: no less than nothing"


def test_nothing_is_said_while_most_jobs_are_of_kinds_that_have_not_run():
    left = TimeLeft({0: ("long", 1)} | dict.fromkeys(range(1, 6), ("figure", 1)) | {6: ("table", 1)})
    now = run_one_after_another(left, {0: 400.0})
    assert left.seconds(now) is None
    now = run_one_after_another(left, {1: 2.0}, now)
    assert left.seconds(now) is not None


def test_a_kind_that_has_not_run_takes_as_long_as_the_median_job():
    left = TimeLeft({0: ("long", 1)} | dict.fromkeys(range(1, 4), ("figure", 1)) | {4: ("table", 1)})
    now = run_one_after_another(left, {0: 400.0, 1: 2.0, 2: 4.0})
    assert left.seconds(now) == pytest.approx(3 + 4), "a figure as long as the mean figure"


def test_two_at_a_time_take_half_as_long():
    left = TimeLeft(dict.fromkeys(range(6), ("table", 1)))
    for job in (0, 1):
        left.start(job, 0.0)
    for job in (0, 1):
        left.finish(job, 10.0)
    assert left.seconds(10.0) == pytest.approx(4 * 10 / 2)


def test_jobs_of_an_empty_text_take_as_long_as_any():
    left = TimeLeft({0: ("fit", 0.0), 1: ("fit", 0.0), 2: ("table", 1)})
    now = run_one_after_another(left, {0: 10.0})
    assert left.seconds(now) == pytest.approx(2 * 10)


def test_the_line_of_a_job():
    assert job_line("train_model", {"corpus": "tale", "model": "lstm-1-64", "candidate": "dropout-0.25"}, 7, 120, 252) == (
        "  7 of 120: train model LSTM 1×64, dropout 0.25 (tale); about 4:10 left"
    )
    assert job_line("overview", {}, 9, 9, 1.0) == "9 of 9: overview"
    assert described_job("figure_cells", {"corpus": "tale"}) == "figure cells (tale)"


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("2026-01-01 10:00:00 reading\nerror: a.txt: no such file\n\n", "error: a.txt: no such file"),
        ("Traceback (most recent call last):\n  File\nValueError: 3\n", "ValueError: 3 (a fault of the program: {log})"),
        ("", "it wrote nothing to its log, {log}"),
        (None, "it left no log"),
    ],
)
def test_the_cause_of_a_failure_is_one_line(tmp_path, text, cause):
    log = tmp_path / "job.log"
    if text is not None:
        log.write_text(text)
    assert cause_of(log) == cause.format(log=log)
    assert failure_line("losses", {"corpus": "tale"}, log) == f"failed: losses (tale): {cause.format(log=log)}"


def test_a_failure_cannot_steer_the_terminal(tmp_path):
    log = tmp_path / "log"
    log.write_text("KeyError: 'a\x9b\u202e'\n")
    assert failure_line("losses", {}, log) == r"failed: losses: KeyError: 'a\x9b\u202e'"
