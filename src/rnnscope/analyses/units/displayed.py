"""The displayed state of each layer of a network, as it is displayed."""

from torch import Tensor

from rnnscope.models.cells import CELLS
from rnnscope.models.protocol import State


def displayed_states(cell: str, layers: State) -> list[Tensor]:
    """Return what is displayed of each layer, between -1 and 1: the tanh of a state without bounds, otherwise the state itself.

    Parameters
    ----------
    cell
        Name of the cell.
    layers
        For each layer its states by name, tensors of any shape.
    """
    displayed = CELLS[cell].by_name[CELLS[cell].displayed_state]
    values = [layer[displayed.name] for layer in layers]
    return [value.tanh() if displayed.saturating else value for value in values]
