"""The page: how far from equilibrium, and who is where when."""

from __future__ import annotations

import shlex
import sys
from base64 import b64encode
from pathlib import Path

from marl.blobs import write_atomically
from marl.page import document
from marl.page.figure import absent, figure, section, svg
from marl.page.header import header, tile
from marl.page.plot import CURSOR, Sheet, axes, polyline, read_out, thinned
from marl.page.scale import Log, log_range
from marl.page.text import escape, exact
from marl.page.words import again_section, reading_section
from marl.registry import load_registry
from marl.scenario import load_run
from marl.words import MISSING, compact, duration, number
from marl_meanfield.film import MOST as MOST_PICTURES
from marl_meanfield.film import filmed
from marl_meanfield.report.places import places_section
from marl_meanfield.report.view import View, read_view

SHEET = Sheet(1040, 360, left=84, right=1020, top=16, bottom=308)
MOST = 1500  # points drawn; longer runs are thinned evenly
READING = (
    (
        "NashConv",
        "is what one agent gains by the best response while everybody else follows the policy, summed over "
        "populations; with one population it is called exploitability. 0 is an equilibrium.",
    ),
    (
        "Value",
        "is what an agent earns where everybody follows the policy. In an equilibrium it is what the best response "
        "earns too. It need not be high: an equilibrium is stable, not good.",
    ),
    (
        "Who is where",
        "is the distribution of the population at each time, if everybody follows the newest policy that was kept.",
    ),
)


def rewrite(run: Path, out: Path | None = None) -> Path:
    """Write report.html anew from the run's files, there or to `out`; its path."""
    scenario = load_run(run, load_registry(), absent=True)
    for sentence in scenario.absent:
        print(f"note: {sentence}", file=sys.stderr)
    page = out or run / "report.html"
    write_atomically(page, render(read_view(run, scenario)).encode())
    return page


def render(view: View) -> str:
    """The whole page as HTML text."""
    sections = (curve_section(view), places_section(view), film_section(view), reading_section(READING), again(view))
    body = f"<main>{heading(view)}{''.join(sections)}</main>"
    return document(view.config.name, "marl meanfield", body, own=Path(__file__).parent)


def heading(view: View) -> str:
    """What was solved by whom, and the numbers that matter."""
    config, done = view.config, view.progress
    last = view.measured[-1] if view.measured else None
    best = min((one.nash_conv for one in view.measured), default=None)
    horizon, populations, states = len(view.flow) - 1, *view.flow.shape[1:]
    tiles = [
        tile("NashConv", exact(last.nash_conv) if last else MISSING, f"best {number(best)}", "nash-conv"),
        tile("Value", exact(last.value) if last else MISSING, "where everybody follows the policy", "value"),
        tile("Best response", exact(last.best_response) if last else MISSING, "what one who deviates earns", "best"),
        tile("Iterations", f"{done.iteration:,}", f"of {config.stop.iterations:,}", "iterations"),
        tile("Run time", duration(done.seconds), "over all resumes", "run-time"),
        tile("Game", f"{states:,}", f"states, {horizon:,} times, {populations} population"
             f"{'' if populations == 1 else 's'}", "game"),
    ]  # fmt: skip
    state = "finished" if done.done else "unfinished"
    facts = [str(config.game), str(config.solver)]
    return header("marl meanfield", config.name, facts, state, tiles, done=done.done)


def curve_section(view: View) -> str:
    """NashConv over iterations, and the gap of a correlated equilibrium where one was measured."""
    found = [(one.iteration, one.nash_conv) for one in view.measured]
    drawn = curve("nash-conv-curve", "NashConv", "What one agent gains by deviating.", found)
    gaps = [(one.iteration, one.gap) for one in view.measured if one.gap is not None]
    if not gaps:
        return drawn
    lead = "What is gained by leaving what the device says; NashConv is that of the mean of what it draws."
    return curve("gap-curve", "Gap of the correlated equilibrium", lead, gaps) + drawn


def curve(id: str, title: str, lead: str, measured: list[tuple[int, float]]) -> str:
    """A section with values over iterations, on a log axis."""
    points = thinned([one for one in measured if one[1] > 0], MOST)
    if not points:
        return section(id, title, absent("No measurement was above 0, so there is nothing to draw."))
    x = SHEET.across(0.0, max(float(points[-1][0]), 1.0), compact)
    y = Log(*log_range([value for _, value in points]), SHEET.bottom, SHEET.top)
    at = [(x(float(iteration)), y(value)) for iteration, value in points]
    px, py = at[-1]
    body = axes(SHEET, x, y, ("iteration", title)) + f'<path class="curve" d="{polyline(at)}"/>'
    body += f'<circle class="last" cx="{px:.1f}" cy="{py:.1f}" r="5"/>' + CURSOR
    says = [f"iteration {iteration:,}\n{title} {number(value)}" for iteration, value in points]
    drawing = svg(body, SHEET.width, SHEET.height, f"{title} over iterations")
    return section(id, title, figure(drawing, read_out(SHEET, at, says)), lead)


def film_section(view: View) -> str:
    """The same as a film, which plays for ever."""
    film = b64encode(filmed(view.flow, view.layout, 120, MOST_PICTURES)).decode()
    words = f"The distribution over time: {', '.join(view.populations)}"
    body = f'<p><img class="film" alt="{escape(words)}" src="data:image/png;base64,{film}"/></p>'
    lead = "From the first moment to the last, populations side by side; the bar below is the time."
    return section("film", "The film of it", body, lead)


def again(view: View) -> str:
    """The commands that go on from here."""
    run = shlex.quote(f"runs/{view.run}")
    more = f"stop.iterations={2 * max(view.progress.iteration, 1)}"
    commands = [
        (f"marl resume {run} {more}", "solves further"),
        (f"marl run {run}/scenario.yaml --out {run}-again", "does the same again, to the last bit"),
    ]
    return again_section(commands, view.scenario)
