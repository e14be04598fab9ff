"""The settings of every section of config.yaml: name, type, bounds, unit and meaning, each stated once.

A section is a frozen dataclass whose fields are declared with `setting`. Three things follow from it: the JSON Schema of
config.yaml (`rnnscope.configuration.schema`), the command-line flags of the stages (`rnnscope.cli`) and what the workflow
writes on those command lines (`flags`). A key has the same name in all of them.
"""
