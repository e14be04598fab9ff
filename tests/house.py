"""Measure the house: how much there is to read and to touch, before its second design and now.

    python tests/house.py

Before is a commit that git has; now is the work tree.
"""

import ast
import io
import itertools
import re
import subprocess
import tarfile
from pathlib import Path

from helpers.dialect import PROSE, dialect_in

REPOSITORY = Path(__file__).parents[1]
BEFORE = "38316ba"
PLACES = ("src", "workflow", "docs", "README.md", "Snakefile")
PROOF = re.compile(r"Add the (?:cell|feature|analysis)\b")
DUPLICATE = 6  # lines


def git(*words):
    """What git writes, as bytes; None where there is no git, no repository or no such commit."""
    try:
        done = subprocess.run(["git", *words], cwd=REPOSITORY, capture_output=True, check=False)
    except FileNotFoundError:
        return None
    return done.stdout if done.returncode == 0 else None


def files_before():
    """The files of the commit: {path: text}; None without it."""
    archive = git("archive", "--format=tar", BEFORE)
    if archive is None:
        return None
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        members = [member for member in tar if member.isfile() and is_measured(member.name)]
        return {member.name: tar.extractfile(member).read().decode() for member in members}


def files_now():
    paths = (path for path in REPOSITORY.rglob("*") if path.is_file() and not path.is_symlink())
    names = {path.relative_to(REPOSITORY).as_posix(): path for path in paths}
    return {name: path.read_text() for name, path in sorted(names.items()) if is_measured(name)}


def is_measured(name):
    return name.startswith(PLACES) and (Path(name).suffix in PROSE or name == "Snakefile")


# --- measures: each takes {path: text} ---


def lines_of_rules(files):
    """Non-blank lines of every rule: its first line and those that are indented below it."""
    counts = []
    for name, text in files.items():
        if not name.endswith(".smk") and name != "Snakefile":
            continue
        lines = text.splitlines()
        for index, line in enumerate(lines):
            if start := re.match(r"( *)rule\b.*:\s*$", line):
                inside = itertools.takewhile(
                    lambda later: not later.strip() or len(later) - len(later.lstrip()) > len(start[1]), lines[index + 1 :]
                )
                counts.append(1 + sum(bool(later.strip()) for later in inside))
    return counts


def average_rule(files):
    counts = lines_of_rules(files)
    return f"{sum(counts) / len(counts):.1f}" if counts else "-"


def loose_modules(files):
    return sum(bool(re.fullmatch(r"src/rnnscope/(?!__init__)\w+\.py", name)) for name in files)


def longest_module(files):
    return max(text.count("\n") for name, text in files.items() if name.endswith(".py"))


def dialect(files):
    return sum(len(list(dialect_in(text))) for text in files.values())


def sources(files):
    return {name: text for name, text in files.items() if name.startswith("src/") and name.endswith(".py")}


def normalised(text):
    """The lines of a module without blank lines, comments, docstrings, imports and spaces at their ends."""
    tree = ast.parse(text)
    left_out = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    left_out += [node for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)]
    numbers = {number for node in left_out for number in range(node.lineno, node.end_lineno + 1)}
    lines = (line.strip() for number, line in enumerate(text.splitlines(), 1) if number not in numbers)
    return [line for line in lines if len(line) > 1 and not line.startswith("#")]


def duplicates(files):
    """Pairs of places that share `DUPLICATE` or more consecutive lines."""
    places = {}
    for name, text in sources(files).items():
        lines = normalised(text)
        for index in range(len(lines) - DUPLICATE + 1):
            places.setdefault(tuple(lines[index : index + DUPLICATE]), []).append((name, index))
    pairs = {pair for found in places.values() for pair in itertools.combinations(found, 2)}
    # Longer ones appear as several pairs, each a line further than the one before: count the first.
    return sum(((a, i - 1), (b, j - 1)) not in pairs for (a, i), (b, j) in pairs if a != b or abs(i - j) >= DUPLICATE)


def add_argument_lines(files):
    return sum("add_argument(" in line for text in sources(files).values() for line in text.splitlines())


def functions(files):
    """The syntax tree and the text of every function."""
    for text in sources(files).values():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                yield node, ast.get_source_segment(text, node)


def calls(function):
    """The name of every function or method that a function calls, and the call."""
    for node in ast.walk(function):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", None) or getattr(node.func, "id", "")
            yield name, node


def choices_of_best_models(files):
    """Functions that take a minimum over validation losses of models or of their candidates, not of epochs."""
    minima = {"min", "idxmin", "argmin", "nsmallest"}
    return sum(
        not minima.isdisjoint(name for name, _ in calls(node))
        for node, text in functions(files)
        if "validation_loss" in text and not re.search("epoch|history", text)
    )


def bootstrap_loops(files):
    """Functions that draw indices with replacement: as many as there are items, from all items."""
    return sum(
        any(
            name == "integers" and len(call.args) == 1 and any(keyword.arg == "size" for keyword in call.keywords)
            for name, call in calls(node)
        )
        for node, _ in functions(files)
    )


MEASURES = {
    "rules": lambda files: len(lines_of_rules(files)),
    "lines of a rule, not blank, on average": average_rule,
    "loose modules at the package's root": loose_modules,
    "lines of the longest module": longest_module,
    "dialect words in src, workflow, docs, README": dialect,
    f"pairs of places that share {DUPLICATE} lines or more": duplicates,
    "add_argument lines": add_argument_lines,
    "functions that choose a model or a candidate": choices_of_best_models,
    "bootstrap loops": bootstrap_loops,
}


def proof_commits():
    """The commits that add something by its subject: (subject, number of files)."""
    log = git("log", "--reverse", "--format=%x00%s", "--name-only") or b""
    for commit in log.decode().split("\0")[1:]:
        subject, *names = filter(None, commit.splitlines())
        if PROOF.match(subject):
            yield subject, names


def main():
    before, now = files_before(), files_now()
    if before is None:
        print(f"no git history with {BEFORE} here: only what is now is measured")
    print(f"{'':52} {'before':>8} {'now':>8}")
    for name, measure in MEASURES.items():
        print(f"{name:52} {'-' if before is None else measure(before):>8} {measure(now):>8}")
    for subject, names in proof_commits():
        print(f"\n{subject}: {len(names)} files, {sum(name.startswith('src/') for name in names)} of them in src")
        print("\n".join(f"    {name}" for name in names))


if __name__ == "__main__":
    main()
