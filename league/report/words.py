"""The parts of the page that are words: how to read it, how to run it again, and the scenario."""

from __future__ import annotations

import shlex

from league.report.figure import section
from league.report.text import escape, exact
from league.view import LeagueView

READING = (
    (
        "Exploitability",
        "should fall, roughly straight on its log axis. A long flat stretch means that new players add little: try "
        "another meta-solver, more training per job, or more matches per pairing. It need not fall every time; compare "
        "the thin line.",
    ),
    (
        "Payoffs",
        "show structure. A smooth slope from corner to corner is plain progress: newer beats older. Stripes and "
        "chequers are cycles, as in rock-paper-scissors, and the reason to keep a whole population.",
    ),
    (
        "Meta-strategy",
        "answers which players still matter. Only the rising edge: each newcomer replaces all others, so the league "
        "runs in circles or is still climbing. Long streaks: it has found players that an equilibrium needs.",
    ),
    (
        "Lineage",
        "tells where those players came from. Lines to the far left mean that old opponents still teach something.",
    ),
)


def reading_section() -> str:
    """How to read this."""
    items = "".join(f"<dt>{name}</dt><dd>{text}</dd>" for name, text in READING)
    words = (
        "<dt>Words</dt><dd>A <em>player</em> is a saved policy of one <em>side</em>. An <em>iteration</em> trains new "
        "players against the present <em>mixture</em> (the meta-strategy), plays the missing pairings, and solves the "
        "payoff table for the next mixture.</dd>"
    )
    return section("reading", "How to read this", f'<dl class="reading">{items}{words}</dl>')


def again_section(view: LeagueView) -> str:
    """The commands that go on from here, and the resolved scenario."""
    run = shlex.quote(f"runs/{view.name}")
    goes_on = (
        "ends at once: the run is finished, and its stop conditions hold"
        if view.finished
        else "goes on where it stopped"
    )
    commands = (
        (f"marl resume {run}", goes_on),
        (
            f"marl run {shlex.quote(f'runs/{view.name}/scenario.yaml')} --out {shlex.quote(f'runs/{view.name}-again')}",
            "the same from the start",
        ),
        (f"marl report {run}", "writes this page anew"),
    )
    lines = "".join(f"<div><code>{escape(command)}</code><span>{escape(why)}</span></div>" for command, why in commands)
    scenario = (
        f"<details open><summary>The resolved scenario</summary><pre>{escape(view.scenario.strip())}</pre></details>"
        if view.scenario.strip()
        else "<p>The scenario's text was not kept with this run.</p>"
    )
    hint = "From the directory that holds <code>runs/</code>:"
    return section(
        "again", "Run it again", f'<p>{hint}</p><div class="commands">{lines}</div>{scenario}{metrics(view)}'
    )


def metrics(view: LeagueView) -> str:
    """What the last iteration logged, folded."""
    if not view.iterations or not view.iterations[-1].metrics:
        return ""
    rows = "".join(
        f'<tr><td class="word">{escape(k)}</td><td>{exact(v)}</td></tr>' for k, v in view.iterations[-1].metrics.items()
    )
    return f"<details><summary>Metrics of the last iteration</summary><table><tbody>{rows}</tbody></table></details>"
