"""A red team's report as a page: what was found, who found it, and the games that the player lost, move by move."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path

from league.redteam.findings import Finding, Report
from league.redteam.told import sentence, share
from marl.arena import Replay
from marl.drawer import Drawer
from marl.drawers.drawn import Drawn
from marl.env import Environment, Frame
from marl.errors import UserError
from marl.page import document
from marl.page.figure import absent, section
from marl.page.header import header, tile
from marl.page.rows import Row, rows
from marl.page.text import escape, exact
from marl.words import duration, uncertain

FILE = "redteam.html"
LONGEST = 24  # pictures of a game: the first ones and the end

_WORDS = {"exploited": "exploited", "held": "held", "unclear": "unclear"}


def render(report: Report, folder: Path, environment: Environment, drawer: Drawer | None = None) -> str:
    """The whole page as HTML text. `environment` has one lane, to play the games again; `drawer` draws them."""
    parts = (
        _found(report),
        _tried(report),
        *(_games(report, finding, folder, environment, drawer) for finding in report.findings),
    )
    body = f"<main>{_heading(report)}{''.join(parts)}</main>"
    return document(f"red team against {report.player}", "marl league", body, own=Path(__file__).parent)


def _heading(report: Report) -> str:
    worst = max(report.findings, key=lambda finding: finding.gain[0])
    gain, margin = worst.gain
    more = "a match, by the best exploiter" if worst.usual is None else "more a match than is usual there"
    tiles = [
        tile("Gains", exact(gain), f"± {margin:.2g} (95 %), {more}", "gain"),
        tile("Wins", share(worst.tally).split(" ")[0], f"of {worst.tally.matches:,} fresh matches", "wins"),
        tile("Exploiters", f"{len(report.attempts)}", escape(report.exploiter), "exploiters"),
        tile("Training", duration(sum(one.seconds for one in report.attempts)), "all exploiters", "training"),
    ]
    state = "exploited" if any(one.verdict == "exploited" for one in report.findings) else worst.verdict
    return header("marl red team", report.player, [report.env], _WORDS[state], tiles, done=state == "held")


def _found(report: Report) -> str:
    points = "".join(f"<li>{escape(sentence(report, one))}</li>" for one in report.findings)
    lead = (
        "The best exploiter of each side met the player again, in matches that neither trained nor chose it. What it "
        "gains is a lower bound: one with more training might find more."
    )
    return section("found", "What was found", f"<ul>{points}</ul>", lead)


def _tried(report: Report) -> str:
    found = [
        Row(
            f"{report.side(one.side)}, exploiter {one.number}",
            one.tally.points[0],
            one.tally.points[1:],
            says=uncertain(one.tally.mean, one.tally.margin),
        )
        for one in report.attempts
    ]
    lead = (
        f"Each was trained by <code>{escape(report.exploiter)}</code> with a seed of its own, and then played "
        f"{report.matches:,} matches. Bars are 95 % intervals; at a half it wins as often as it loses."
    )
    figure = rows("exploiters", found, "share of matches that the exploiter wins, draws counting half", 0.5, (0.0, 1.0))
    return section("exploiters", "Exploiters", figure, lead)


def _games(report: Report, finding: Finding, folder: Path, environment: Environment, drawer: Drawer | None) -> str:
    title = f"Games that {report.player} lost, exploiter on {report.side(finding.side)}"
    if not finding.games:
        return section(f"games-{finding.side}", title, absent("It lost none."))
    shown = "".join(_game(folder / name, environment, drawer) for name in finding.games)
    lead = "Those in which it lost most, the shortest first. <code>marl watch</code> plays them in a terminal."
    return section(f"games-{finding.side}", title, shown, lead)


def _game(path: Path, environment: Environment, drawer: Drawer | None) -> str:
    """One game: a picture before every move and at the end, and who did what."""
    drawn_by = drawer.begin() if isinstance(drawer, Drawn) else environment
    try:
        replay = Replay.read(path)
        frames = list(replay.play(environment, drawn_by))
    except UserError as error:
        return absent(escape(str(error)))
    agents = environment.spec.agents
    cells = "".join(_cell(number, frames[number], replay, agents) for number in _chosen(len(frames)))
    returns = replay.verdict["returns"]
    told = ", ".join(f"{name} {value:+.3g}" for name, value in zip(agents, returns, strict=True))
    by = " against ".join(map(escape, replay.players))
    lacks = f" {escape(problem)}" if (problem := getattr(drawn_by, "problem", "")) else ""
    note = f'<p class="note"><code>{escape(path)}</code>{lacks}</p>'
    return f'<h3>{by}: {escape(told)}</h3>{note}<div class="game">{cells}</div>'


def _chosen(count: int) -> Sequence[int]:
    """The pictures that are shown."""
    if count <= LONGEST:
        return range(count)
    return [*range(LONGEST // 2), *range(count - LONGEST // 2, count)]


def _cell(number: int, frame: Frame, replay: Replay, agents: Sequence[str]) -> str:
    done = replay.ticks[number - 1]["actions"] if number else {}
    moves = ", ".join(f"{agents[int(agent)]} plays {action}" for agent, action in done.items())
    picture = _image(frame.svg, number) if frame.svg else f"<pre>{escape(frame.text)}</pre>"
    return f'<figure class="tick">{picture}<figcaption>{number}. {escape(moves or "begins")}</figcaption></figure>'


def _image(svg: str, number: int) -> str:
    """A picture as an image, in which a browser runs and fetches nothing, whoever drew it."""
    return f'<img alt="position {number}" src="data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}">'
