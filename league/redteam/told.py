"""A red team's report in words, for a terminal."""

from __future__ import annotations

from pathlib import Path

from rich.table import Table
from rich.text import Text

from league.redteam.findings import Attempt, Finding, Report, Tally
from marl.printable import printable
from marl.words import duration, number, uncertain


def share(tally: Tally) -> str:
    """How often the exploiter wins, with its interval."""
    points, low, high = tally.points
    return f"{points:.0%} ({low:.0%} to {high:.0%})"


def sentence(report: Report, finding: Finding) -> str:
    """What was found on a side."""
    gain, margin = finding.gain
    wins = f"the best of {report.exploiters} wins {share(finding.tally)} of {finding.tally.matches:,} fresh matches"
    if finding.usual is None:
        earns = f"and earns {uncertain(finding.tally.mean, finding.tally.margin)} a match"
    else:
        earns = f"and earns {uncertain(gain, margin)} more a match than {report.player} does there against itself"
    what = {
        "exploited": "a weakness",
        "held": "no weakness",
        "unclear": "nothing that is sure",
    }[finding.verdict]
    return f"{report.side(finding.side)}: {what}: {wins}, {earns}"


def attempts(report: Report) -> Table:
    """Every exploiter, as it did when it was trained."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in ("exploiter of", "number", "trained", "wins", "return"):
        table.add_column(column, no_wrap=True)
    best = {(finding.side, finding.number) for finding in report.findings}
    for one in report.attempts:
        row = (report.side(one.side), f"{one.number}{' *' if (one.side, one.number) in best else ''}")
        tally = one.tally
        table.add_row(*map(Text, (*row, duration(one.seconds), share(tally), uncertain(tally.mean, tally.margin))))
    return table


def progress(report_side: str, one: Attempt) -> str:
    """A line about an exploiter that is trained."""
    return (
        f"{report_side}, exploiter {one.number}: trained in {duration(one.seconds)}, wins {share(one.tally)}, "
        f"returns {number(one.tally.mean, 3)}"
    )


def lines(report: Report, folder: Path) -> list[str]:
    """What was found, and the games that the player lost."""
    told = [printable(sentence(report, finding)) for finding in report.findings]
    games = [folder / game for finding in report.findings for game in finding.games]
    told += [f"{'lost' if number == 0 else '':<8}marl watch {game}" for number, game in enumerate(games)]
    return told
