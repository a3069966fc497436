"""How the snapshots did when they were measured: curves with intervals, one for each opponent, and the figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from marl.page.figure import absent, figure, section, switch
from marl.page.plot import Sheet, thinned
from marl.page.scale import padded, plain
from marl.training.report.chart import COLOURS, Chart, Line, legend, percent
from marl.training.report.scores import listed, newest
from marl.training.report.series import Point
from marl.training.report.view import TrainView

SHEET = Sheet(1040, 360, left=84, right=1020, top=16, bottom=308)
MOST = 400  # measurements drawn; longer runs are thinned evenly


def measured_section(view: TrainView) -> str:
    """The section of the page."""
    opponents = names(view)[:COLOURS]
    if not opponents:
        return section("measured", "Measured", absent(why_absent(view)))
    charts = {name: chart for name, chart in (("points", points(view)), ("return", returns(view))) if chart.lines}
    choice = switch("measured", list(charts), "what is drawn") if len(charts) > 1 else ""
    figures = "".join(
        figure(chart.drawing(f"{name} when measured, by env steps"), chart.data(), hidden=index > 0, name=name)
        for index, (name, chart) in enumerate(charts.items())
    )
    key = legend([Line(name, (), colour) for colour, name in enumerate(opponents)])
    body = f'{choice}{key}<div class="alternatives">{figures}</div>{newest(view)}{listed(view)}'
    return section("measured", "Measured", body, lead(view))


def why_absent(view: TrainView) -> str:
    """Why there is no curve, as HTML."""
    evaluation = view.config.evaluation
    if evaluation.every == 0:
        return "Nothing was measured: the scenario says <code>evaluation.every: 0</code>."
    if not view.slices:
        return "Nothing is measured yet: no slice has finished."
    after = f"every {evaluation.every} slices" if evaluation.every > 1 else "every slice"
    return (
        f"Nothing is measured yet. That comes after {after} and at the end, against those in "
        "<code>evaluation.against</code>."
    )


def lead(view: TrainView) -> str:
    """What the curves show, as HTML."""
    opponents = names(view)
    text = "After a slice its snapshot plays, and does not learn. The shaded range is the 95 % interval."
    if opponents != ["alone"]:
        text += " Points are wins and half the draws, as a share of the matches."
    if "previous" in opponents:
        text += " <em>previous</em> is the snapshot of the measurement before: above half, it still gets better."
    if view.config.evaluation.greedy:
        text += " The snapshot plays its most probable actions; against <em>previous</em> both draw theirs."
    if len(opponents) > COLOURS:
        text += f" The first {COLOURS} of {len(opponents)} opponents are drawn."
    return text


def names(view: TrainView) -> list[str]:
    """The opponents, in the order of their first measurement."""
    return list(dict.fromkeys(name for done in view.measured for name in done.scores))


def points(view: TrainView) -> Chart:
    """Points against each opponent, in percent; no lines where there is nobody to win against."""

    def share(at: float, score: Mapping[str, float]) -> Point | None:
        if "points" not in score:
            return None
        return Point(at, 100 * score["points"], 100 * score["points_low"], 100 * score["points_high"])

    return Chart(SHEET, lines(view, share), (0.0, 100.0), percent, "points", interval=True)


def returns(view: TrainView) -> Chart:
    """The mean return against each opponent."""

    def mean(at: float, score: Mapping[str, float]) -> Point | None:
        if "return" not in score:
            return None
        margin = score.get("return_margin", 0.0)
        low, high = (round(score["return"] + side * margin, 12) + 0.0 for side in (-1, 1))
        return Point(at, score["return"], low, high)

    drawn = lines(view, mean)
    every = [point for line in drawn for point in line.series]
    bounds = padded(min((p.low for p in every), default=0.0), max((p.high for p in every), default=1.0))
    return Chart(SHEET, drawn, bounds, plain, "return", interval=True)


def lines(view: TrainView, of: Callable[[float, Mapping[str, float]], Point | None]) -> list[Line]:
    """A line for each opponent of which anything is known."""
    shown = thinned(view.measured, MOST)
    found = []
    for colour, name in enumerate(names(view)[:COLOURS]):
        known = [of(float(done.env_steps), done.scores[name]) for done in shown if name in done.scores]
        if series := tuple(point for point in known if point is not None):
            found.append(Line("" if name == "alone" else name, series, colour))
    return found
