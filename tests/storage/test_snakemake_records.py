from base64 import urlsafe_b64encode

import pytest

from rnnscope.storage.snakemake_records import unreadable_records

REBUILD = "snakemake {} --configfile mine.yaml"


@pytest.fixture
def record(tmp_path, monkeypatch):
    """Write Snakemake's record of a file, which is there unless it is said to be gone."""
    monkeypatch.chdir(tmp_path)

    def write(name, content, is_there=True):
        encoded = urlsafe_b64encode(name.encode()).decode()
        parts = [encoded[start : start + 40] for start in range(0, len(encoded), 40)]  # Snakemake: as the file system allows
        path = tmp_path.joinpath(".snakemake/metadata", *(f"@{part}" for part in parts[:-1]), parts[-1])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        if is_there:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).touch()

    return write


def test_unreadable_records_of_files_that_are_there_are_one_line(tmp_path, record):
    record("results/tale/whole.csv", '{"rule": "a"}')
    record("results/tale/empty.csv", "")
    record("results/tale/cut.csv", '{"rule": ')
    record("results/tale/zeros" + "-" * 40 + ".csv", "\0" * 100)
    record("results/tale/list.csv", "[]")
    record("results/tale/gone.csv", "", is_there=False)
    (line,) = unreadable_records(tmp_path / ".snakemake", REBUILD)
    assert "records of 4 files are unreadable" in line
    listed = tmp_path / ".snakemake/unreadable_records.txt"
    names = [f"results/tale/{name}.csv" for name in ("cut", "empty", "list", "zeros" + "-" * 40)]
    assert sorted(listed.read_text().splitlines()) == names
    assert f"(xargs rm < {listed}) and run: snakemake --configfile mine.yaml; or, " in line
    assert line.endswith(f"run: snakemake --touch --force $(cat {listed}) --configfile mine.yaml")
    assert "\n" not in line


def test_names_cannot_steer_the_terminal(tmp_path, record):
    record("a\x1b[2J.csv", "")
    (line,) = unreadable_records(tmp_path / ".snakemake", REBUILD)
    assert r": a\x1b[2J.csv; delete" in line
    assert line.isprintable()


def test_of_many_files_five_are_named(tmp_path, record):
    for number in range(7):
        record(f"results/{number}", "")
    (line,) = unreadable_records(tmp_path / ".snakemake", REBUILD)
    assert "records of 7 files" in line
    assert line.count("results/") == 5
    assert " and 2 more;" in line


def test_readable_records_and_those_that_are_being_written_are_no_problem(tmp_path, record):
    assert unreadable_records(tmp_path / ".snakemake", REBUILD) == []
    record("a", "{}")
    assert unreadable_records(tmp_path / ".snakemake", REBUILD) == []
    record("b", "")
    assert len(unreadable_records(tmp_path / ".snakemake", REBUILD)) == 1
    (tmp_path / ".snakemake/locks").mkdir()
    (tmp_path / ".snakemake/locks/0.input.lock").touch()
    assert unreadable_records(tmp_path / ".snakemake", REBUILD) == []
