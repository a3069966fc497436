"""The page of `marl meanfield curves`: NashConv over iterations, of several runs over one pair of axes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from marl.errors import UserError
from marl.metrics import read
from marl.page import document
from marl.page.figure import absent, figure, section
from marl.page.header import header
from marl.page.plot import Sheet, thinned
from marl.page.scale import log_range, plain
from marl.page.text import escape
from marl.page.words import reading_section
from marl.registry import load_registry
from marl.scenario import load_run
from marl.training.report.chart import COLOURS, Across, Chart, Line, legend
from marl.training.report.series import Point
from marl.words import number
from marl_meanfield import progress
from marl_meanfield.config import MeanFieldConfig

SHEET = Sheet(1040, 420, left=84, right=1020, top=16, bottom=368)
MOST = 400  # points drawn of a run
READING = (
    (
        "NashConv",
        "is what one agent gains by the best response while everybody else follows the policy, summed over "
        "populations; with one population it is called exploitability. 0 is an equilibrium, and cannot be drawn on a "
        "log axis. Runs of different games have different units.",
    ),
)


@dataclass(frozen=True)
class Curve:
    """A run: its game and solver in words, and NashConv after iterations."""

    name: str
    game: str
    solver: str
    measured: tuple[tuple[int, float], ...]

    @staticmethod
    def of(run: Path) -> Curve:
        """Of a run directory. Raises UserError where it holds no mean-field run, or nothing was measured."""
        if not (run / progress.FILE).is_file():
            raise UserError(f"{run} holds no mean-field run: there is no {progress.FILE} in it")
        config: MeanFieldConfig = load_run(run, load_registry(), absent=True).config
        events = (event for event in read(run / "metrics.jsonl") if event["event"] == "iteration")
        measured = tuple((int(event["step"]), float(event["nash_conv"])) for event in events)
        if not measured:
            raise UserError(f"{run} has measured nothing yet, so it has no curve")
        return Curve(run.resolve().name, str(config.game), str(config.solver), measured)


def page(curves: Sequence[Curve]) -> str:
    """The whole page as HTML text."""
    games = list(dict.fromkeys(one.game for one in curves))
    title = f"{len(curves)} run{'' if len(curves) == 1 else 's'}"
    head = header("marl meanfield curves", title, games, "measured", [], done=True)
    lead = "What one agent gains by deviating, on a log axis." + (
        "" if len(games) == 1 else " These are runs of different games, whose units are not the same."
    )
    body = section("curves", "NashConv", drawn(curves), lead) + section("table", "By run", tabled(curves))
    return document(title, "marl meanfield curves", f"<main>{head}{body}{reading_section(READING)}</main>")


def drawn(curves: Sequence[Curve]) -> str:
    """A line for each run that has a value above 0."""
    lines = []
    for index, one in enumerate(curves):
        points = [Point(float(at), value, value, value) for at, value in one.measured if value > 0]
        if points:
            lines.append(Line(one.name, tuple(thinned(points, MOST)), index % COLOURS))
    if not lines:
        return absent("No measurement was above 0, so there is nothing to draw.")
    bounds = log_range([point.value for line in lines for point in line.series])
    chart = Chart(SHEET, lines, bounds, plain, "NashConv", across=Across("iterations", counts=True), log=True)
    return figure(legend(lines) + chart.drawing("NashConv over iterations"), chart.data())


def tabled(curves: Sequence[Curve]) -> str:
    """The last and the best of each run."""
    rows = ""
    for one in curves:
        (iterations, last), best = one.measured[-1], min(value for _, value in one.measured)
        cells = (f"{iterations:,}", number(last), number(best))
        named = "".join(f'<td class="word">{escape(text)}</td>' for text in (one.name, one.game, one.solver))
        rows += f"<tr>{named}{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"
    words = "".join(f'<th style="text-align:left">{one}</th>' for one in ("run", "game", "solver"))
    heads = words + "".join(f"<th>{one}</th>" for one in ("iterations", "last", "best"))
    return f'<div class="scroll"><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>'
