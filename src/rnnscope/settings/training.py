"""Which models there are, and how they are trained (paper sections 2 and 3)."""

from dataclasses import dataclass

from rnnscope.settings.base import COUNT, LARGEST_SIZE, LONGEST_CONTEXT, MOST, MOST_LAYERS, SEED, Section, setting

PRECISIONS = ("float32", "bfloat16")


@dataclass(frozen=True, kw_only=True)
class Grid(Section):
    """Section `grid`: which recurrent networks there are (paper section 2)."""

    key = "grid"
    cells: list[str] = setting("cells of the grid", names="cell", may_be_empty=True)
    layers: list[int] = setting("depths of the grid, layers", minimum=1, maximum=MOST_LAYERS, may_be_empty=True)
    sizes: list[int] = setting(
        "parameter budgets of the grid, units of a 1-layer LSTM", minimum=1, maximum=LARGEST_SIZE, may_be_empty=True
    )
    additional: list[str] = setting("models beside the grid", names="model", may_be_empty=True)


@dataclass(frozen=True, kw_only=True)
class Optimisation(Section):
    """Keys of section `training` that fix one training run (paper section 3); the defaults are the paper's."""

    key = "training"
    epochs: int = setting("passes over the train part", **COUNT, default=50)
    learning_rate: float = setting("RMSProp's learning rate in the first epochs", above=0, default=2e-3)
    rmsprop_alpha: float = setting("RMSProp's smoothing constant of the squared gradient", minimum=0, below=1, default=0.95)
    learning_rate_decay: float = setting("factor on the learning rate after an epoch", above=0, maximum=1, default=0.95)
    learning_rate_decay_after: int = setting("epochs before the first such factor", minimum=0, maximum=MOST, default=10)
    gradient_clip: float = setting("bound on each component of the gradient", above=0, default=5.0)
    precision: str = setting(
        "what the factors of the recurrent networks' products are rounded to in training",
        choices=PRECISIONS,
        default=PRECISIONS[0],
    )
    seed: int = setting("seed of the initial parameters and of the dropout masks", **SEED, default=1)

    def learning_rate_of(self, epoch: int) -> float:
        """Return the learning rate of an epoch, counted from 1 (paper section 3)."""
        return self.learning_rate * self.learning_rate_decay ** max(0, epoch - 1 - self.learning_rate_decay_after)


@dataclass(frozen=True, kw_only=True)
class Patience(Section):
    """The key of section `training` that ends a run before its last epoch.

    It saves time and assumes that nothing better comes later: the checkpoint is that of the run of all epochs, unless a later
    epoch of it would have had a lower validation loss.
    """

    key = "training"
    patience: int | None = setting(
        "epochs without a lower validation loss after which a run ends; without it a run has all epochs", **COUNT, default=None
    )

    def last_epoch(self, validation_losses: list[float], epochs: int) -> int:
        """Return the epoch, counted from 1, with which a run ends, as far as its losses tell; `epochs` unless patience ends it.

        Parameters
        ----------
        validation_losses
            Of its epochs so far.
        epochs
            How many it has at most.
        """
        if self.patience is not None:
            best = 0
            for index, loss in enumerate(validation_losses):
                best = index if loss < validation_losses[best] else best
                if index - best >= self.patience:
                    return min(index + 1, epochs)
        return epochs


@dataclass(frozen=True, kw_only=True)
class Device(Section):
    """The key of section `training` that says which processor networks run on."""

    key = "training"
    device: str = setting(
        "where networks run; auto takes CUDA where there is one", choices=("auto", "cpu", "cuda"), default="auto"
    )


@dataclass(frozen=True, kw_only=True)
class Computing(Device):
    """Keys of section `training` that say where networks run, and on how many cores, which changes no result."""

    threads: int = setting("CPU threads of one run", minimum=1, maximum=4096, default=1)


@dataclass(frozen=True, kw_only=True)
class Training(Computing, Patience, Optimisation):
    """Section `training`."""

    dropout: list[float] | dict[int, list[float]] = setting(
        "candidates for the probability that a non-recurrent connection is dropped", minimum=0, below=1
    )


@dataclass(frozen=True, kw_only=True)
class NGrams(Section):
    """Section `ngrams`: n-gram models (paper section 4, T2)."""

    key = "ngrams"
    is_optional = True
    longest_context: int = setting("n-gram models see 1, 2, ... up to this many characters", minimum=1, maximum=LONGEST_CONTEXT)


@dataclass(frozen=True, kw_only=True)
class ReferenceNGram(Section):
    """The key of section `comparisons` that names the n-gram model."""

    key = "comparisons"
    ngram: int = setting(
        "characters of context of the n-gram model that networks are compared with", minimum=1, maximum=LONGEST_CONTEXT
    )


@dataclass(frozen=True, kw_only=True)
class FeedForwardTraining(Section):
    """The key of section `nnn` that fixes one training run."""

    key = "nnn"
    is_optional = True
    sequence_length: int = setting("characters of every stream in a minibatch", **COUNT)


@dataclass(frozen=True, kw_only=True)
class FeedForward(FeedForwardTraining):
    """Section `nnn`: feed-forward networks that see the last n characters (paper section 4, T2)."""

    longest_context: int = setting("n-NNs see 1, 2, ... up to this many characters", minimum=1, maximum=LONGEST_CONTEXT)
    hidden_widths: list[int] = setting("candidates for the number of hidden units", minimum=1, maximum=LARGEST_SIZE)


@dataclass(frozen=True, kw_only=True)
class Snapshots(Section):
    """The key of section `dynamics` that fixes which snapshots are taken."""

    key = "dynamics"
    is_optional = True
    snapshots: int = setting("how many snapshots, evenly spaced in time", minimum=1, maximum=10_000)


@dataclass(frozen=True, kw_only=True)
class Dynamics(Snapshots):
    """Section `dynamics`: snapshots of one model early in its training (paper section 4, F6)."""

    model: str = setting("model that is observed", names="model")
    epochs: int = setting("first epochs of its training that are observed", **COUNT)
