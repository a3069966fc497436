"""The page of `marl rewards ablate`: a whisker for each variant, a table, and how to do it again."""

from __future__ import annotations

import math
import shlex

from marl.page import document
from marl.page.figure import section
from marl.page.header import header, tile
from marl.page.rows import Row, rows
from marl.page.text import escape, exact
from marl.page.words import reading_section
from marl.words import number
from marl_rewards.lab.ablation_table import said, verdict
from marl_rewards.lab.scores import Scores
from marl_rewards.lab.variants import ALL

READING = (
    ("Without X", "is the scenario with the weight of X at 0: what X is good for."),
    ("Only X", "is the game's own reward and X: what X does by itself."),
    (
        "Without X in Y",
        "takes a part out of a combination; where one is left, it stands for the combination, with its weight.",
    ),
    (
        "Change",
        "is against <em>all</em>, seed by seed, with a 95 % interval (Student's t over seeds). With few seeds "
        "intervals are wide, and a change whose interval holds 0 may be chance.",
    ),
)


def page(ablation: Scores) -> str:
    """The whole page as HTML text."""
    command = f"<code>{escape(command_of(ablation))}</code><span>goes on, or shows it again</span>"
    again = f'<div class="commands"><div>{command}</div></div>'
    sections = [*changes(ablation), reading_section(READING), section("again", "Run it again", again)]
    whole = ablation.mean(ALL)
    tiles = [
        tile("Score of all", exact(whole.value), escape(said(whole))),
        tile("Variants", str(len(ablation.scores)), f"{ablation.seeds} seed{'' if ablation.seeds == 1 else 's'} each"),
    ]
    head = header("marl rewards", f"Ablation of {ablation.name}", ablation.overrides, "done", tiles, done=True)
    return document(ablation.name, "marl rewards ablate", f"<main>{head}{''.join(sections)}</main>")


def command_of(ablation: Scores) -> str:
    """The command that goes on with it."""
    seeds = ["--seeds", str(ablation.seeds), "--first", str(ablation.first)]
    what = [ablation.scenario, *ablation.overrides, *seeds, "--out", str(ablation.out)]
    return shlex.join(["marl", "rewards", "ablate", *what])


def changes(ablation: Scores, of: str = "", how: str = "") -> list[str]:
    """The sections of scores and changes; `of` goes before their titles, `how` (HTML) before what is said of them."""
    lead = f"{how}{ablation.measured.capitalize()}: a dot for each seed, the mean, and its 95 % interval."
    return [
        section("ablation-scores", f"{of}Scores", _whiskers(ablation), lead),
        section("ablation-changes", f"{of}Changes", _table(ablation)),
    ]


def _whiskers(ablation: Scores) -> str:
    found = []
    for name, scores in ablation.scores.items():
        mean, colour = ablation.mean(name), 0 if name == ALL else 1 if name.startswith("without") else 2
        interval = (mean.value - mean.margin, mean.value + mean.margin) if math.isfinite(mean.margin) else None
        found.append(Row(name, mean.value, interval, list(scores.values()), colour, said(mean)))
    return rows("scores", found, ablation.measured, mark=ablation.mean(ALL).value)


def _table(ablation: Scores) -> str:
    head = '<th style="text-align:left">variant</th>'
    head += "".join(f"<th>{name}</th>" for name in ("score", "change", "", "seeds"))
    rows = ""
    for name, scores in ablation.scores.items():
        change = ablation.change(name)
        shown = ("", "") if name == ALL else (said(change), verdict(change))
        each = ", ".join(number(score) for score in scores.values())
        rows += (
            f'<tr><td class="name">{escape(name)}</td><td>{said(ablation.mean(name))}</td><td>{shown[0]}</td>'
            f'<td class="word">{shown[1]}</td><td>{each}</td></tr>'
        )
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
