"""The claims about gates, closing braces, training dynamics and scaling up, and the list of all claims."""

import pandas as pd

from rnnscope.analyses.paper.claims import (
    BEYOND,
    CONSISTENTLY,
    FAILS,
    FEWEST,
    HOLDS,
    NEARLY_NEVER,
    OPEN,
    SEVERAL,
    SHUFFLES,
    Claim,
    Tables,
    Verdict,
    depth_helps,
    lstm_against_gru,
    lstm_and_gru_agree,
    rnn_is_beaten,
    rnns_cluster,
    two_against_three,
)
from rnnscope.models.cells import ModelName

NO_GATES = "no such gates are dumped"


def gates_of(tables: Tables, cell: str, gate: str) -> pd.DataFrame:
    """Return the units of one gate of one type of network."""
    table = tables.saturation
    return table[(table["cell"] == cell) & (table["gate"] == gate)]


def often_open_forget_gates(tables: Tables) -> Verdict:
    """Count forget gates that are right-saturated nearly always."""
    units = gates_of(tables, "lstm", "forget")
    always = int((units["right_fraction"] > CONSISTENTLY).sum())
    return (f"{always} of {len(units)} units", HOLDS if always >= SEVERAL else FAILS) if len(units) else (NO_GATES, OPEN)


def never_shut_forget_gates(tables: Tables) -> Verdict:
    """Count forget gates that are left-saturated nearly always."""
    units = gates_of(tables, "lstm", "forget")
    always = int((units["left_fraction"] > CONSISTENTLY).sum())
    return (f"{always} of {len(units)} units", FAILS if always else HOLDS) if len(units) else (NO_GATES, OPEN)


def output_gates_change(tables: Tables) -> Verdict:
    """Count output gates that are saturated on one side nearly always."""
    units = gates_of(tables, "lstm", "output")
    always = int((units[["left_fraction", "right_fraction"]].max(axis=1) > CONSISTENTLY).sum())
    return (f"{always} of {len(units)} units", FAILS if always else HOLDS) if len(units) else (NO_GATES, OPEN)


def first_layer_is_diffuse(tables: Tables) -> Verdict:
    """Compare how often the gates of the first layer are saturated with each layer above, for each model and gate."""
    table = tables.saturation.assign(saturated=lambda rows: rows["left_fraction"] + rows["right_fraction"])
    lower = compared = 0
    for _, units in table.groupby(["model", "gate"]):
        by_layer = units.groupby("layer")["saturated"].mean()
        above = by_layer[by_layer.index > 1]
        compared += len(above)
        lower += int((above > by_layer.get(1, float("nan"))).sum())
    if not compared:
        return NO_GATES, OPEN
    return f"less saturated than the layer above in {lower} of {compared} comparisons", HOLDS if lower == compared else FAILS


def first_layer_of_the_gru(tables: Tables) -> Verdict:
    """Look how often reset gates of the first layer are right-saturated and update gates left-saturated."""
    first = tables.saturation[tables.saturation["layer"] == 1]
    reset = first[(first["cell"] == "gru") & (first["gate"] == "reset")]["right_fraction"]
    update = first[(first["cell"] == "gru") & (first["gate"] == "update")]["left_fraction"]
    if reset.empty or update.empty:
        return NO_GATES, OPEN
    words = f"reset gates right-saturated {reset.mean():.3f} of the time, update gates left-saturated {update.mean():.3f}"
    return words, HOLDS if max(reset.mean(), update.mean()) < NEARLY_NEVER else FAILS


def lead_in_braces(tables: Tables) -> Verdict:
    """Compare the network with the n-gram model in each of the paper's bins beyond a distance."""
    table = tables.closings
    rows = table[(table["bins"] == "paper") & (table["delimiter"] == "}") & (table["least_distance"] >= BEYOND)]
    kinds = rows["model"].map(lambda model: ModelName.parse(model).kind)
    networks = rows[~kinds.isin(["ngram", "nnn"])].set_index("least_distance")
    ngrams = rows[kinds == "ngram"].set_index("least_distance").reindex(networks.index)
    if networks.empty:
        return "too few closing braces", OPEN
    leads = int((networks["low"] > ngrams["high"]).sum())
    trails = int((networks["high"] < ngrams["low"]).sum())
    ahead = int((networks["mean_probability"] > ngrams["mean_probability"]).sum())
    holds = ahead == len(networks) and 2 * leads > len(networks)
    words = f"ahead in {ahead} of {len(networks)} bins, with intervals apart in {leads}"
    return words, HOLDS if holds else FAILS if trails or 2 * ahead < len(networks) else OPEN


def nearest_in_turn(tables: Tables) -> Verdict:
    """Look which n-NN the network is nearest to at each snapshot."""
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
    in_order = turns == sorted(turns) and nearest.is_monotonic_increasing
    return words, OPEN if in_order else FAILS  # in order but not all: snapshots may be too few, or the training too short


def mostly_ngram_errors(tables: Tables) -> Verdict:
    """Look at the share of n-gram errors in the errors that the larger network has fewer."""
    share = tables.ngram_share
    if share is None:
        return "one of the two networks is not in the grid", OPEN
    words = f"{share.value:.0%} of them, 95 % interval {share.low:.0%} to {share.high:.0%}"
    return words, HOLDS if share.low > 0.5 else FAILS if share.high < 0.5 else OPEN


SIGNIFICANT = "significant after the correction for all pairs of models"
CLAIMS = (
    Claim(
        *("T1", "A depth of at least two helps.", ""),
        f"For each cell and size, one layer against the better of two and three by validation loss: most lower, none higher "
        f"({SIGNIFICANT}).",
        depth_helps,
    ),
    Claim(
        *("T1", "Two layers against three is mixed.", ""),
        f"For each cell and size: significant in both directions. {FEWEST} or more in one alone: does not hold.",
        two_against_three,
    ),
    Claim(
        *("T1", "LSTM against GRU is mixed.", ""),
        f"For each depth and size: significant in both directions. {FEWEST} or more in one alone: does not hold.",
        lstm_against_gru,
    ),
    Claim(
        *("T1", "LSTM and GRU both clearly beat the RNN.", ""),
        "For each depth and size, either against the RNN: all significantly lower. One significantly higher: does not hold.",
        rnn_is_beaten,
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
        f"At least {SEVERAL} forget gates of the LSTM for more than {CONSISTENTLY} of the test characters.",
        often_open_forget_gates,
    ),
    Claim(
        *("F3", "No forget gate is consistently left-saturated.", ""),
        f"No forget gate of the LSTM for more than {CONSISTENTLY} of the test characters.",
        never_shut_forget_gates,
    ),
    Claim(
        *("F3", "No output gate is consistently open or shut.", ""),
        f"No output gate of the LSTM saturated on one side for more than {CONSISTENTLY} of the test characters.",
        output_gates_change,
    ),
    Claim(
        *("F3", "The gates of the first layer are much more diffuse, in all models.", ""),
        "For each dumped model and gate: the mean saturated fraction of the first layer is below that of every other.",
        first_layer_is_diffuse,
    ),
    Claim(
        *("F3", "In the GRU's first layer reset gates are nearly never right-saturated, update gates rarely left-saturated.", ""),
        f"Both fractions, over all units and test characters, below {NEARLY_NEVER}.",
        first_layer_of_the_gru,
    ),
    Claim(
        *("F5", f"The LSTM leads the 20-gram at closing braces also beyond {BEYOND} characters.", "linux_kernel"),
        f"In the paper's bins from {BEYOND} characters on: ahead in all, with 95 % intervals that do not overlap in most.",
        lead_in_braces,
    ),
    Claim(
        *("F6", "In training the LSTM is nearest to the 1-NN first, then to the 2-, 3- and 4-NN in turn.", "linux_kernel"),
        "By the symmetric divergence, over the snapshots: nearest to 1, 2, 3, 4 in this order, and never back.",
        nearest_in_turn,
    ),
    Claim(
        *("F8", "Most of what scaling up fixes are n-gram errors (81 % of the errors fewer).", "war_and_peace"),
        "Their share in the errors fewer of lstm-3-512 than of lstm-2-64: 95 % interval above one half.",
        mostly_ngram_errors,
    ),
)
