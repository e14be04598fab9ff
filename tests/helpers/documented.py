"""The files that the modules of rnnscope declare, as patterns of paths in a workspace."""

import re

from docs.write_tables import declarations


def documented():
    """The declared columns of every file by the pattern of its path: {pattern: {column: kind}}."""
    return {
        f"results/<corpus>/{path}": {column.name: column.kind for column in declaration.columns}
        for path, declaration in declarations().items()
    }


def matches(pattern):
    """A regular expression for a pattern such as results/<corpus>/models/<model>/summary.json."""
    words = re.split("<.+?>", pattern)
    return re.compile("[^/]+".join(map(re.escape, words)))


def column_of(name, columns):
    """The declared column that a column of a file is: itself, or one whose pattern it matches, such as `c_<unit>`."""
    return name if name in columns else next((column for column in columns if matches(column).fullmatch(name)), None)
