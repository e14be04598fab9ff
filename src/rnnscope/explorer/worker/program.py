"""The worker's program: the network, the equations of the cells that the page needs, and the jobs that the page asks for."""

from importlib.resources import files

from rnnscope.errors import InputError

# One after the other they are the program. The equations of each cell are in cell_<name>.js.
BEFORE_CELLS, AFTER_CELLS = ("network.js",), ("reader.js", "jobs.js", "search.js", "worker.js")


def program(cells: list[str]) -> str:
    """Return the source of the worker.

    Parameters
    ----------
    cells
        Names of the cells of the networks on the page.

    Raises
    ------
    InputError
        If a cell has no equations in JavaScript.
    """
    known = cells_with_equations()
    for cell in cells:
        if cell not in known:
            raise InputError(f"explorer: cell {cell!r} has no equations for the page; expected one of {', '.join(known)}")
    equations = [f"cell_{cell}.js" for cell in sorted(set(cells))]
    return "\n".join(_source(name) for name in (*BEFORE_CELLS, *equations, *AFTER_CELLS))


def cells_with_equations() -> list[str]:
    """Return the names of the cells that run in the browser."""
    names = [file.name for file in files("rnnscope.explorer.worker").iterdir()]
    return sorted(name[len("cell_") : -len(".js")] for name in names if name.startswith("cell_") and name.endswith(".js"))


def _source(name: str) -> str:
    """Return a file of the worker's source, beside this module."""
    return (files("rnnscope.explorer.worker") / name).read_text(encoding="utf-8")
