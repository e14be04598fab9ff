import getpass
import hashlib
import json
import re
import socket
import subprocess
import sys

import pytest

from rnnscope.errors import InputError
from rnnscope.storage.files import whole_file
from rnnscope.storage.provenance import collect, problems, read_provenance, wall_time
from rnnscope.training.optimisation import RESUME

REBUILD = "snakemake {} --configfile mine.yaml"


def write(path, text):
    with whole_file(path) as partial:
        partial.write_text(text)
    return path


def job(folder, *names, rule="split_text"):
    return {
        "rule": rule,
        "outputs": [str(folder / name) for name in names],
        "benchmark": str(folder / "benchmarks" / f"{rule}.tsv"),
        "source": "0" * 64,
        "settings": {"sequence_length": 10},
    }


@pytest.fixture
def folder(tmp_path):
    """A corpus's folder with two files of one job."""
    folder = tmp_path / "tale"
    for name in ("a.csv", "sub/b.csv"):
        write(folder / name, name)
    write(folder / "benchmarks/split_text.tsv", "s\th:m:s\n1.5\t0:00:01\n")
    return folder


def test_everything_known_of_a_file_is_collected(folder):
    collect(folder, [job(folder, "a.csv", "sub/b.csv")], REBUILD)
    content = read_provenance(folder / "provenance.json")
    assert content["rebuild"] == REBUILD
    assert list(content["outputs"]) == ["a.csv", "sub/b.csv"]
    entry = content["outputs"]["sub/b.csv"]
    assert entry["sha256"] == hashlib.sha256(b"sub/b.csv").hexdigest()
    assert entry["rule"] == "split_text"
    assert entry["settings"] == {"sequence_length": 10}
    assert entry["wall_time"] == 1.5
    environment = content["environments"][entry["environment"]]
    assert environment["packages"]["python"] == ".".join(map(str, sys.version_info[:3]))
    assert set(environment["host"]) == {"architecture", "cores", "memory", "device"}
    assert environment["host"]["cores"] >= 1
    described = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True).stdout.strip() or None
    assert (environment["commit"] or "").removesuffix("-dirty") == (described or "")


def test_collecting_some_jobs_keeps_what_is_known_of_the_others(folder):
    collect(folder, [job(folder, "a.csv"), job(folder, "sub/b.csv", rule="losses")], REBUILD)
    write(folder / "a.csv", "another")
    collect(folder, [job(folder, "a.csv")], REBUILD)
    outputs = read_provenance(folder / "provenance.json")["outputs"]
    assert outputs["a.csv"]["sha256"] == hashlib.sha256(b"another").hexdigest()
    assert outputs["sub/b.csv"]["rule"] == "losses"


def test_a_file_that_no_job_makes_any_more_is_forgotten_once_it_is_gone(folder):
    collect(folder, [job(folder, "a.csv", "sub/b.csv")], REBUILD)
    (folder / "sub/b.csv").unlink()
    collect(folder, [job(folder, "a.csv")], REBUILD)
    assert list(read_provenance(folder / "provenance.json")["outputs"]) == ["a.csv"]


def test_a_file_that_differs_is_reported_with_the_command_that_rebuilds_it(folder):
    write(folder / "c.csv", "c")
    write(folder / "d.csv", "d")
    path = folder / "provenance.json"
    collect(folder, [job(folder, "a.csv", "sub/b.csv", "c.csv", "d.csv")], REBUILD)
    assert problems(path) == []
    (folder / "a.csv").write_text("b.csv")
    (folder / "sub/b.csv").unlink()
    write(folder / "c.csv", "another c")
    damaged, made_again, missing = problems(path)
    assert damaged.startswith(f"{folder}/a.csv: damaged: found SHA-256 {hashlib.sha256(b'b.csv').hexdigest()[:12]}..., ")
    assert damaged.endswith(f"; delete it and run: snakemake {folder}/a.csv --configfile mine.yaml")
    assert made_again.startswith(f"{folder}/c.csv: made again since {path} was written")
    assert missing == f"{folder}/sub/b.csv: missing; run: snakemake {folder}/sub/b.csv --configfile mine.yaml"


def test_collect_reads_jobs_from_standard_input(folder):
    jobs = json.dumps({str(folder): [job(folder, "a.csv")]})
    command = [sys.executable, "-m", "rnnscope.storage.provenance", "collect"]
    done = subprocess.run(command, input=jobs, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(read_provenance(folder / "provenance.json")["outputs"]) == ["a.csv"]


def test_verify_by_hand(folder):
    collect(folder, [job(folder, "a.csv")], REBUILD)
    command = [sys.executable, "-m", "rnnscope.storage.provenance", "verify", "--files", folder / "provenance.json"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{folder}: 1 files compared\n"
    (folder / "a.csv").write_text("b")
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert re.fullmatch(rf"error: {re.escape(str(folder))}/a\.csv: damaged: .*\n", done.stderr)


def test_a_changed_or_missing_text_is_reported(folder):
    text = folder.parent / "tale.txt"
    text.write_text("one")
    made = job(folder, "a.csv", "sub/b.csv") | {"texts": {str(text): hashlib.sha256(b"one").hexdigest()}}
    collect(folder, [made], REBUILD)
    path = folder / "provenance.json"
    assert problems(path) == []
    text.write_text("two")
    found, expected = (hashlib.sha256(text).hexdigest()[:12] for text in (b"two", b"one"))
    assert problems(path) == [
        f"{text}: changed since {folder}/a.csv was made from it: found SHA-256 {found}..., expected {expected}...; run: snakemake"
    ]
    text.unlink()
    assert problems(path) == [f"{text}: missing; {folder}/a.csv was made from it"]


def test_one_that_is_no_json_has_its_own_command(tmp_path):
    (tmp_path / "provenance.json").write_text("")
    with pytest.raises(InputError, match=r"not readable as JSON .*; delete it and run: snakemake --forcerun figure_loss_table"):
        read_provenance(tmp_path / "provenance.json")


@pytest.mark.parametrize("content", ["[]", "{}", '{"outputs": {}}'])
def test_something_else_is_refused(tmp_path, content):
    (tmp_path / "provenance.json").write_text(content)
    with pytest.raises(InputError, match=r"provenance\.json: expected an object with the keys rebuild, environments, outputs"):
        read_provenance(tmp_path / "provenance.json")


def test_a_job_without_a_benchmark_has_no_wall_time(tmp_path):
    assert wall_time(tmp_path / "nowhere.tsv") is None


def test_every_output_of_a_run_is_in_it(finished, monkeypatch):
    monkeypatch.chdir(finished.folder)  # to which the paths of texts are relative
    root = finished.folder / "results/tale"
    text = (root / "provenance.json").read_text()
    outputs = json.loads(text)["outputs"]
    paths = {path.relative_to(root).as_posix(): path for path in root.rglob("*") if path.is_file()}
    made = {
        name: path
        for name, path in paths.items()
        if not re.search(r"(^|/)(logs|benchmarks|\.provenance)/", name) and path.name not in ("provenance.json", RESUME)
    }
    assert set(outputs) == set(made)
    for name, path in made.items():
        assert outputs[name]["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
        assert re.fullmatch(r"[a-z_0-9]+", outputs[name]["rule"])
        assert outputs[name]["wall_time"] > 0
    assert outputs["models/lstm-1-4/dropout-0.5/checkpoint.safetensors"]["settings"]["settings"][:2] == ["--epochs", "2"]
    assert problems(root / "provenance.json") == []
    for name in (socket.gethostname(), f"/home/{getpass.getuser()}", str(finished.folder)):
        assert name not in text
