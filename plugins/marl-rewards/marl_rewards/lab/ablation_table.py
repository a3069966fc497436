"""What `marl rewards ablate` says in a terminal."""

from __future__ import annotations

import math

from marl.terminal.table import table
from marl.terminal.text import columns, folded
from marl.words import number, uncertain
from marl_rewards.lab.scores import Mean, Scores
from marl_rewards.lab.variants import ALL


def lines(ablation: Scores) -> list[str]:
    """A line for each variant: its score, and how far it is from that of `all`."""
    rows = [
        (
            name,
            said(ablation.mean(name)),
            "" if name == ALL else said(ablation.change(name)),
            "" if name == ALL else verdict(ablation.change(name)),
        )
        for name in ablation.scores
    ]
    head = f"{ablation.name}: {ablation.measured}, {ablation.seeds} seeds, 95 % intervals"
    if ablation.seeds < 2:
        head = f"{ablation.name}: {ablation.measured}, one seed, which has no intervals: say --seeds 3 or more"
    note = "change: against all, seed by seed; better and worse: where the interval of the change leaves out 0"
    return ["", *folded(head, columns()), "", *table(("variant", "score", "change", ""), rows, columns()), "",
            *folded(note, columns())]  # fmt: skip


def said(mean: Mean) -> str:
    """A mean with its interval."""
    return uncertain(mean.value, mean.margin) if math.isfinite(mean.margin) else number(mean.value)


def verdict(change: Mean) -> str:
    """Whether a change is one."""
    if not math.isfinite(change.margin) or abs(change.value) <= change.margin:
        return ""
    return "better" if change.value > 0 else "worse"
