"""The columns of a training run's history, for those that write it and those that read it without importing torch."""

from rnnscope.storage.declarations import Column, declare

HISTORY = (
    Column("epoch", "integer", "pass over the train part, from 1"),
    Column("learning_rate", "number", "learning rate of the epoch"),
    Column("train_loss", "number", "mean over the epoch, while the weights changed, with dropout; nats per character"),
    Column("validation_loss", "number", "after the epoch, without dropout; nats per character"),
)
declare("models/<model>/history.csv", "One row an epoch of the run with the best dropout or hidden width.", HISTORY)
HISTORY_COLUMNS = tuple(column.name for column in HISTORY)
