"""The host: what it plays at once, who waits for whom, and what happens when a worker dies."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

from league.ledger import MatchRow
from league.schedules import Pairing
from league.tournament.assignment import Assignment, Played
from league.tournament.budget import Budget, Need
from league.tournament.commands import app
from league.tournament.event import Event, open_event
from league.tournament.host import Host
from league.tournament.operate import Needs, Options, operate
from league.tournament.play import Table
from league.tournament.progress import Display
from league.tournament.queue import order
from league.tournament.standings import view
from league.work import Ended, Processes, Tell
from marl.arena import Replay
from marl.errors import UserError
from marl.registry import load_registry

PLENTY = Budget(10_000, 1_000_000)


def run(event: Event, workers: int = 2, trust: bool = False) -> list[MatchRow]:
    operate(event, Options(workers, trust), Display(Console(quiet=True)))
    return event.ledger.matches()


def quick(assignment: Assignment) -> Played:
    now = time.time()
    return Played((1.0, 0.0), (1.0, -1.0), ("win", "loss"), ("", ""), 5, b"replay", now, now)


@dataclass
class Recorded:
    """A pool of threads' worth of patience: matches end when the test says so."""

    size: int
    going: list[Assignment] = field(default_factory=list)
    most: int = 0
    started: list[Assignment] = field(default_factory=list)
    slow: str = ""
    clock: int = 0
    spans: dict[str, tuple[int, int]] = field(default_factory=dict)  # pairing -> when it began and ended, by the clock
    indices: dict[str, int] = field(default_factory=dict)
    quiet: list[int] = field(default_factory=list)  # when nothing was going on

    def start(self, assignment: Assignment) -> None:
        self.clock += 1
        self.spans[assignment.pairing] = (self.clock, -1)
        self.indices[assignment.pairing] = assignment.seed_index
        self.going.append(assignment)
        self.started.append(assignment)
        self.most = max(self.most, len(self.going))

    def wait(self, seconds: float) -> list[Ended[Assignment, Played]]:
        if not self.going:
            return []
        first = next((each for each in self.going if self.slow not in each.players), self.going[0])
        self.going.remove(first)
        self.clock += 1
        self.spans[first.pairing] = (self.spans[first.pairing][0], self.clock)
        self.quiet += [] if self.going else [self.clock]
        return [Ended(first, quick(first))]

    def close(self) -> None:
        self.going = []


def test_an_event_of_policies_is_played_to_its_end_and_reveals_its_secret(event: Callable[..., Event]) -> None:
    made = event("marl/random", "marl/first", "ann=marl/random")
    matches = run(made)
    assert len(matches) == 6
    assert {match.players for match in matches} == {
        (one, two) for one in ("random", "first", "ann") for two in ("random", "first", "ann") if one != two
    }
    assert made.has_ended
    assert made.revealed() == (made.path / "secret").read_text().strip()
    shown = view(made)
    assert sum(line.points for line in shown.lines) == 6
    assert [line.played for line in shown.lines] == [4, 4, 4]
    assert run(made) == matches  # once more: nothing to do


def test_game_pairs_swap_seats_and_each_has_a_chance_of_its_own(event: Callable[..., Event]) -> None:
    first, second = run(event("marl/random", "marl/first"), workers=1)
    assert first.seed != second.seed
    assert first.seed_index == second.seed_index
    assert first.players == second.players[::-1]


def test_deals_may_be_shared(event: Callable[..., Event]) -> None:
    players = ("marl/random", "marl/first")
    first, second = run(event(*players, overrides=("deals=shared",)), workers=1)
    assert first.seed == second.seed
    assert first.players == second.players[::-1]


@pytest.mark.parametrize("deals", ["own", "shared"])
def test_openings_are_alike_in_both_games_of_a_pair(event: Callable[..., Event], deals: str) -> None:
    made = event("marl/first", "a=marl/first", overrides=("opening=4", f"deals={deals}", "schedule.games=4"))
    moves: dict[int, set[str]] = {}
    for match in run(made):
        replay = Replay.read(made.path / "replays" / match.replay)
        moves.setdefault(match.seed_index, set()).add(str([tick["actions"] for tick in replay.ticks[:4]]))
    assert [len(found) for found in moves.values()] == [1, 1]
    assert len(set.union(*moves.values())) == 2


def test_games_with_one_deal_never_overlap_and_everybody_pauses_between(event: Callable[..., Event]) -> None:
    players = ("marl/random", *(f"p{i}=marl/random" for i in range(4)))
    made = event(*players, overrides=("deals=shared", "schedule.cycles=3"))
    made.begin()
    pool = Recorded(size=4)
    with closing(Host(made, pool, PLENTY, lambda _: Need(), "test")) as host:
        for _ in host.run():
            pass
    assert pool.most == 4
    assert len(pool.started) == 60
    for index in {assignment.seed_index for assignment in pool.started}:
        (_, ended), (begun_again, _) = sorted(pool.spans[id] for id in pool.spans if pool.indices[id] == index)
        assert ended < begun_again
        assert any(ended <= moment < begun_again for moment in pool.quiet)


def test_the_order_does_not_tell_which_games_belong_together(event: Callable[..., Event]) -> None:
    made = event("marl/random", "a=marl/random", overrides=("deals=shared", "schedule.cycles=20"))
    made.begin()
    pool = Recorded(size=1)
    with closing(Host(made, pool, PLENTY, lambda _: Need(), "test")) as host:
        for _ in host.run():
            pass
    order = [assignment.seed_index for assignment in pool.started]
    distances = [order.index(index, order.index(index) + 1) - order.index(index) for index in range(20)]
    assert len(set(distances)) > 5
    assert order[:20] != list(range(20))
    sides = [assignment.players[0] for assignment in pool.started[:20]]
    assert 3 <= sides.count("a") <= 17  # neither seat is always the first of its pair


def test_the_same_event_gives_the_same_matches_whatever_the_number_of_workers(
    event: Callable[..., Event], tmp_path: Path
) -> None:
    players = ("marl/random", "ann=marl/random", "bob=marl/random")
    one, three = event(*players, name="one"), event(*players, name="three")
    (three.path / "secret").write_text((one.path / "secret").read_text())
    (three.path / "commitment").write_text((one.path / "commitment").read_text())
    run(one, workers=1)
    run(three, workers=3)
    assert [m.replay_hash for m in sorted(one.ledger.matches(), key=lambda m: m.pairing)] == [
        m.replay_hash for m in sorted(three.ledger.matches(), key=lambda m: m.pairing)
    ]


def test_the_budget_of_processes_and_memory_holds_whatever_the_number_of_workers(event: Callable[..., Event]) -> None:
    made = event("marl/random", "a=marl/random", "b=marl/random", "c=marl/random")
    made.begin()
    for budget, most in ((Budget(64, 10_000), 2), (Budget(10_000, 1100), 1), (Budget(200, 4096), 4)):
        made.ledger.engine.dispose()
        pool = Recorded(size=50)
        host = Host(made, pool, budget, lambda _: Need(32, 1024), "test")
        host._start()
        assert len(pool.going) == most
        assert budget.reserved.processes <= budget.processes
        assert budget.reserved.memory_mb <= budget.memory_mb
        host.close()


def test_the_budget_is_full_again_when_all_matches_are_over(event: Callable[..., Event]) -> None:
    made = event("marl/random", "a=marl/random", "b=marl/random")
    made.begin()
    budget, pool = Budget(64, 4096), Recorded(size=50)
    with closing(Host(made, pool, budget, lambda _: Need(32, 1024), "test")) as host:
        for _ in host.run():
            pass
    assert budget.reserved == Need(0, 0)
    assert pool.most == 2
    assert len(pool.started) == 6


def test_a_match_that_could_never_start_is_refused_before_anything_is_played() -> None:
    with pytest.raises(UserError, match=r"may need 64 processes, and budget\.processes is 10"):
        Budget(10, 4096).check(Need(64, 1024), "a match")
    with pytest.raises(UserError, match=r"may need 1024 MB of memory, and budget\.memory_mb is 512"):
        Budget(100, 512).check(Need(64, 1024), "a match")


def test_one_slow_bot_holds_up_only_its_own_matches(event: Callable[..., Event]) -> None:
    made = event("slow=marl/random", *(f"p{i}=marl/random" for i in range(5)))
    made.begin()
    pool = Recorded(size=4, slow="slow")
    ended = []
    with closing(Host(made, pool, PLENTY, lambda _: Need(), "test")) as host:
        for finished in host.run():
            ended += finished
    assert pool.most == 4
    others = [index for index, match in enumerate(ended) if "slow" not in match.players]
    assert len(others) == 20
    assert max(others) == 19  # nobody else waited for a match of the slow one to end


def test_the_least_busy_players_start_first() -> None:
    pairings = [Pairing("1", ("a", "b"), 0, 1), Pairing("2", ("c", "d"), 1, 2), Pairing("3", ("a", "c"), 2, 1)]
    assert [p.id for p in order(pairings, [("a", "x")], 4)] == ["2", "1", "3"]
    assert [p.id for p in order(pairings, [("a", "x"), ("a", "y"), ("c", "z")], 4)] == ["2", "1", "3"]


def test_a_worker_that_dies_is_replaced_and_its_match_is_void_and_played_again(event: Callable[..., Event]) -> None:
    made = event("marl/random", "marl/first")
    made.begin()
    table, marker = Table(made.path, made.config), made.path / "died"

    def play(assignment: Assignment, tell: Tell) -> Played:
        if not marker.exists():
            marker.touch()
            os._exit(3)
        return table(assignment, tell)

    with closing(Host(made, Processes(2, play), PLENTY, Needs(made), "test")) as host:
        for _ in host.run():
            pass
    void = [match for match in made.ledger.matches() if match.void]
    assert [match.host_error for match in void] == ["the worker process died (exit code 3)"]
    assert len(made.ledger.matches()) == 3
    assert view(made).void == 1
    assert [line.played for line in view(made).lines] == [2, 2]


def test_a_mistake_of_the_hosts_own_is_void_and_names_the_place(event: Callable[..., Event]) -> None:
    made = event("marl/random", "marl/first")
    made.begin()

    def play(assignment: Assignment, tell: Tell) -> Played:
        raise ZeroDivisionError("a mistake of ours")

    with closing(Host(made, Processes(1, play), PLENTY, Needs(made), "test")) as host:
        for _ in host.run():
            pass
    matches = made.ledger.matches()
    assert all(match.void for match in matches)
    assert len(matches) == 6  # each of two pairings three times, and then for good
    assert "ZeroDivisionError: a mistake of ours (at test_host.py" in matches[0].host_error
    assert {line.points for line in view(made).lines} == {1.0}  # half a point for each match


def test_bots_run_in_the_sandbox_and_leave_their_logs(event: Callable[..., Event], bot: Callable[..., Path]) -> None:
    good = bot("good")
    bad = bot("bad", "print('<b>my own mistake', file=sys.stderr); action = LEGAL[0] if count < 2 else 1 / 0")
    cheat = bot("cheat", "action = 77")
    made = event(str(good), str(bad), str(cheat), overrides=("sandbox=league/limits",))
    matches = run(made, trust=True)
    assert len(matches) == 6
    faults = {line.player: dict(line.faults) for line in view(made).lines}
    assert faults["good"] == {}
    assert faults["cheat"] == {"illegal move": 4}
    assert set(faults["bad"]) == {"crash"}
    logs = [path.read_text() for path in (made.path / "logs").glob("*-?.log")]
    assert any("my own mistake" in log and "ZeroDivisionError" in log for log in logs)
    assert (made.path / "secret").stat().st_mode & 0o777 == 0o600


def test_a_person_plays_at_the_hosts_terminal(event: Callable[..., Event]) -> None:
    made = event("person:ann", "marl/first")
    made.close()
    said = "\n".join(str(number) for number in [9, *range(9), *range(9)] * 3)
    result = CliRunner().invoke(app, ["run", str(made.path)], input=said, catch_exceptions=False)
    assert result.exit_code == 0
    assert "match 1.1.1: ann against first" in result.output
    assert "try again" in result.output
    made = open_event(made.path, load_registry())
    assert [match.host_error for match in made.ledger.matches()] == ["", ""]
    made.close()


def test_a_match_that_another_host_took_over_is_that_hosts(event: Callable[..., Event]) -> None:
    made = event("marl/random", "marl/first")
    made.begin()
    pool = Recorded(size=1)
    with closing(Host(made, pool, PLENTY, lambda _: Need(), "zombie")) as zombie:
        zombie._start()
        taken = made.ledger.lease(pool.going[0].pairing, "other", 60, seize=True)
        assert taken == 2
        assert list(zombie._collect()) == []
        assert made.ledger.matches() == []
