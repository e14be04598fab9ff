"""The files of the configuration: keys that are there twice, and values that YAML or a command line takes for texts."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from rnnscope.configuration.schema import Schema, configuration_schema
from rnnscope.errors import InputError, shortened
from rnnscope.settings.base import is_finite

# No configuration comes near these; an alias that holds itself, or one in one in one, exceeds them.
MOST_VALUES, DEEPEST = 100_000, 30
LONGEST_NUMBER = 64  # bits

# The one in C, where PyYAML comes with it: config.yaml takes a twentieth of the time.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def check_readable(path: Path) -> None:
    """Check that a file is one of keys and values, before Snakemake reads it, whose message names neither file nor line.

    Raises
    ------
    InputError
        With the line, if the file is no text in UTF-8, no YAML, or has no keys.
    """
    try:
        content = path.read_bytes()
    except OSError:
        return  # Snakemake names it
    try:
        text = content.decode()
        root = yaml.compose(text, Loader=LOADER)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(f"{path}: line {line}: found the byte 0x{content[error.start]:02x}, expected text in UTF-8") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}: " if mark else ""
        reason = " ".join(str(getattr(error, "problem", None) or error).split())
        advice = "indent with spaces, all keys of a section alike, and quote texts with a colon"
        raise InputError(f"{path}: {where}not readable as YAML: {shortened(reason)}; {advice}") from None
    except (RecursionError, ValueError):
        return  # found by `check_duplicated_keys`, or by the check of the values
    if not isinstance(root, yaml.MappingNode):
        found = "nothing" if root is None else "a list" if isinstance(root, yaml.SequenceNode) else "a single value"
        raise InputError(f"{path}: found {found}, expected keys with values")


def check_duplicated_keys(paths: Iterable[Path]) -> None:
    """Raise InputError with both places if a file has a key twice: YAML would silently take the last."""
    for path in paths:
        try:
            root = yaml.compose(path.read_text(encoding="utf-8"), Loader=LOADER)
        except (OSError, ValueError, RecursionError, yaml.YAMLError):
            continue  # whoever reads the values reports it
        _check_extent(root, f"{path}: ", _children)
        for key, first, second in _duplicates(root, ""):
            raise InputError(f"{path}: the key {key} is in line {first} and in line {second}, expected once")


def _children(node: Any) -> Iterator[tuple[Any, Any]]:
    """Yield the name and the node of everything in a node."""
    if isinstance(node, yaml.SequenceNode):
        yield from enumerate(node.value)
    if isinstance(node, yaml.MappingNode):
        yield from ((key.value, value) for key, value in node.value)


def _items(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield the name and the value of everything in a value."""
    if isinstance(value, dict | list):
        yield from value.items() if isinstance(value, dict) else enumerate(value)


def _check_extent(root: Any, where: str, children: Callable[[Any], Iterator[tuple[Any, Any]]]) -> None:
    """Raise InputError where values are too many, nested too deep (as where an alias holds itself) or too long numbers."""
    count = 0
    waiting: list[tuple[Any, tuple[Any, ...]]] = [(root, ())]
    while waiting:
        value, names = waiting.pop()
        count += 1
        if count > MOST_VALUES or len(names) > DEEPEST:
            key = shortened(".".join(map(str, names[:4])))
            raise InputError(f"{where}{key}: found more than {MOST_VALUES:,} values or {DEEPEST} levels, expected fewer")
        if not (_is_short(value) and all(map(_is_short, names))):
            key = ".".join(str(name) for name in names if _is_short(name))
            raise InputError(f"{where}{key}: found a whole number of very many digits, expected at most {LONGEST_NUMBER} bits")
        waiting.extend((item, (*names, name)) for name, item in children(value))


def _duplicates(node: yaml.Node | None, name: str) -> Iterator[tuple[str, int, int]]:
    """Yield every duplicated key below a node with its two lines; `name` is that of the node."""
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _duplicates(item, f"{name}.{index}")
    if isinstance(node, yaml.MappingNode):
        lines: dict[str, int] = {}
        for key, value in node.value:
            found, line = f"{name}.{key.value}".removeprefix("."), key.start_mark.line + 1
            if found in lines:
                yield found, lines[found], line
            lines[found] = line
            yield from _duplicates(value, found)


def convert_texts(config: dict[str, Any]) -> None:
    """Turn texts into numbers where the schema wants a number.

    YAML takes 1e-3 for a text (it wants 1.0e-3), and on Snakemake's command line every value inside `--config 'a={b: 1}'` is
    a text. An optional section without content, such as `nnn:` alone or `--config nnn=`, is removed.
    """
    _check_extent(config, "", _items)
    schema = configuration_schema()
    for section in set(schema["properties"]) - set(schema["required"]):
        if config.get(section, {}) is None:
            del config[section]
    converted = _converted(config, schema)
    config.update(converted)


def _converted(value: Any, schema: Schema) -> Any:
    """The value with numbers in place of texts, as a schema wants them."""
    if isinstance(value, dict):
        properties, others = schema.get("properties", {}), schema.get("additionalProperties")
        of_others = others if isinstance(others, dict) else {}
        return {key: _converted(item, properties.get(key, of_others)) for key, item in value.items()}
    if isinstance(value, list):
        return [_converted(item, schema.get("items", {})) for item in value]
    if isinstance(value, str) and schema.get("type") in ("integer", "number"):
        return _number(value, schema["type"])
    return value


def _is_short(value: Any) -> bool:
    """Return whether a value is no number of very many digits, which a message could not spell."""
    return not isinstance(value, int) or value.bit_length() <= LONGEST_NUMBER


def _number(text: str, kind: str) -> Any:
    """The number of a text; the text itself where it is none."""
    for parse in (int, float) if kind == "number" else (int,):
        try:
            number = parse(text)
        except ValueError:
            continue
        return number if is_finite(number) and _is_short(number) else text
    return text
