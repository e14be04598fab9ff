"""The JSON Schema of config.yaml, from the declarations of `rnnscope.settings`.

A schema's description completes the sentence "expected ..." of the message about a value that it does not allow.
"""

from typing import Any, get_args, get_origin

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.validators import extend

from rnnscope.corpus.text import is_encoding
from rnnscope.models.cells import CELLS, EXTERNAL, ModelName
from rnnscope.settings.base import (
    LARGEST_SIZE,
    MOST_LAYERS,
    SEED,
    SIZE,
    Setting,
    is_by_size,
    is_number,
    is_optional,
    required,
    settings_of,
)
from rnnscope.settings.sections import SECTIONS, Corpus, Imported

Schema = dict[str, Any]

TYPES = {int: "integer", float: "number", str: "string"}
BOUNDS = {"minimum": "minimum", "maximum": "maximum", "above": "exclusiveMinimum", "below": "exclusiveMaximum"}
FORMATS = FormatChecker(())


@FORMATS.checks("model", raises=ValueError)  # type: ignore[untyped-decorator]
def names_a_network(value: Any) -> bool:
    """Return whether a text names a recurrent network in its one spelling; other values are left to `type`."""
    if not isinstance(value, str):
        return True
    name = ModelName.parse(value)
    return name.is_recurrent and str(name) == value and name.layers <= MOST_LAYERS and name.size <= LARGEST_SIZE


@FORMATS.checks("encoding", raises=LookupError)  # type: ignore[untyped-decorator]
def names_an_encoding(value: Any) -> bool:
    """Return whether a text names an encoding of texts; other values are left to `type`."""
    return not isinstance(value, str) or is_encoding(value)


@FORMATS.checks("model or external", raises=ValueError)  # type: ignore[untyped-decorator]
def names_a_network_or_external(value: Any) -> bool:
    """Return whether a text names a recurrent network or external predictions; other values are left to `type`."""
    return names_a_network(value) or ModelName.parse(value).kind == EXTERNAL


@FORMATS.checks("imported model", raises=ValueError)  # type: ignore[untyped-decorator]
def names_an_imported_network(value: Any) -> bool:
    """Return whether a text names a recurrent network with a label, in its one spelling; other values are left to `type`."""
    return not isinstance(value, str) or (names_a_network(value) and bool(ModelName.parse(value).label))


OTHER_FOLDERS = ("benchmarks", "logs", "reference")  # in results/, beside those of the corpora


def configuration_schema() -> Schema:
    """Return the JSON Schema of the whole configuration."""
    corpora = {
        "description": "one or more corpora, each with a name of its own",
        "type": "object",
        "minProperties": 1,
        "propertyNames": {
            "pattern": rf"^(?!({'|'.join(OTHER_FOLDERS)})\Z)[A-Za-z0-9_]+\Z",
            "description": f"a name of letters, digits and underscores, and none of {', '.join(OTHER_FOLDERS)}",
        },
        "additionalProperties": object_schema(Corpus, sources=_list_of(SOURCE, "sources"), features=FEATURES),
    }
    run = _list_of({"type": "string", "description": "a key of corpora"}, "different keys of corpora", uniqueItems=True)
    kept = _text("the folder of models that are taken over")
    files = object_schema(Imported)
    imported = {
        "description": "networks that were trained elsewhere, by name",
        "type": "object",
        "propertyNames": {
            "type": "string",
            "format": "imported model",
            "description": "a name <cell>-<layers>-<size>-<label>",
        },
        "additionalProperties": files,
    }
    external = {
        "description": "files of predictions that other programs made, by name",
        "type": "object",
        "propertyNames": {
            "type": "string",
            "pattern": r"^[A-Za-z][A-Za-z0-9_]*\Z",
            "description": "a name of letters, digits and underscores",
        },
        "additionalProperties": _text("the path of a parquet file; {corpus} in it is the corpus"),
    }
    given = {"run": run, "corpora": corpora, "imported": imported, "external": external, "kept_models": kept}
    properties = given | {key: object_schema(section) for key, section in SECTIONS.items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "description": "the sections of config.yaml",
        "type": "object",
        "properties": properties,
        "required": [key for key in ("run", "corpora", *SECTIONS) if key not in SECTIONS or not SECTIONS[key].is_optional],
        "additionalProperties": False,
    }


def object_schema(section: type, **replaced: Schema) -> Schema:
    """Return the schema of a section or a corpus.

    Parameters
    ----------
    section
        A dataclass whose fields are declared with `rnnscope.settings.setting`. A key that may be None may be left out.
    **replaced
        Schemas of keys for which the declaration is not enough.
    """
    settings = settings_of(section)
    values = {key: value_schema(kind, declared) for key, (kind, declared) in settings.items() if key not in replaced}
    properties = {key: values.get(key) or replaced[key] for key in settings}
    optional = {key for key, (kind, _) in settings.items() if is_optional(kind)}
    return {
        "description": f"a section with the keys {', '.join(properties)}",
        "type": "object",
        "properties": properties,
        "required": [key for key in properties if key not in optional],
        "additionalProperties": False,
    }


def value_schema(kind: Any, declared: Setting) -> Schema:
    """Return the schema of a value of a type, with the bounds of its declaration."""
    if is_by_size(kind):
        return _by_size(value_schema(required(kind), declared), declared.expectation(kind))
    kind = required(kind)
    description = {"description": declared.expectation(kind)}
    if get_origin(kind) is list:
        (item,) = get_args(kind)
        fixed = {"minItems": declared.length, "maxItems": declared.length}
        free = {"minItems": int(not declared.may_be_empty), "uniqueItems": True}
        count = fixed if declared.length else free
        return description | {"type": "array", "items": value_schema(item, declared), **count}
    if declared.names == "cell":
        return {"description": f"a cell among {', '.join(CELLS)}", "enum": list(CELLS)}
    if declared.choices:
        return description | {"enum": list(declared.choices)}
    bounds = {word: getattr(declared, name) for name, word in BOUNDS.items() if getattr(declared, name) is not None}
    pattern = {"pattern": declared.pattern} if declared.pattern else {}
    form = {"format": declared.names} if declared.names else {}
    return description | {"type": TYPES[kind], **bounds, **pattern, **form}


def _by_size(schema: Schema, expectation: str) -> Schema:
    """The schema of a list, or of such a list for each size: each keyword concerns one of the two."""
    names = value_schema(int, SIZE) | {"description": f"sizes as keys, each {SIZE.expectation(int)}"}
    sizes = {"minProperties": 1, "propertyNames": names, "additionalProperties": schema}
    return schema | {"description": expectation, "type": [schema["type"], "object"], **sizes}


def validator() -> Draft202012Validator:
    """Return the validator of a configuration: numbers are finite, and 1.0 is no whole number."""
    types = Draft202012Validator.TYPE_CHECKER.redefine_many({"integer": _is_integer, "number": _is_number})
    return extend(Draft202012Validator, type_checker=types)(configuration_schema(), format_checker=FORMATS)


def _is_integer(_: Any, value: Any) -> bool:
    return is_number(value, int)


def _is_number(_: Any, value: Any) -> bool:
    return is_number(value)


def _list_of(items: Schema, what: str, **more: Any) -> Schema:
    """The schema of a list of one or more items."""
    return {"description": f"a list of one or more {what}", "type": "array", "minItems": 1, "items": items, **more}


def _text(description: str, pattern: str = ".") -> Schema:
    """The schema of a text that is not empty."""
    return {"description": description, "type": "string", "pattern": pattern}


def _keys(description: str, properties: dict[str, Schema], **more: Any) -> Schema:
    """The schema of a mapping with some of the keys of `properties`."""
    return {"description": description, "type": "object", "properties": properties, "additionalProperties": False, **more}


FEATURES: Schema = {
    "description": "the name of a list of features, a list of different names of features, or language: and its name",
    "anyOf": [
        _text("the name of a list"),
        _list_of(_text("the name of a feature"), "names", uniqueItems=True),
        _keys(
            "language, perhaps with names of features",
            {
                "language": _text("a language that Pygments knows", r"^[\w+#.-]+$"),
                "names": _list_of(_text("the name of a feature"), "names", uniqueItems=True),
            },
            required=["language"],
        ),
    ],
}

# What the dataclasses cannot say: a source is one of several forms.
SELECTION = {
    "members": _list_of({"type": "string", "description": "a gitignore-style pattern"}, "gitignore-style patterns"),
    "shuffle_seed": {"type": "integer", "description": "a whole number from 0 to 4294967295", **SEED},
}
PLACES = {
    "path": _text("the path of a file"),
    "url": _text("an https address without a password", r"^https?://[^/?#@]+([/?#]|\Z)"),
}
SOURCE = _keys(
    "exactly one of path, url, folder, archive and installed",
    {
        **PLACES,
        "path": {
            "description": "the path of a file, or a list of paths",
            "anyOf": [PLACES["path"], _list_of(PLACES["path"], "paths")],
        },
        "folder": _keys(
            "path, members and shuffle_seed",
            {"path": _text("the path of a folder"), **SELECTION},
            required=["path", "members", "shuffle_seed"],
        ),
        "archive": _keys(
            "one of path, url and debian, with members and shuffle_seed",
            {**PLACES, "debian": _text("the name of a Debian package"), **SELECTION},
            required=["members", "shuffle_seed"],
            minProperties=3,
            maxProperties=3,
        ),
        "installed": _keys(
            "package, with attribute or with members and shuffle_seed",
            {
                "package": _text("the name of an installed package"),
                "attribute": _text("the name of a dictionary of strings in the package"),
                **SELECTION,
            },
            required=["package"],
        ),
    },
    minProperties=1,
    maxProperties=1,
)
