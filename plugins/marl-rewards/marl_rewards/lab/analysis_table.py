"""What `marl rewards analyze` says in a terminal: one line a term, and what there is to look at."""

from __future__ import annotations

import numpy as np

from marl.terminal.table import table
from marl.terminal.text import columns, folded, styled
from marl.words import compact, number
from marl_rewards.lab.alarm import BINS, LEAST, Alarm, alarms, bins_of, scored
from marl_rewards.lab.updates import Updates, mean

HEADINGS = ("channel", "early", "late", "of paid", "of variance", "with score", "")
NOTE = (
    "early, late: paid a row, in the first and the last third of the updates; of paid: by size, late; of variance: of "
    "the sum within an update, late; with score: correlation over the updates"
)


def lines(updates: Updates) -> list[str]:
    """The lines, as wide as the terminal."""
    found = {alarm.name: alarm for alarm in alarms(updates)}
    rows = [
        (
            name,
            number(mean(paid[updates.early]), 3),
            number(mean(paid[updates.recent]), 3),
            f"{updates.weight[name]:.0%}",
            percent(mean(updates.share[name][updates.recent])),
            signed(updates.with_score(name)),
            "ALARM" if name in found else "",
        )
        for name, paid in updates.paid.items()
    ]
    count = f"{len(updates):,} update{'' if len(updates) == 1 else 's'}"
    head = f"{updates.run}: {count}, {compact(float(updates.steps[-1]))} env steps"
    score = updates.score
    if np.isfinite(score).any():
        ends = [number(mean(score[part]), 4) for part in (updates.early, updates.recent)]
        head += f"; the game's own score {ends[0]} early, {ends[1]} late"
    result = [*folded(head, columns()), ""]
    result += table(HEADINGS, rows, columns(), lambda column, text: "bold red" if column == 6 and text else "")
    result += ["", *folded(NOTE, columns())]
    said = [line for alarm in found.values() for line in folded(sentence(alarm), columns())]
    return result + ([styled(line, "red") for line in said] or folded(silence(updates), columns()))


def percent(share: float) -> str:
    """A share in percent; a dash where there is none."""
    return f"{number(round(100 * share) + 0.0, 3)}%" if np.isfinite(share) else number(None)


def signed(value: float) -> str:
    """A correlation, "−0.42"; a dash where there is none."""
    return number(round(value, 2), 2) if np.isfinite(value) else number(None)


def sentence(alarm: Alarm) -> str:
    """What is wrong, in words."""
    paid, score = ([number(end, 3) for end in ends] for ends in (alarm.paid, alarm.score))
    return (
        f"ALARM {alarm.name} is paid {paid[1]} a row, up from {paid[0]}, while the game's own score fell from "
        f"{score[0]} to {score[1]} since {compact(alarm.since)} env steps: it may be farmed at the game's cost"
    )


def silence(updates: Updates) -> str:
    """Why there is no alarm."""
    if not bins_of(updates):
        few = f"{len(updates)} updates are" if len(updates) > 1 else "1 update is"
        return f"no alarm: {few} too few to tell (from {LEAST * 5} on; best with {LEAST * BINS})"
    if not scored(updates):
        return "no alarm: too few matches ended to know how the game's own score went"
    return "no alarm: no channel grows while the game's own score falls"
