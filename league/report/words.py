"""What is said about a league: how to read its page, and how to go on."""

from __future__ import annotations

import shlex

from league.view import LeagueView
from marl.page.words import again_section, reading_section

READING = (
    (
        "Measures",
        "say how good the league is. What players could still gain (NashConv, exploitability) should fall, roughly "
        "straight on a log axis. A long flat stretch means that new players add little: try another meta-solver, more "
        "training per job, or more matches per pairing. It need not get better every time; compare the thin line.",
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
        "Births",
        "tells where those players came from. Lines to the far left mean that old opponents still teach something.",
    ),
    (
        "Words",
        "A <em>player</em> is a saved policy of one <em>side</em>. An <em>iteration</em> trains new players against "
        "the present <em>mixture</em> (the meta-strategy), plays the missing pairings, and solves the payoff table for "
        "the next mixture.",
    ),
)


def reading() -> str:
    """How to read this."""
    return reading_section(READING)


def again(view: LeagueView) -> str:
    """The commands that go on from here, and the resolved scenario."""
    run = shlex.quote(f"runs/{view.name}")
    goes_on = (
        f"ends at once: the run is finished ({view.reason or 'its stop conditions hold'})"
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
    return again_section(commands, view.scenario)
