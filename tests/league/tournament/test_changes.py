"""Who leaves an event, who comes late to it, and what becomes of the matches."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from rich.console import Console

from league.checked.ratings import rate
from league.schedules import ladder, swiss
from league.schedules.ladder import Ladder
from league.schedules.swiss import Swiss
from league.tournament.budget import Budget, Need
from league.tournament.commands import app
from league.tournament.event import Event, opened
from league.tournament.exchange import export_lines, import_lines
from league.tournament.host import Host
from league.tournament.leave import leave
from league.tournament.operate import Options, operate
from league.tournament.page.page import render
from league.tournament.play import Table
from league.tournament.progress import Display
from league.tournament.standings import view
from league.tournament.submit import Terms, submit
from league.tournament.verify import problems
from league.work import Processes
from marl.errors import UserError
from marl.registry import load_registry

PLAYERS = ("ann=marl/random", "bob=marl/first", "cat=marl/random", "dan=marl/first")


def play(event: Event, most: int | None = None) -> None:
    """Play the event on, up to about `most` matches in all."""
    if most is None:
        operate(event, Options(1), Display(Console(quiet=True)))
        return
    event.begin()
    pool = Processes(1, Table(event.path, event.config))
    with closing(Host(event, pool, Budget(100, 10_000), lambda _: Need(), "test")) as host:
        for _ in host.run():
            if len(host.matches) >= most:
                return


def invoke(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return str(result.output)


@pytest.mark.parametrize("schedule", ["round_robin", "swiss", "ladder", "single_elimination", "gauntlet"])
def test_what_was_played_stays_and_the_rest_is_forfeited(event: Callable[..., Event], schedule: str) -> None:
    made = event(*PLAYERS, overrides=(f"schedule={schedule}",))
    play(made, most=3)
    before = made.ledger.matches()
    leaver = before[0].players[0]
    leave(made, leaver.upper(), "withdrawn", "ill")
    play(made)
    assert made.has_ended
    after = made.ledger.matches()
    assert after[: len(before)] == before
    for match in after[len(before) :]:
        assert match.forfeited == (leaver in match.players)
        if match.forfeited:
            seat = match.players.index(leaver)
            assert (match.verdicts[seat], match.scores[seat], match.details[seat]) == ("forfeit", 0.0, "withdrawn: ill")
            assert (match.verdicts[1 - seat], match.scores[1 - seat]) == ("win", 1.0)
    assert list(problems(made)) == []
    shown = view(made)
    assert {line.player: str(line.left) for line in shown.lines if line.left} == {leaver: "withdrawn: ill"}
    assert "withdrawn: ill" in render(made, shown)


def test_swiss_does_not_pair_who_has_left(event: Callable[..., Event]) -> None:
    made = event(*PLAYERS, overrides=("schedule={name: swiss, rounds: 3}",))
    play(made, most=4)  # the first round
    leave(made, "dan", "withdrawn")
    rounds = made.schedule().next(made.results())
    assert {pairing.round for pairing in rounds or []} == {2}
    play(made)
    late = [match for match in made.ledger.matches() if match.round == 3]
    assert len(late) == 2
    assert not any(match.forfeited for match in late)


def test_forfeits_say_nothing_about_strength(event: Callable[..., Event]) -> None:
    made = event(*PLAYERS)
    play(made, most=3)
    leave(made, made.ledger.matches()[0].players[0], "withdrawn")
    play(made)
    matches = made.ledger.matches()
    assert any(match.forfeited for match in matches)
    played = [result for match, result in zip(matches, made.results(), strict=True) if not match.forfeited]
    assert {line.player: line.rating for line in view(made).lines} == dict(
        rate(made.registry, made.config.ratings, played)
    )


def test_the_disqualified_are_last_whatever_they_won(event: Callable[..., Event]) -> None:
    made = event(*PLAYERS[:3])
    play(made)
    first = view(made).lines[0]
    with pytest.raises(UserError, match="is over, so that nobody can withdraw"):
        leave(made, first.player, "withdrawn")
    made.close()
    said = invoke("disqualify", str(made.path), first.player, "--reason", "asked \x1b[31m another engine")
    assert said == f"{first.player} is disqualified\n"
    table = invoke("standings", str(made.path))
    assert f"{first.player} disqualified: asked \\x1b[31m another engine" in table
    with opened(made.path, load_registry()) as found:
        shown = view(found)
        assert [line.rank for line in shown.lines] in ([1, 2, 3], [1, 1, 3])
        assert shown.lines[-1].player == first.player
        assert shown.lines[-1].points == first.points
        with pytest.raises(UserError, match="has left already"):
            leave(found, first.player, "disqualified")
        with pytest.raises(UserError, match=r"nobody in .* is called 'an'; did you mean 'ann'"):
            leave(found, "an", "disqualified")


def test_before_the_event_begins_a_name_is_free_for_its_author_again(event: Callable[..., Event]) -> None:
    made = event(*PLAYERS)
    leave(made, "dan", "withdrawn")
    assert [bot.name for bot in made.roster()] == ["ann", "bob", "cat"]
    assert submit(made, "dan=marl/first").bot.version == 2
    leave(made, "dan", "disqualified", "rude")
    with pytest.raises(UserError, match="dan was disqualified; if it may come back, say --anybody"):
        submit(made, "dan=marl/random")
    play(made)
    assert {name for match in made.ledger.matches() for name in match.players} == {"ann", "bob", "cat"}


def test_an_event_that_too_few_are_left_for_is_over(event: Callable[..., Event]) -> None:
    made = event(*PLAYERS[:2], overrides=("schedule.games=50",))
    play(made, most=3)
    leave(made, "ann", "withdrawn")
    count = made.ledger.match_count()
    play(made)
    assert made.has_ended
    assert made.ledger.match_count() == count


@pytest.mark.parametrize("schedule", ["swiss", "ladder"])
def test_late_entrants_play_from_the_next_round_on(event: Callable[..., Event], tmp_path: Path, schedule: str) -> None:
    made = event(*PLAYERS, "fay=marl/random", overrides=(f"schedule={{name: {schedule}, rounds: 5}}",))
    play(made, most=4)
    before = made.ledger.matches()
    joined = submit(made, "eve=marl/random").joined
    assert joined == 1 + max(pairing.round for pairing in made.schedule().next(made.results()) or [])
    with pytest.raises(UserError, match="ann takes part already, or has left"):
        submit(made, "ann=marl/first", Terms(replace=True))
    play(made)
    after = made.ledger.matches()
    assert after[: len(before)] == before
    assert {match.round >= joined for match in after if "eve" in match.players} == {True}
    assert "eve" in {line.player for line in view(made).lines}
    again = import_lines(export_lines(made), tmp_path / "copy", load_registry())
    assert [(x.rank, x.player, x.points) for x in view(again).lines] == [
        (x.rank, x.player, x.points) for x in view(made).lines
    ]
    assert list(problems(again)) == []
    again.close()


def test_schedules_that_take_nobody_late_say_so(event: Callable[..., Event]) -> None:
    made = event(*PLAYERS)
    play(made, most=2)
    with pytest.raises(UserError, match="league/round_robin takes nobody who comes late"):
        submit(made, "eve=marl/random")
    play(made)
    with pytest.raises(UserError, match="is over; make a new event"):
        submit(made, "eve=marl/random")


@pytest.mark.parametrize(("kind", "params"), [(Swiss, swiss.Params(rounds=4)), (Ladder, ladder.Params(rounds=4))])
def test_rounds_that_were_drawn_stay_as_they_are_when_somebody_comes(kind: Any, params: Any) -> None:
    names = [f"p{number}" for number in range(8)]
    before = kind(names, params).next([])
    after = kind([*names, "late", "later"], params, presence={"late": (3, 99), "later": (4, 99)}).next([])
    assert before == after
