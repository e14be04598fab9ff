"""The facts of every recurrent cell, in one place and free of torch.

Everything that has to know a cell reads it here: its equations (`recurrences`), parameter counts (`sizes`), activation
dumps, gate saturation, the analyses of units, the explorer, figures, the schema of the configuration, the workflow.
To add a cell, add its facts here and its equations in `recurrences`.
"""

import re
from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Activation:
    """One vector (H,) that a cell computes at every step: a gate, a candidate or a state.

    Parameters
    ----------
    name
        As in the equations; also the name of its column in an activation dump.
    meaning
        What it is, for a reader of the explorer.
    gate
        The gate's name in the figures ("input", "forget") if its values lie between 0 and 1; empty otherwise.
    saturating
        Whether it is displayed through tanh, because it is unbounded (the LSTM's c).
    role
        What it does to the unit, one sentence for a reader of the explorer.
    """

    name: str
    meaning: str
    gate: str = ""
    saturating: bool = False
    role: str = ""


@dataclass(frozen=True)
class Cell:
    """The facts of one recurrent cell.

    Parameters
    ----------
    name
        As in the names of models: `lstm` of `lstm-3-512`.
    title
        As in figures.
    activations
        Everything it computes at a step, in the order of its equations.
    gate_order
        Those that are an affine map of the inputs, in the order in which their weights are stacked.
    states
        Those that it carries to the next step, `h` first.
    displayed_state
        The state that figures colour text by.
    colour
        Of the cell in all figures.
    hidden_input
        Whether its affine maps read the previous hidden state. Where they do not, the matrix W_hidden has no rows.
    hidden_bias
        Those of `gate_order` whose product with the previous hidden state has a bias of its own, after the others in `bias`.
    output_gate
        The gate o of h = o tanh(c), where c is the displayed state; empty where that is h itself.
    keeping_gate, replacing_gate
        What determines the share of the displayed state that a step keeps: keeping / (keeping + replacing). A cell that has
        only one of these gates has one minus it as the other; one that has neither keeps nothing directly.
    has_kernel
        Whether `compiled.cpp` computes it, which is several times faster on a CPU. Only such a cell can be trained in bfloat16.

    Notes
    -----
    Colours are those of Okabe and Ito, "Color Universal Design" (2008); beyond their eight, of Tol, "Colour schemes" (2021).
    """

    name: str
    title: str
    activations: tuple[Activation, ...]
    gate_order: tuple[str, ...]
    states: tuple[str, ...]
    displayed_state: str
    colour: str
    hidden_input: bool = True
    hidden_bias: tuple[str, ...] = ()
    output_gate: str = ""
    keeping_gate: str = ""
    replacing_gate: str = ""
    has_kernel: bool = False
    by_name: dict[str, Activation] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {activation.name: activation for activation in self.activations})

    @property
    def activation_names(self) -> tuple[str, ...]:
        """Names of all activations, in the order of the equations."""
        return tuple(activation.name for activation in self.activations)

    @property
    def gates(self) -> dict[str, str]:
        """The gates between 0 and 1: what figures call each, by its name, in the order of the equations."""
        return {activation.name: activation.gate for activation in self.activations if activation.gate}

    @property
    def retention_gates(self) -> tuple[str, ...]:
        """The gates that determine how much of the displayed state a step keeps; none where no gate does."""
        return tuple(filter(None, (self.keeping_gate, self.replacing_gate)))

    @property
    def analysed_states(self) -> tuple[str, ...]:
        """The states, the displayed one first."""
        return (self.displayed_state, *(state for state in self.states if state != self.displayed_state))


UPDATE_ROLE = "How much of the state the candidate replaces: 0 keeps the state, 1 replaces all of it."
MIXTURE_ROLE = "The memory of the unit, which the next step and the layer above read: its value before, mixed with the candidate."
GRU = Cell(
    name="gru",
    title="GRU",
    activations=(
        Activation(
            "r",
            "reset gate",
            gate="reset",
            role="How much of the unit's state before this character the candidates of its layer read: 0 nothing, 1 all of it.",
        ),
        Activation("z", "update gate", gate="update", role=UPDATE_ROLE),
        Activation("candidate", "what the update gate mixes in", role="The new value that may replace the unit's state."),
        Activation("h", "hidden state", role=MIXTURE_ROLE),
    ),
    gate_order=("r", "z", "candidate"),
    states=("h",),
    displayed_state="h",
    colour="#009E73",
    replacing_gate="z",
    has_kernel=True,
)
RESET_AFTER = replace(
    GRU.by_name["r"], role="How much the states before this character count in the unit's candidate: 0 not at all, 1 fully."
)

CELLS = {
    cell.name: cell
    for cell in (
        Cell(
            name="lstm",
            title="LSTM",
            activations=(
                Activation("i", "input gate", gate="input", role="How much of g is added to the cell: 0 nothing, 1 all of it."),
                Activation(
                    "f", "forget gate", gate="forget", role="How much of its value the cell keeps: 0 nothing, 1 all of it."
                ),
                Activation(
                    "o", "output gate", gate="output", role="How much of the cell the other units see: 0 hides it, 1 shows it."
                ),
                Activation("g", "what the input gate lets in", role="The new value that may be added to the cell."),
                Activation(
                    "c",
                    "cell, as tanh(c)",
                    saturating=True,
                    role="The memory of the unit: its value before, as far as f keeps it, plus g, as far as i lets it in.",
                ),
                Activation(
                    "h",
                    "hidden state",
                    role="What the next step and the layer above read of the unit: tanh(c), as far as o shows it.",
                ),
            ),
            gate_order=("i", "f", "o", "g"),
            states=("h", "c"),
            displayed_state="c",
            colour="#0072B2",
            output_gate="o",
            keeping_gate="f",
            has_kernel=True,
        ),
        Cell(
            name="rnn",
            title="RNN",
            activations=(
                Activation(
                    "h", "hidden state", role="All that the unit has: computed again from its input and its layer's last values."
                ),
            ),
            gate_order=("h",),
            states=("h",),
            displayed_state="h",
            colour="#D55E00",
            has_kernel=True,
        ),
        GRU,
        # torch.nn.GRU: its reset gate acts after the recurrent product.
        replace(
            GRU,
            name="gru-after",
            title="GRU (reset after)",
            activations=(RESET_AFTER, *GRU.activations[1:]),
            colour="#661100",
            hidden_bias=("candidate",),
            has_kernel=False,
        ),
        Cell(
            name="mingru",
            title="minGRU",
            activations=(
                Activation("z", "update gate", gate="update", role=UPDATE_ROLE),
                Activation(
                    "candidate",
                    "what the update gate mixes in, as tanh",
                    saturating=True,
                    role="The new value, from the unit's input alone, that may replace its state.",
                ),
                Activation("h", "hidden state, as tanh(h)", saturating=True, role=MIXTURE_ROLE),
            ),
            gate_order=("z", "candidate"),
            states=("h",),
            displayed_state="h",
            colour="#332288",
            hidden_input=False,
            replacing_gate="z",
        ),
        Cell(
            name="minlstm",
            title="minLSTM",
            activations=(
                Activation(
                    "f",
                    "forget gate, before it is divided by the sum of both gates",
                    gate="forget",
                    role="Of the state, f / (f + i) is kept.",
                ),
                Activation(
                    "i",
                    "input gate, before it is divided by the sum of both gates",
                    gate="input",
                    role="Of the candidate, i / (f + i) comes in.",
                ),
                Activation(
                    "candidate",
                    "what the input gate lets in, as tanh",
                    saturating=True,
                    role="The new value, from the unit's input alone, that may come in.",
                ),
                Activation("h", "hidden state, as tanh(h)", saturating=True, role=MIXTURE_ROLE),
            ),
            gate_order=("f", "i", "candidate"),
            states=("h",),
            displayed_state="h",
            colour="#882255",
            hidden_input=False,
            keeping_gate="f",
            replacing_gate="i",
        ),
    )
}

CELLS_WITH_KERNELS = tuple(name for name, cell in CELLS.items() if cell.has_kernel)

# Models that see only the last n characters, and what figures call them after the number.
FINITE_KINDS = {"nnn": "NN", "ngram": "gram"}
EXTERNAL = "external"  # models of which only the predictions are known

NAME = re.compile(r"(?P<kind>[a-z]+(?:-[a-z]+)*)(?P<numbers>(?:-\d+)+)(?:-(?P<label>[A-Za-z]\w*))?", re.ASCII)


@dataclass(frozen=True)
class ModelName:
    """The name of a model, parsed: `<cell>-<layers>-<size>`, `nnn-<n>`, `ngram-<n>` or `external-<name>`.

    A network that was trained elsewhere has a label of its own behind it: `gru-after-1-100-mine`.

    Parameters
    ----------
    kind
        A key of `CELLS`, "nnn", "ngram" or "external".
    layers, size
        Depth and parameter budget of a recurrent network; 0 for the others.
    context
        Characters of context of an n-NN or n-gram model; 0 for a recurrent network.
    label
        Distinguishes a network that was trained elsewhere from those of the grid; empty for these. Of an external model its name.
    """

    kind: str
    layers: int = 0
    size: int = 0
    context: int = 0
    label: str = ""

    @classmethod
    def parse(cls, name: str) -> "ModelName":
        """Parse the name of a model.

        Raises
        ------
        ValueError
            If it is none.
        """
        kind, numbers, label = "", [""], ""
        if parts := NAME.fullmatch(name):
            kind, numbers, label = parts["kind"], parts["numbers"].split("-")[1:], parts["label"] or ""
        expected = 2 if kind in CELLS else 1 if kind in FINITE_KINDS and not label else None
        if external := re.fullmatch(rf"{EXTERNAL}-([A-Za-z]\w*)", name, re.ASCII):
            return cls(EXTERNAL, label=external[1])
        if len(numbers) != expected or not all(map(int, numbers)):
            raise ValueError(
                f"model {name!r}: expected <cell>-<layers>-<size> with a cell of {', '.join(CELLS)}, as in lstm-3-512, "
                "or nnn-<n>, ngram-<n> or external-<name>"
            )
        values = [int(number) for number in numbers]
        return cls(kind, values[0], values[1], label=label) if kind in CELLS else cls(kind, context=values[0])

    @property
    def is_feed_forward(self) -> bool:
        """Whether it names an n-NN."""
        return self.kind == "nnn"

    @property
    def is_recurrent(self) -> bool:
        """Whether it names a recurrent network."""
        return self.kind in CELLS

    @property
    def cell(self) -> Cell:
        """The facts of a recurrent network's cell."""
        return CELLS[self.kind]

    @property
    def title(self) -> str:
        """The name as figures write it: LSTM 3×512, 6-NN, 20-gram."""
        if self.is_recurrent:
            return f"{self.cell.title} {self.layers}×{self.size} {self.label}".rstrip()
        if self.kind == EXTERNAL:
            return self.label.replace("_", " ")
        return f"{self.context}-{FINITE_KINDS[self.kind]}"

    def __str__(self) -> str:
        if self.is_recurrent:
            return "-".join([self.kind, str(self.layers), str(self.size), *filter(None, [self.label])])
        return f"{self.kind}-{self.label or self.context}"
