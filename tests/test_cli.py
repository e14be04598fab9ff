"""The command line of a stage, and the progress that it shows."""

import importlib
import inspect
import logging
import os
import pkgutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import get_type_hints

import pytest

import rnnscope
from rnnscope.cli import parameter_texts, parse, run
from rnnscope.errors import InputError, shortened
from rnnscope.progress import duration, progress, warn
from rnnscope.settings.base import Section, setting


def fail_with(error):
    def main():
        raise error

    return main


@pytest.fixture(autouse=True)
def no_words(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["stage"])


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (InputError("config.yaml: found 3, expected 4"), "error: config.yaml: found 3, expected 4"),
        (OSError(28, "No space left on device", "out.csv"), "error: out.csv: No space left on device"),
        (OSError(28, "No space left on device"), "error: file system: No space left on device"),
        (KeyboardInterrupt(), "error: interrupted"),
    ],
)
def test_a_users_mistake_is_one_line(error, line):
    with pytest.raises(SystemExit) as stop:
        run(fail_with(error))
    assert stop.value.code == line


def test_a_fault_of_the_program_keeps_its_traceback():
    with pytest.raises(ZeroDivisionError):
        run(fail_with(ZeroDivisionError()))


# Both wait until they are killed: a busy machine may take its time.
STAGE = "import signal; from rnnscope.cli import run; run(lambda: (print('began', flush=True), signal.pause()))"
STARTER = [sys.executable, "-c", "import signal; signal.pause()"]


def test_a_stage_ends_with_the_process_that_it_was_started_for():
    with subprocess.Popen(STARTER) as starter:
        environment = {**os.environ, "RNNSCOPE_STARTED_BY": str(starter.pid)}
        command = [sys.executable, "-c", STAGE]
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as stage:
            assert stage.stdout.readline() == "began\n"
            assert stage.poll() is None
            starter.kill()
            starter.wait()
            assert stage.wait() == 1
            assert stage.stderr.read() == f"error: process {starter.pid}, which started this one, has ended\n"


@dataclass(frozen=True, kw_only=True)
class Baking(Section):
    key = "baking"
    temperature: float = setting("degrees Celsius", above=0, maximum=300, default=180.0)
    layers: list[int] = setting("heights, 100 % of them", minimum=1)
    oven: str = setting("which oven", choices=("gas", "electric"), default="gas")
    seed: int = setting("seed of the topping", minimum=0)


def cake(
    flour: Path,
    names: list[str],
    eggs: int,
    sugar: float,
    baking: Baking,
    title: str = "a cake",
    guests: int | None = None,
    sources: list[Path] | None = None,
) -> None:
    """Bake a cake.

    It is eaten at once.

    Parameters
    ----------
    flour
        file with the flour,
        on a second line
    eggs, sugar : numbers
        amount
    title
        what is written on it

    Notes
    -----
    sugar
        is no parameter here
    """


WORDS = ["--flour", "f.txt", "--names", "ann", "bob", "--eggs", "3", "--sugar", "1.5", "--layers", "2", "1", "--seed", "7"]


def test_every_kind_of_parameter():
    stage, arguments = parse(cake, WORDS)
    assert stage is cake
    assert arguments == {
        "flour": Path("f.txt"),
        "names": ["ann", "bob"],
        "eggs": 3,
        "sugar": 1.5,
        "baking": Baking(temperature=180.0, layers=[2, 1], oven="gas", seed=7),
        "title": "a cake",
        "guests": None,
        "sources": None,
    }
    assert isinstance(arguments["flour"], Path)
    assert type(arguments["sugar"]) is float


def test_flags_replace_defaults():
    more = ["--title", "ours", "--guests", "4", "--sources", "a", "b", "--temperature", "200", "--oven", "electric"]
    _, arguments = parse(cake, [*WORDS, *more])
    assert (arguments["title"], arguments["guests"], arguments["sources"]) == ("ours", 4, [Path("a"), Path("b")])
    assert arguments["baking"] == Baking(temperature=200.0, layers=[2, 1], oven="electric", seed=7)


@pytest.mark.parametrize(
    ("more", "line"),
    [
        (["--temperature", "301"], "--temperature: found 301.0, expected a number above 0 and at most 300"),
        (["--temperature", "0"], "--temperature: found 0.0, expected a number above 0 and at most 300"),
        (["--temperature", "nan"], "--temperature: found nan, expected a number above 0 and at most 300"),
        (["--layers", "0"], "--layers: found [0], expected a list of different whole numbers of at least 1, at least one"),
        (["--oven", "wood"], "--oven: found 'wood', expected gas or electric"),
        (["--seed", "-1"], "--seed: found -1, expected a whole number of at least 0"),
    ],
)
def test_a_setting_out_of_its_bounds_is_one_line(more, line):
    with pytest.raises(InputError) as error:
        parse(cake, [*WORDS, *more])
    assert str(error.value) == line


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (WORDS[2:], "the following arguments are required: --flour"),
        (WORDS[:-2], "the following arguments are required: --seed"),
        ([*WORDS, "--flower", "f"], "unrecognized arguments: --flower f"),
        ([*WORDS, "more"], "unrecognized arguments: more"),
        ([*WORDS, "--eggs", "three"], "argument --eggs: invalid int value: 'three'"),
        ([*WORDS, "--eggs", "1.5"], "argument --eggs: invalid int value: '1.5'"),
        ([*WORDS, "--names"], "argument --names: expected at least one argument"),
    ],
)
def test_a_wrong_flag_ends_with_the_usage(capsys, words, message):
    with pytest.raises(SystemExit) as stop:
        parse(cake, words)
    assert stop.value.code == 2
    assert message in capsys.readouterr().err


def test_a_stage_without_parameters_takes_no_words(capsys):
    stage = fail_with(KeyError())
    assert parse(stage, []) == (stage, {})
    with pytest.raises(SystemExit):
        parse(stage, ["--more"])
    assert "unrecognized arguments: --more" in capsys.readouterr().err


def brew(leaves: Path) -> None:
    """Brew tea."""


COMMANDS = {"bake": cake, "brew": brew}


def test_several_stages_by_a_word():
    assert parse(COMMANDS, ["brew", "--leaves", "l.txt"]) == (brew, {"leaves": Path("l.txt")})
    stage, arguments = parse(COMMANDS, ["bake", *WORDS])
    assert stage is cake
    assert arguments["eggs"] == 3


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "the following arguments are required: bake | brew"),
        (["boil"], "invalid choice: 'boil'"),
        (["brew", "--flour", "f.txt"], "the following arguments are required: --leaves"),
    ],
)
def test_a_wrong_word_ends_with_the_usage(capsys, words, message):
    with pytest.raises(SystemExit):
        parse(COMMANDS, words)
    assert message in capsys.readouterr().err


def help_of(capsys, main, *words):
    with pytest.raises(SystemExit) as stop:
        parse(main, [*words, "--help"])
    assert stop.value.code == 0
    return " ".join(capsys.readouterr().out.split())


def test_help_texts_come_from_the_docstring_and_the_settings(capsys):
    text = help_of(capsys, cake)
    assert "Bake a cake. " in text
    assert "eaten at once" not in text
    for line in (
        "--flour FLOUR file with the flour, on a second line",
        "--eggs EGGS amount",
        "--sugar SUGAR amount",
        "--title TITLE what is written on it (default 'a cake')",
        "--temperature TEMPERATURE degrees Celsius; a number above 0",
        "--layers LAYERS [LAYERS ...] heights, 100 % of them; a list of different whole numbers of at least 1, at least one",
        "--oven OVEN which oven; gas or electric (default 'gas')",
    ):
        assert line in text
    assert "(default 180.0)" in text
    assert "no parameter" not in text


def test_help_of_several_stages(capsys):
    text = help_of(capsys, COMMANDS)
    assert "bake Bake a cake." in text
    assert "brew Brew tea." in text
    assert "file with the flour" in help_of(capsys, COMMANDS, "bake")


def test_run_calls_the_stage_with_the_words_of_the_command_line(monkeypatch):
    called = []

    def stage(number: int, baking: Baking) -> None:
        called.append((number, baking))

    monkeypatch.setattr(sys, "argv", ["stage", "--number", "3", "--layers", "1", "--seed", "2"])
    run(stage)
    assert called == [(3, Baking(layers=[1], seed=2))]


def test_descriptions_of_parameters():
    assert parameter_texts(inspect.getdoc(cake)) == {
        "flour": "file with the flour, on a second line",
        "eggs": "amount",
        "sugar": "amount",
        "title": "what is written on it",
    }
    assert parameter_texts("Do it.") == {}


def test_every_stage_has_a_summary_and_describes_its_parameters(capsys):
    """A flag without a help text helps nobody: the docstring of `main` or the settings have one for each."""
    silent = []
    for name, stage in stages():
        summary = (inspect.getdoc(stage) or "").partition("\n")[0]
        texts = parameter_texts(inspect.getdoc(stage) or "")
        kinds = get_type_hints(stage)
        described = {key for key in inspect.signature(stage).parameters if texts.get(key)}
        sections = {key for key, kind in kinds.items() if isinstance(kind, type) and issubclass(kind, Section)}
        missing = set(inspect.signature(stage).parameters) - described - sections
        if not summary.endswith(".") or missing:
            silent.append(f"{name}: {summary!r}, without a description: {sorted(missing)}")
        help_of(capsys, stage)
    assert silent == []


def stages():
    """Every function `main` of a module that runs it, and the commands of those that have several."""
    for module in pkgutil.walk_packages(rnnscope.__path__, "rnnscope."):
        if not module.name.startswith("rnnscope.models.compiled_"):
            main = getattr(importlib.import_module(module.name), "main", None)
            if main is not None:
                yield module.name, main


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00"), (59.6, "1:00"), (125, "2:05"), (93784, "26:03:04")])
def test_duration(seconds, text):
    assert duration(seconds) == text


def test_progress_reports_how_much_is_done_and_the_time_left(monkeypatch, caplog):
    """A clock that runs 4 seconds a call: 2 of 12 units take 8 seconds, so the other 10 take 40."""
    clock = iter(range(0, 1000, 4))
    monkeypatch.setattr("rnnscope.progress.time.monotonic", lambda: next(clock) * 1.0)
    caplog.set_level("INFO")
    with progress("download", 12, "bytes") as advance:
        for _ in range(3):
            advance(1)
    assert caplog.messages == ["download: 2 of 12 bytes, 0:40 left"]


CLEARS = "\x1b[2J\x9b\r\u202e"


@pytest.mark.parametrize("error", [InputError(f"a{CLEARS}\nb"), OSError(28, "No space", f"a{CLEARS}\nb")])
def test_control_characters_in_a_message_are_spelled_out(error):
    with pytest.raises(SystemExit) as stop:
        run(fail_with(error))
    assert stop.value.code.isprintable()
    assert r"a\x1b[2J\x9b\r\u202e\nb" in stop.value.code


def test_several_mistakes_are_several_lines():
    assert str(InputError("a\nb", "c")) == "a\\nb\nc"


LOGS = f"""
import logging
from rnnscope.cli import run
run(lambda: logging.getLogger("x").info("found %s", {CLEARS + "a"!r}))
"""


def test_control_characters_in_the_log_and_in_flags_are_spelled_out(capsys):
    done = subprocess.run([sys.executable, "-c", LOGS], capture_output=True, text=True, check=True)
    assert done.stderr.rstrip("\n").endswith(r"found \x1b[2J\x9b\r\u202ea")
    assert done.stderr.rstrip("\n").isprintable()
    with pytest.raises(SystemExit):
        parse(fail_with(None), ["--layers", "1", "--more", CLEARS])
    assert CLEARS[:1] not in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--layers", "9" * 5000], ["--layers", "1", "--more", "x" * 5000]])
def test_a_long_word_of_the_command_line_makes_no_long_message(words, capsys):
    with pytest.raises(SystemExit):
        parse(fail_with(None), words)
    assert len(capsys.readouterr().err.rpartition("error: ")[2]) <= 501


def test_the_middle_of_a_long_text_is_left_out():
    assert shortened("x" * 120) == "x" * 120
    assert shortened("a" * 100 + "b" * 21) == "a" * 88 + "..." + "a" * 8 + "b" * 21


def test_a_flag_that_is_yes_or_no_is_a_bare_word():
    def stage(raw: bool = False) -> None: ...

    assert parse(stage, [])[1] == {"raw": False}
    assert parse(stage, ["--raw"])[1] == {"raw": True}


WRITES = "from rnnscope.cli import write_output; write_output(bytes([27, 91, 50, 74, 13, 10, 9, 255, 200, 169]), {raw})"


@pytest.mark.parametrize(("raw", "expected"), [(False, b"\\x1b[2J\r\n\t\\xff\xc8\xa9"), (True, b"\x1b[2J\r\r\n\t\xff\xc8\xa9")])
def test_text_on_a_terminal_is_spelled_out_unless_raw(raw, expected):
    """A terminal writes a carriage return before every line feed by itself."""
    ours, theirs = os.openpty()
    with os.fdopen(ours, "rb", buffering=0) as terminal:
        done = subprocess.run([sys.executable, "-c", WRITES.format(raw=raw)], stdout=theirs, check=False)
        written = terminal.read(1000)
        os.close(theirs)
    assert done.returncode == 0
    assert written == expected


def test_a_pipe_gets_the_bytes_as_they_are():
    done = subprocess.run([sys.executable, "-c", WRITES.format(raw=False)], capture_output=True, check=True)
    assert done.stdout == bytes([27, 91, 50, 74, 13, 10, 9, 255, 200, 169])


def test_a_warning_cannot_steer_the_terminal(capsys):
    warn(logging.getLogger(), "a\x9b\u202e\x7f.txt: a text in \N{GREEK SMALL LETTER ALPHA}")
    assert capsys.readouterr().out == "warning: a\\x9b\\u202e\\x7f.txt: a text in \N{GREEK SMALL LETTER ALPHA}\n"
