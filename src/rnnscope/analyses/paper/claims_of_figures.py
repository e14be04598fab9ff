"""The claims about gates, closing braces, training dynamics and scaling up, and the list of all claims."""

from collections.abc import Callable

import pandas as pd

from rnnscope.analyses.paper.claims import (
    BEYOND,
    CONSISTENTLY,
    COUNTS_FROM,
    FAILS,
    FEWEST,
    HOLDS,
    LARGEST_DEVIATION,
    LONG_CONTEXT,
    NEARLY_NEVER,
    OPEN,
    SEVERAL,
    SHUFFLES,
    Claim,
    Tables,
    Verdict,
    depth_helps,
    deviations_are_small,
    long_contexts_overfit,
    lstm_against_gru,
    lstm_and_gru_agree,
    rnn_is_beaten,
    rnns_cluster,
    two_against_three,
)
from rnnscope.models.cells import ModelName

NO_GATES = "no such gates are dumped"
MUCH = 0.5  # of the saturated fraction of another layer
LAYERS, SIZE = 3, 512  # of the networks of the paper's figure F3
CELLS = ("lstm", "gru")  # of that figure


def gates_of(tables: Tables, cell: str, gate: str) -> tuple[str, pd.DataFrame]:
    """Return the largest dumped network of one type, empty for none, and the units of one of its gates."""
    table = tables.saturation[tables.saturation["cell"] == cell]
    names = sorted(map(ModelName.parse, table["model"].unique()), key=lambda name: (name.size, name.layers))
    model = str(names[-1]) if names else ""
    return model, table[(table["model"] == model) & (table["gate"] == gate)]


def of_the_paper(model: str, outcome: str) -> str:
    """Return an outcome; undecided in place of `FAILS` if the network is smaller than the paper's."""
    name = ModelName.parse(model)
    return outcome if outcome != FAILS or (name.layers, name.size) == (LAYERS, SIZE) else OPEN


def decide_gates(tables: Tables, gate: str, sides: list[str], holds: Callable[[int], bool]) -> Verdict:
    """Count the gates of the LSTM that are saturated on one of some sides nearly always; `holds` decides by their number."""
    model, units = gates_of(tables, "lstm", gate)
    if units.empty:
        return NO_GATES, OPEN
    always = int((units[sides].max(axis=1) > CONSISTENTLY).sum())
    return f"{model}: {always} of {len(units)} units", of_the_paper(model, HOLDS if holds(always) else FAILS)


def often_open_forget_gates(tables: Tables) -> Verdict:
    """Count forget gates that are right-saturated nearly always."""
    return decide_gates(tables, "forget", ["right_fraction"], lambda always: always >= SEVERAL)


def never_shut_forget_gates(tables: Tables) -> Verdict:
    """Count forget gates that are left-saturated nearly always."""
    return decide_gates(tables, "forget", ["left_fraction"], lambda always: always == 0)


def output_gates_change(tables: Tables) -> Verdict:
    """Count output gates that are saturated on one side nearly always."""
    return decide_gates(tables, "output", ["left_fraction", "right_fraction"], lambda always: always == 0)


def first_layer_is_diffuse(tables: Tables) -> Verdict:
    """Compare how often the gates of the first layer are saturated with each layer above, for each model and gate."""
    table = tables.saturation.assign(saturated=lambda rows: rows["left_fraction"] + rows["right_fraction"])
    ratios: list[float] = []
    for _, units in table.groupby(["model", "gate"]):
        by_layer = units.groupby("layer")["saturated"].mean()
        ratios += (by_layer.get(1, float("nan")) / by_layer[by_layer.index > 1]).tolist()
    if not ratios:
        return NO_GATES, OPEN
    less, much = sum(ratio < 1 for ratio in ratios), sum(ratio <= MUCH for ratio in ratios)
    models = sorted(set(table["model"]))
    pairs = f"less saturated than a layer above in {less} of {len(ratios)} pairs, at most half as much in {much}"
    words = f"{', '.join(models)}: {pairs}"
    if much == len(ratios) and set(table["cell"]) >= set(CELLS):
        return words, HOLDS
    return words, FAILS if less < len(ratios) and all(of_the_paper(model, FAILS) == FAILS for model in models) else OPEN


def first_layer_of_the_gru(tables: Tables) -> Verdict:
    """Look how often reset gates of the first layer are right-saturated and update gates left-saturated."""
    (model, reset), (_, update) = gates_of(tables, "gru", "reset"), gates_of(tables, "gru", "update")
    right, left = reset[reset["layer"] == 1]["right_fraction"], update[update["layer"] == 1]["left_fraction"]
    if right.empty or left.empty:
        return NO_GATES, OPEN
    words = f"{model}: reset gates right-saturated {right.mean():.3f} of the time, update gates left-saturated {left.mean():.3f}"
    return words, of_the_paper(model, HOLDS if max(right.mean(), left.mean()) < NEARLY_NEVER else FAILS)


def lead_in_braces(tables: Tables) -> Verdict:
    """Look at the lead of the network over the n-gram model in each of the paper's bins beyond a distance."""
    leads = [lead for least, lead in tables.leads.items() if least >= BEYOND]
    if not leads:
        return "too few closing braces, or one of the two models is missing", OPEN
    ahead = sum(lead.value > 0 for lead in leads)
    clearly, behind = sum(lead.low > 0 for lead in leads), sum(lead.high < 0 for lead in leads)
    words = f"ahead in {ahead} of {len(leads)} bins, in {clearly} beyond the interval; behind beyond it in {behind}"
    if len(leads) >= FEWEST and ahead == len(leads) and 2 * clearly > len(leads):
        return words, HOLDS
    return words, FAILS if behind >= 2 else OPEN  # of seven bins one may be behind by chance


def nearest_in_turn(tables: Tables) -> Verdict:
    """Look which n-NN the network is nearest to at each snapshot; a step back to the one before may be between equals."""
    if tables.dynamics.empty:
        return "no network is observed in training", OPEN
    table = tables.dynamics[tables.dynamics["n"] <= 4]
    nearest = table.loc[table.groupby("snapshot")["symmetric_divergence"].idxmin()].sort_values("snapshot")["n"]
    turns = list(dict.fromkeys(nearest))
    words = f"nearest to the {', '.join(f'{n}-NN' for n in turns)} in turn, over {len(nearest)} snapshots"
    if table["n"].nunique() < 4:
        return f"{words}; n-NNs up to {table['n'].max()} alone", OPEN
    if turns == [1, 2, 3, 4] and nearest.is_monotonic_increasing:
        return words, HOLDS
    in_order = turns == sorted(turns) and nearest.diff().fillna(0).min() >= -1
    return words, OPEN if in_order else FAILS  # in order but not all: snapshots may be too few, or the training too short


def mostly_ngram_errors(tables: Tables) -> Verdict:
    """Look at the share of n-gram errors in the errors that the larger network has fewer."""
    share = tables.ngram_share
    if share is None:
        return "one of the two networks is not in the grid", OPEN
    words = f"{share.value:.0%} of them, 95 % interval {share.low:.0%} to {share.high:.0%}"
    return words, HOLDS if share.low > 0.5 else FAILS if share.high < 0.5 else OPEN


COUNTED = (
    "A difference counts if it is significant after the correction for all pairs of models and above a chosen bound, "
    f"{COUNTS_FROM} nats."
)
LARGEST = f"Of the largest dumped network of its type; does not hold of one of {LAYERS} layers and size {SIZE} alone."
EVERYWHERE = f"Holds of at least {FEWEST} comparisons on all sizes of the paper's grid alone"
CLAIMS = (
    Claim(
        *("T1", "A depth of at least two helps.", ""),
        "For each cell and size, one layer against the better of two and three by validation loss: most lower, none higher. "
        f"{COUNTED} {EVERYWHERE}.",
        depth_helps,
        has_numbers=True,
    ),
    Claim(
        *("T1", "Two layers against three is mixed.", ""),
        f"For each cell and size: differences in both directions. {FEWEST} or more in one alone: does not hold. {COUNTED}",
        two_against_three,
        has_numbers=True,
    ),
    Claim(
        *("T1", "LSTM against GRU is mixed.", ""),
        f"For each depth and size: differences in both directions. {FEWEST} or more in one alone: does not hold. {COUNTED}",
        lstm_against_gru,
        has_numbers=True,
    ),
    Claim(
        *("T1", "LSTM and GRU both clearly beat the RNN.", ""),
        f"For each depth and size, either against the RNN: all lower. One higher: does not hold. {COUNTED} {EVERYWHERE}.",
        rnn_is_beaten,
        has_numbers=True,
    ),
    Claim(
        *("T1", f"The standard deviation of the test losses is below {LARGEST_DEVIATION}.", ""),
        "As the paper estimates it, with the test characters as if they were independent: of every network.",
        deviations_are_small,
    ),
    Claim(
        *("T2", "For larger n the n-NN overfits and the n-gram model is better.", ""),
        f"For every n from {LONG_CONTEXT} on with both models: the n-gram model lower. One higher: does not hold. {COUNTED}",
        long_contexts_overfit,
        has_numbers=True,
    ),
    Claim(
        *("F1", "LSTM and GRU make similar predictions.", "war_and_peace"),
        f"For each depth and size: they disagree on the most likely character less often than either does with the RNN; in all "
        f"of at least {FEWEST}.",
        lstm_and_gru_agree,
    ),
    Claim(
        *("F1", "RNNs form their own cluster.", "war_and_peace"),
        f"RNNs disagree less with each other than with other networks; {SHUFFLES} shuffles of the types within each depth and "
        "size, p <= 0.05.",
        rnns_cluster,
    ),
    Claim(
        *("F3", "Several forget gates are almost always right-saturated.", ""),
        f"At least {SEVERAL} forget gates for more than {CONSISTENTLY} of the test characters. {LARGEST}",
        often_open_forget_gates,
    ),
    Claim(
        *("F3", "No forget gate is consistently left-saturated.", ""),
        f"No forget gate for more than {CONSISTENTLY} of the test characters. {LARGEST}",
        never_shut_forget_gates,
    ),
    Claim(
        *("F3", "No output gate is consistently open or shut.", ""),
        f"No output gate saturated on one side for more than {CONSISTENTLY} of the test characters. {LARGEST}",
        output_gates_change,
    ),
    Claim(
        *("F3", "The gates of the first layer are much more diffuse, in all models.", ""),
        "For each dumped model and gate, an LSTM and a GRU among them: the mean saturated fraction of the first layer is at most "
        f"{MUCH} of that of every other. Not lower, in networks of {LAYERS} layers and size {SIZE}: does not hold.",
        first_layer_is_diffuse,
    ),
    Claim(
        *("F3", "In the GRU's first layer reset gates are nearly never right-saturated, update gates rarely left-saturated.", ""),
        f"Both fractions, over all units and test characters, below {NEARLY_NEVER}. {LARGEST}",
        first_layer_of_the_gru,
    ),
    Claim(
        *("F5", f"The LSTM leads the 20-gram at closing braces also beyond {BEYOND} characters.", "linux_kernel"),
        f"lstm-3-512 in the paper's bins from {BEYOND} characters on, at least {FEWEST}: ahead in all, in most beyond the paired "
        "95 % interval. Behind beyond it in two: does not hold.",
        lead_in_braces,
        has_numbers=True,
    ),
    Claim(
        *("F6", "In training the LSTM is nearest to the 1-NN first, then to the 2-, 3- and 4-NN in turn.", "linux_kernel"),
        "By the symmetric divergence, over the snapshots: nearest to 1, 2, 3, 4 in this order, and never back. Back by more than "
        "one, or in another order: does not hold.",
        nearest_in_turn,
        has_numbers=True,
    ),
    Claim(
        *("F8", "Most of what scaling up fixes are n-gram errors (81 % of the errors fewer).", "war_and_peace"),
        "Their share in the errors fewer of lstm-3-512 than of lstm-2-64: 95 % interval above one half.",
        mostly_ngram_errors,
        has_numbers=True,
    ),
)
