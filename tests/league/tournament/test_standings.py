"""The standings: columns that agree, what the schedule and the rating have to say, and how the host chooses."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from click.testing import CliRunner
from rich.console import Console

from league.tournament.commands import app
from league.tournament.event import Event
from league.tournament.operate import Options, operate
from league.tournament.page.page import render
from league.tournament.progress import Display
from league.tournament.standings import terminal, view
from marl.errors import UserError
from marl.registry import Component

Make = Callable[..., Event]


def run(event: Event, workers: int = 1) -> Event:
    operate(event, Options(workers), Display(Console(quiet=True)))
    return event


def text(event: Event, rating: str = "", width: int = 100) -> str:
    console = Console(width=width, record=True, quiet=False, file=open("/dev/null", "w"), color_system=None)  # noqa: PTH123, SIM115
    terminal.show(view(event, Component(rating) if rating else None), console)
    return console.export_text()


def test_a_test_shows_its_llr_bounds_decision_elo_los_and_pairs(event: Make) -> None:
    made = run(event("marl/random", "marl/first", overrides=("schedule=sprt", "schedule.elo1=150")))
    shown = view(made)
    facts = {fact.name: fact.value for fact in shown.facts}
    assert facts["decision"] in ("H0", "H1")
    llr = facts["LLR"]
    assert isinstance(llr, dict)
    assert llr["lower"] == pytest.approx(-2.944, abs=1e-3)
    assert llr["llr"] <= llr["lower"] or llr["llr"] >= llr["upper"]
    assert isinstance(facts["pairs"], list) and len(facts["pairs"]) == 5
    said = text(made)
    for words in (
        "hypotheses",
        "decision",
        "LLR",
        "H0 at -2.94, H1 at 2.94",
        "Elo",
        "LOS",
        "with 0, 0.5, 1, 1.5 and 2",
    ):
        assert words in said
    assert "H0 at -2.94" in render(made, shown)
    for line in shown.lines:  # one table: points, games, and wins, draws and losses are of the same matches
        assert line.played == line.wins + line.draws + line.losses == len(made.ledger.matches())
        assert line.points == line.wins + line.draws / 2


@pytest.mark.parametrize("schedule", ["round_robin", "swiss", "single_elimination", "groups", "ladder", "gauntlet"])
def test_points_games_and_wins_of_a_table_agree(schedule: str, event: Make) -> None:
    players = [f"p{number}=marl/random" for number in range(6)]
    overrides = (f"schedule={schedule}", *(("schedule.rounds=3",) if schedule in ("swiss", "ladder") else ()))
    shown = view(run(event(*players[: 5 if schedule == "swiss" else 6], overrides=overrides), workers=2))
    for line in shown.lines:
        assert line.played == line.wins + line.draws + line.losses
        assert line.points == pytest.approx(line.wins + line.draws / 2 + line.unplayed)
    assert any(line.unplayed for line in shown.lines) == (schedule == "swiss")
    assert shown.order


def test_bots_without_chance_that_repeat_a_game_are_told(event: Make) -> None:
    settings = ("schedule.cycles=4",)
    same = run(event("a=marl/first", "b=marl/first", overrides=settings))
    assert "played the same game 4 times, move by move (and 1 other seating too)" in view(same).warning
    assert "warning: " in text(same)
    assert "Warning:" in render(same, view(same))
    varied = event("a=marl/first", "b=marl/first", overrides=(*settings, "opening=2"), name="varied")
    assert view(run(varied)).warning == ""
    chance = event("a=marl/random", "b=marl/first", overrides=settings, name="chance")
    assert view(run(chance)).warning == ""


def test_openings_are_alike_in_both_games_of_a_pair_and_differ_from_pair_to_pair(event: Make) -> None:
    from marl.arena import Replay

    made = run(event("a=marl/first", "b=marl/first", overrides=("schedule.cycles=6", "opening=3")))
    begins: dict[int, set[str]] = {}
    for match in made.ledger.matches():
        ticks = Replay.read(made.path / "replays" / match.replay).ticks
        begins.setdefault(match.seed_index, set()).add(json.dumps([tick["actions"] for tick in ticks[:3]]))
    assert all(len(alike) == 1 for alike in begins.values())
    assert len(set.union(*begins.values())) > 3


def test_any_rating_system_rates_the_event_by_scenario_or_on_the_command_line(event: Make) -> None:
    made = run(event("marl/random", "marl/first", overrides=("ratings=glicko2", "ratings.tau=0.6")))
    assert view(made).rating == "league/glicko2"
    assert "rating: league/glicko2, online strengths with uncertainty" in text(made)
    assert "league/glicko2" in render(made, view(made))
    made.close()
    told = CliRunner().invoke(app, ["standings", str(made.path), "--rating", "elo k=10", "--json"])
    data = json.loads(told.stdout)
    assert data["rating"] == "league/elo"
    assert {player["interval"] for player in data["players"]} == {None}
    assert sum(player["rating"] for player in data["players"]) == pytest.approx(3000)
    wrong = CliRunner().invoke(app, ["standings", str(made.path), "--rating", "ello"])
    assert isinstance(wrong.exception, UserError)
    assert "did you mean 'elo'" in str(wrong.exception)
    wrong = CliRunner().invoke(app, ["standings", str(made.path), "--rating", "elo kk=3"])
    assert "did you mean 'k'" in str(wrong.exception)


def test_the_host_chooses_the_seeding(event: Make) -> None:
    players = [f"p{number}=marl/first" for number in range(8)]

    def order(*overrides: str, name: str) -> list[str]:
        made = event(*players, overrides=overrides, name=name)
        made.begin()
        return [bot.name for bot in made.roster()]

    entry = [f"p{number}" for number in range(8)]
    assert order(name="plain") == entry
    assert order("seeds=[p5,p2]", name="some") == ["p5", "p2", "p0", "p1", "p3", "p4", "p6", "p7"]
    drawn = order("seeding=random", "seed=3", name="drawn")
    assert sorted(drawn) == entry != drawn == order("seeding=random", "seed=3", name="again")
    assert order("seeding=random", "seeds=[p7]", name="both")[0] == "p7"
    with pytest.raises(UserError, match="seeds: 'p9' does not take part; known: p0"):
        order("seeds=[p9]", name="wrong")


def test_money_counts_where_the_host_says_so_and_is_shown_in_any_case(event: Make) -> None:
    players = ("marl/random", "marl/first", "x=marl/random")
    leduc = ("env=classic/leduc_poker", "schedule.cycles=3")
    made = run(event(*players, overrides=(*leduc, "scoring.by=return")), workers=2)
    low, high = made.spec.returns
    shown = view(made)
    for line in shown.lines:
        paid = [m.returns[m.players.index(line.player)] for m in made.ledger.matches() if line.player in m.players]
        assert line.earned == pytest.approx(sum(paid) / len(paid))
        assert line.points == pytest.approx(sum((each - low) / (high - low) for each in paid))
    assert [line.earned for line in shown.lines] == sorted((line.earned for line in shown.lines), reverse=True)
    assert "return" in text(made) and "what the game paid" in text(made)
    plain = run(event(*players, overrides=leduc, name="plain"), workers=2)
    assert "return" in text(plain)
    assert {score for match in plain.ledger.matches() for score in match.scores} <= {0.0, 0.5, 1.0}


def test_a_test_of_wins_refuses_money_and_a_game_without_bounds_asks_for_them(event: Make) -> None:
    made = event("marl/random", "marl/first", overrides=("schedule=sprt", "scoring.by=return"))
    with pytest.raises(UserError, match=r"league/sprt counts wins and draws, and scoring\.by is return"):
        run(made)
    assert not made.has_begun


def test_numbers_are_whole_in_80_columns_and_long_names_keep_their_ends(event: Make) -> None:
    long = "a-bot-with-a-name-that-somebody-thought-funny"
    players = (f"{long}-1=marl/random", f"{long}-2=marl/first", "cat=marl/random")
    made = run(event(*players, overrides=("schedule.cycles=5",)))
    said = text(made, width=80)
    assert all(len(line.rstrip()) <= 80 for line in said.partition("rating:")[0].splitlines())
    for line in view(made).lines:
        row = next(row for row in said.splitlines() if row.split()[:1] == [str(line.rank)] and line.player[-6:] in row)
        assert f"{line.wins}-{line.draws}-{line.losses}" in row
        assert line.rating is not None and f"{line.rating.low:.0f} … {line.rating.high:.0f}" in row
    assert "-funny-1" in said and "-funny-2" in said
    narrow = text(made, width=40)
    assert "for want of width without" in narrow and "95 %" in narrow
    assert "of 3 columns fit" in text(made, width=24)
