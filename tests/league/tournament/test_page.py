"""The standings: what they say, in the terminal and on the page."""

from __future__ import annotations

import base64
import html.parser
import json
import re
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from league.ledger import MatchRow
from league.schedules import Result
from league.tournament.event import Event
from league.tournament.operate import Options, operate
from league.tournament.page.page import render, rewrite
from league.tournament.progress import Display
from league.tournament.standings import terminal, view
from marl.registry import load_registry
from marl.scenario import load_scenario

EVIL = "<script>alert(1)</script>"


@pytest.fixture
def played(event: Callable[..., Event]) -> Event:
    made = event("marl/random", "marl/first", "ann=marl/random")
    operate(made, Options(2), Display(Console(quiet=True)))
    return made


class Checker(html.parser.HTMLParser):
    """Every element is closed, ids are unique, and nothing is fetched."""

    VOID = frozenset(("meta", "input", "path", "circle", "rect", "br"))

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        assert "src" not in given
        assert not str(given.get("href", "#")).startswith("http")
        if "id" in given:
            self.ids.append(str(given["id"]))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag


def check(page: str) -> None:
    checker = Checker()
    checker.feed(page)
    assert checker.open == []
    assert len(set(checker.ids)) == len(checker.ids)


def test_the_table_counts_what_the_ledger_has(played: Event) -> None:
    rows = (
        ("1.1.1", ("random", "first"), (1.0, 0.0), ("win", "loss")),
        ("1.1.2", ("first", "random"), (0.5, 0.5), ("draw", "draw")),
        ("2.1.1", ("ann", "first"), (0.0, 1.0), ("timeout", "win")),
    )
    known = {match.pairing: match for match in played.ledger.matches()}
    base = next(iter(known.values()))
    matches = [
        replace(base, pairing=pairing, players=players, scores=scores, verdicts=verdicts)
        for pairing, players, scores, verdicts in rows
    ]
    shown = replace(view(played), matches=tuple(matches))
    assert (shown.meetings["random", "first"].points, shown.meetings["random", "first"].played) == (1.5, 2)
    assert (shown.meetings["first", "random"].wins, shown.meetings["first", "random"].losses) == (0, 1)
    assert ("random", "ann") not in shown.meetings


def test_the_terminal_shows_everybody_with_intervals_and_the_crosstable(played: Event) -> None:
    console = Console(width=80, record=True, file=open("/dev/null", "w"), color_system=None)  # noqa: PTH123, SIM115
    terminal.show(view(played), console)
    text = console.export_text()
    assert re.search(r"1\s+\w+\s+[\d.]+\s+4\s+\d-\d-\d\s+\d+\s+-?\d+ … \d+", text)
    assert len(re.findall(r"\d/2", text)) == 6
    data = json.loads(terminal.as_json(view(played)))
    assert {entry["player"] for entry in data["players"]} == {"random", "first", "ann"}
    assert sum(entry["points"] for entry in data["players"]) == 6
    for entry in data["players"]:
        assert entry["interval"][0] < entry["rating"] < entry["interval"][1]


def test_the_page_is_whole_and_self_contained_and_every_match_can_be_played_again(played: Event) -> None:
    page = render(played, view(played))
    check(page)
    assert "default-src 'none'" in page
    block = re.search(r'<script type="application/json">(.*?)</script>', page)
    assert block is not None
    replays = json.loads(block[1])
    assert set(replays) == {match.pairing for match in played.ledger.matches()}
    for match in played.ledger.matches():
        frames = json.loads(zlib.decompress(base64.b64decode(replays[match.pairing]["frames"])))
        assert len(frames) == match.plies + 1
        assert frames[0].startswith("<svg")
        assert frames[0] != frames[-1]


def test_the_page_is_written_again_from_the_directory(played: Event) -> None:
    assert rewrite(played.path) == played.path / "standings.html"
    assert (played.path / "standings.html").read_text() == render(played, view(played))


def test_what_bots_say_cannot_become_markup(played: Event) -> None:
    evil: tuple[MatchRow, ...] = tuple(
        replace(match, verdicts=("crash", "win"), details=(EVIL, ""), scores=(0.0, 1.0))
        for match in played.ledger.matches()
    )
    shown = view(played)
    lines = tuple(replace(line, bot=replace(line.bot, author=EVIL, content=EVIL)) for line in shown.lines)
    (played.path / "logs").mkdir(exist_ok=True)
    (played.path / "logs" / f"{evil[0].pairing}-0.log").write_bytes(b"secret of the author\x1b[31m\x00\xff")
    page = render(played, replace(shown, name=EVIL, matches=evil, lines=lines))
    check(page)
    assert EVIL not in page
    assert "secret of the author" not in page  # what bots write on standard error is not for everybody
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "\x1b" not in page
    assert "\x00" not in page


def test_what_the_host_says_of_its_own_errors_is_not_for_everybody(played: Event) -> None:
    error = "RunError: the sandbox could not be set up: /home/host/cup (at bubblewrap.py:80)"
    void = tuple(
        replace(match, verdicts=("crash", "win"), details=(error, ""), host_error=error)
        for match in played.ledger.matches()
    )
    page = render(played, replace(view(played), matches=void))
    assert "/home/host" not in page
    assert "the host broke the match off" in page


def test_before_the_first_match_the_page_says_so(event: Callable[..., Event]) -> None:
    made = event()
    check(render(made, view(made)))
    made = event("marl/random", "marl/first", name="other")
    page = render(made, view(made))
    check(page)
    assert "No match has been finished yet." in page
    assert "not begun" in page


def test_a_scenario_of_this_kind_is_run_and_resumed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("marl_classic", reason="needs the plugin marl-classic")
    from league.tournament.runner import run

    registry = load_registry()
    scenario = load_scenario("connect_four_swiss", ["schedule.rounds=1"], registry)
    run(scenario, registry, tmp_path / "out", False)
    first = capsys.readouterr().out
    assert "6 players, 6 matches" in first
    assert (tmp_path / "out" / "standings.html").exists()
    run(load_scenario(tmp_path / "out" / "scenario.yaml", [], registry), registry, tmp_path / "out", True)
    again = capsys.readouterr().out
    assert first.splitlines()[-14:] == again.splitlines()[-14:]


def section_of(page: str, name: str) -> str:
    """The text of one section, or "" where there is none."""
    found = re.search(rf'<section id="{name}".*?</section>', page, re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", found[0])) if found else ""


ORDERS = {
    "round_robin": "Order: points.",
    "swiss": "Order: points, then Buchholz.",
    "single_elimination": "Order: how far a player came.",
    "double_elimination": "Order: how far a player came.",
    "groups": "Order: the finals, then the place in the group",
    "ladder": "Order: ",
}


@pytest.mark.parametrize("schedule", ORDERS)
def test_each_schedule_says_what_decides_and_shows_its_rounds_or_its_bracket(
    event: Callable[..., Event], schedule: str
) -> None:
    players = [f"p{number}=marl/random" for number in range(5)]
    made = event(*players, overrides=(f"schedule=league/{schedule}",), name=schedule)
    for _ in range(2):  # before the first match and after the last
        page = render(made, view(made))
        check(page)
        operate(made, Options(2), Display(Console(quiet=True)))
    shown = view(made)
    standings, bracket, rounds = (
        section_of(page := render(made, shown), name) for name in ("standings", "bracket", "rounds")
    )
    assert ORDERS[schedule] in standings
    leads = "points of" if shown.order.startswith("points") else f"by {shown.order}"
    assert leads in page
    if "elimination" in schedule:
        assert bracket.count("bye") >= 3
        assert "Final" in bracket
        assert rounds == ""
    elif schedule == "groups":
        assert "Final" in bracket
        assert "Round 2" in rounds
    else:
        assert bracket == ""
        assert "Round 1" in rounds
    assert rounds.count("bye") == (5 if schedule == "swiss" else 0)
    assert ("Buchholz" in standings) == (schedule == "swiss")


def test_a_bracket_in_the_middle(event: Callable[..., Event]) -> None:
    made = event(*(f"p{number}=marl/random" for number in range(4)), overrides=("schedule=league/double_elimination",))
    made.begin()
    schedule = made.schedule()
    due = schedule.next([]) or []
    results = [Result(each.id, each.players, (1.0, 0.0) if each.players[0] == "p0" else (0.0, 1.0), False, each.round)
               for each in due if each.id.startswith("w1.1.")]  # fmt: skip
    ties = {tie.id: tie for tie in schedule.bracket(results)}
    assert "reset.1" not in ties
    decided, other, final = ties["w1.1"], ties["w1.2"], ties["w2.1"]
    assert (decided.winner, decided.points) == ("p0", (2.0, 0.0))
    assert (other.winner, other.points, "" in other.players) == ("", (0.0, 0.0), False)
    assert final.players == ("p0", "")
    page = render(made, replace(view(made), bracket=tuple(ties.values())))
    check(page)
    assert "not known yet" in section_of(page, "bracket")


def test_moves_of_chess_have_names_and_the_board_is_drawn(chess_club: Callable[..., Event]) -> None:
    made = chess_club("marl/random", "ann=marl/random")
    operate(made, Options(1), Display(Console(quiet=True)))
    page = render(made, view(made))
    block = re.search(r'<script type="application/json">(.*?)</script>', page)
    assert block is not None
    for replay in json.loads(block[1]).values():
        assert replay["drawn"]
        assert len(replay["names"]) == len(replay["moves"])
        assert re.fullmatch(r"[a-h][34]|N[acfh]3", replay["names"][0])
