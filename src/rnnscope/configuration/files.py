"""The files of the configuration: keys that are there twice, and values that YAML or a command line takes for texts."""

import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from rnnscope.configuration.schema import Schema, configuration_schema
from rnnscope.errors import InputError

# The one in C, where PyYAML comes with it: config.yaml takes a twentieth of the time.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def check_duplicated_keys(paths: Iterable[Path]) -> None:
    """Raise InputError with both places if a file has a key twice: YAML would silently take the last."""
    for path in paths:
        try:
            root = yaml.compose(path.read_text(encoding="utf-8"), Loader=LOADER)
        except (OSError, ValueError, yaml.YAMLError):
            continue  # whoever reads the values reports it
        for key, first, second in _duplicates(root, ""):
            raise InputError(f"{path}: the key {key} is in line {first} and in line {second}, expected once")


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


def _number(text: str, kind: str) -> Any:
    """The number of a text; the text itself where it is none."""
    for parse in (int, float) if kind == "number" else (int,):
        try:
            number = parse(text)
        except ValueError:
            continue
        return number if math.isfinite(number) else text
    return text
