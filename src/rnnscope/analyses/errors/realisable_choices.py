"""The table of what the methods of `methods` were chosen from, which both of their stages know."""

from rnnscope.storage.declarations import Column
from rnnscope.storage.tables import Table

MODEL = Column("model", "text", "name of the best network of `errors: candidates`")
METHOD = Column(
    "method",
    "text",
    "name of the method and of its predictions: `realisable-dynamic-evaluation`, with scaled steps; `realisable-cache-<n>`, the "
    "mixture with a neural cache of the last n characters; `realisable-ngram-mixture`, that with the n-gram model",
)
VALUES = (
    Column("learning_rate", "number", "of dynamic evaluation, 0 for the network without it; empty for others"),
    Column("decay", "number", "its decay towards the trained weights; empty for others"),
    Column("theta", "number", "how much a cache prefers similar states; empty for others"),
    Column("weight", "number", "of the cache or the n-gram model in the mixture: that of the lowest loss; empty for others"),
)
REALISABLE_CHOICES = Table(
    "analyses/realisable_choices.csv",
    "What the methods of `realisable.csv` were chosen from, by the loss on some streams of the validation part: one row a method "
    "and candidate.",
    (
        MODEL,
        METHOD,
        *VALUES,
        Column("validation_loss", "number", "nats per character, on the streams that choose; empty where it is infinite"),
        Column("characters", "integer", "characters of these streams"),
        Column("chosen", "yes/no", "whether it makes the predictions: the lowest loss of the method, the first of equals"),
    ),
)
