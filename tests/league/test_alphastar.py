"""The AlphaStar league: its roles on made-up results, and in small leagues."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest

from league.iteration import Iteration
from league.manager import Manager
from league.orders import Lineage, Order
from league.payoffs import Payoffs
from league.player import Player
from league.strategies.alphastar import AlphaStar, Params
from league.strategies.matchmaking import without_monotonic_end
from league.view import LeagueView
from marl.errors import UserError
from marl.job import SELF
from marl.registry import load_registry

pytest.importorskip("marl_classic", reason="needs the plugin marl-classic")

MAIN, EXPLOITER, HUNTER = "main_0", "main_exploiter_0", "league_exploiter_0"
ROLES = {MAIN: "main", EXPLOITER: "main_exploiter", HUNTER: "league_exploiter"}


def fake(born: Sequence[str], chances: Mapping[tuple[int, int], float] | None = None) -> LeagueView:
    """A symmetric league of two founders, 0 and 1, and then of a player of each of these learners, 2, 3, ...

    `chances[i, j]`: of player i to beat player j; even where nothing is said.
    """
    founders = [Player(f"player/{n}", (0, 1), f"id {n}", 0, role="founder") for n in range(2)]
    players = [*founders]
    for number, learner in enumerate(born):
        name = f"player/{len(players)}"
        players.append(Player(name, (0, 1), f"id {len(players)}", number + 1, ROLES[learner], (), None, learner))
    table = np.zeros((len(players), len(players)))
    for (one, two), chance in (chances or {}).items():
        if max(one, two) >= len(players):
            continue
        table[one, two], table[two, one] = 2 * chance - 1, 1 - 2 * chance
    iterations = tuple(Iteration(n, ((1.0,),), {}, (0.0,), 0.0) for n in range(len(born) + 1))
    lineages = {name: Lineage(born.count(name), "", f"checkpoint of {name}") for name in set(born)}
    payoffs = Payoffs.of([table], symmetric=True)
    return LeagueView("fake", "", ("0", "1"), tuple(players), iterations, payoffs, seed=1, lineages=lineages)


def strategy(**params: object) -> AlphaStar:
    given = {"league_exploiters": 1, "least": 1, "most": 3, **params}
    return AlphaStar(load_registry(), Params(**given))  # type: ignore[arg-type]


def ordered(view: LeagueView, learner: str, **params: object) -> Order:
    (order,) = [order for order in strategy(**params).next(view, []) if order.lineage == learner]
    return order


def met(view: LeagueView, learner: str, **params: object) -> dict[str, float]:
    return {id.removeprefix("id "): share for id, share in ordered(view, learner, **params).job.opponents[1]}


def test_at_first_everybody_meets_the_founders() -> None:
    """A main agent half of the time, else itself; its exploiter the founder that it starts from."""
    view = fake([])
    assert met(view, MAIN) == pytest.approx({"0": 0.25, "1": 0.25, SELF: 0.5})
    assert met(view, EXPLOITER) == {"1": 1.0}
    assert met(view, HUNTER) == {"0": 0.5, "1": 0.5}
    roles = [order.role for order in strategy().next(view, [])]
    assert roles == ["main", "main_exploiter", "league_exploiter"]


def test_a_main_agent_prefers_the_hardest_of_all_that_is_frozen() -> None:
    """(1 - 0.9)^2 and (1 - 0.6)^2, of 0.5 in all."""
    view = fake([MAIN], {(2, 0): 0.9, (2, 1): 0.6})
    assert met(view, MAIN) == pytest.approx({"0": 0.5 * 0.01 / 0.17, "1": 0.5 * 0.16 / 0.17, SELF: 0.5})


def test_it_looks_at_exploiters_that_beat_it() -> None:
    """Player 2 of the exploiter is frozen at once, since it beats the founder; the main agent beats it once in five."""
    view = fake([EXPLOITER, MAIN], {(2, 1): 0.8, (3, 2): 0.2, (3, 0): 1.0, (3, 1): 1.0})
    assert met(view, MAIN) == pytest.approx({"2": 0.5 + 0.15, SELF: 0.35})
    beaten = fake([EXPLOITER, MAIN], {(2, 1): 0.8, (3, 2): 0.4, (3, 0): 1.0, (3, 1): 1.0})
    assert met(beaten, MAIN) == pytest.approx({"2": 0.5, SELF: 0.5})


def test_it_goes_back_to_what_it_has_forgotten() -> None:
    """It beats the second of its past, but not the first: 0.2, 0.9; a past that gets harder is no forgetting."""
    assert met(fake([MAIN], {(2, 0): 0.2, (2, 1): 0.9}), MAIN)[SELF] == pytest.approx(0.35)
    assert met(fake([MAIN], {(2, 0): 0.9, (2, 1): 0.2}), MAIN)[SELF] == pytest.approx(0.5)


@pytest.mark.parametrize(("chance", "kept"), [([0.9, 0.5, 0.3], 0), ([0.5, 0.9, 0.3], 2), ([0.1, 0.2], 2), ([0.4], 0)])
def test_the_end_over_which_chances_fall_is_left_out(chance: list[float], kept: int) -> None:
    assert without_monotonic_end(np.array(chance)) == kept


def test_main_agents_that_are_too_strong_are_met_in_their_past() -> None:
    """Of two main agents the first never beats the second, whose past are the founders, as good as it (0.5, 0.5)."""
    view = fake([MAIN, MAIN], {(2, 3): 0.1})
    view = replace(view, players=(*view.players[:3], replace(view.players[3], lineage="main_1")))
    found = met(view, MAIN, mains=2, least=2)
    assert found == pytest.approx({"0": 0.25 + 0.125, "1": 0.25 + 0.125, SELF: 0.25})
    assert met(view, MAIN, mains=2, least=2, most=5, win=0.1) == pytest.approx({"0": 0.375, "1": 0.375, SELF: 0.25})
    even = replace(view, payoffs=Payoffs.of([np.zeros((4, 4))], symmetric=True))
    assert met(even, MAIN, mains=2, least=2) == pytest.approx({"0": 0.25, "1": 0.25, "3": 0.25, SELF: 0.25})


def test_a_main_exploiter_meets_the_past_while_the_present_is_out_of_reach() -> None:
    view = fake([MAIN, EXPLOITER], {(3, 2): 0.05, (3, 0): 0.5, (3, 1): 0.9})
    assert met(view, EXPLOITER, least=2) == pytest.approx({"0": 0.25 / 0.34, "1": 0.09 / 0.34})
    near = fake([MAIN, EXPLOITER], {(3, 2): 0.11})
    assert met(near, EXPLOITER, least=2) == {"2": 1.0}


def test_a_league_exploiter_prefers_nobody_among_those_that_it_loses_to() -> None:
    view = fake([HUNTER], {(2, 0): 0.1, (2, 1): 0.75})  # 1 - 0.1 is capped at 1/2
    assert met(view, HUNTER) == pytest.approx({"0": 0.5 / 0.75, "1": 0.25 / 0.75})


def frozen(view: LeagueView, **params: object) -> list[int]:
    return strategy(**params).standing(view).historical[0]


def test_who_is_strong_or_has_learned_long_is_frozen() -> None:
    strong = {(n, founder): 0.8 for n in (2, 3, 4, 5) for founder in (0, 1)}
    assert frozen(fake([MAIN] * 2), least=1, most=3) == [0, 1]
    assert frozen(fake([MAIN] * 4), least=1, most=3) == [0, 1, 4]
    assert frozen(fake([MAIN], strong), least=1, most=3) == [0, 1, 2]
    assert frozen(fake([MAIN], strong), least=2, most=3) == [0, 1]
    assert frozen(fake([MAIN] * 2, strong), least=2, most=3) == [0, 1, 3]
    assert frozen(fake([MAIN] * 2, strong), least=1, most=3) == [0, 1, 2]  # the second does not beat the first yet
    assert frozen(fake([MAIN, EXPLOITER], {(3, 2): 0.8}), least=1, most=3) == [0, 1, 3]  # it beats the main agent


def test_exploiters_begin_anew_once_they_are_frozen() -> None:
    learning = fake([EXPLOITER] * 2)
    assert ordered(learning, EXPLOITER).job.parent == f"checkpoint of {EXPLOITER}"
    assert ordered(fake([EXPLOITER] * 3), EXPLOITER).job.parent is None
    assert ordered(fake([EXPLOITER] * 4), EXPLOITER).job.parent == f"checkpoint of {EXPLOITER}"
    assert ordered(fake([MAIN] * 3), MAIN).job.parent == f"checkpoint of {MAIN}"
    assert ordered(fake([HUNTER] * 3), HUNTER, reset=1.0).job.parent is None
    assert ordered(fake([HUNTER] * 3), HUNTER, reset=0.0).job.parent == f"checkpoint of {HUNTER}"
    seeds = [replace(fake([HUNTER] * 3), seed=seed) for seed in range(40)]
    begun = sum(ordered(view, HUNTER).job.parent is None for view in seeds)
    assert 4 <= begun <= 16  # a quarter of 40


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"mains": 0}, "mains must be at least 1"),
        ({"least": 5, "most": 4}, "most must be at least 5"),
        ({"strong": 1.5}, "strong must be at most 1"),
        ({"win": 0.0}, "win must be above 0"),
    ],
)
def test_wrong_parameters_are_told(params: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Params(**params)  # type: ignore[arg-type]


Make = Callable[..., Manager]
KUHN = """kind: league
env: classic/kuhn_poker
strategy: {name: league/alphastar, algorithm: learners/averager, win: 2.0, least: 1, most: 2, league_exploiters: 1}
workers: 3
stop: {iterations: 24}
"""


def test_a_league_on_kuhn_poker_has_all_roles_and_its_main_agents_get_better(leagues: Make) -> None:
    whole = leagues(KUHN)
    done = list(whole.run())
    view = whole.view()
    for side, players in enumerate(view.populations):
        assert {player.role for player in players} == {"founder", *ROLES.values()}
        assert [player.lineage for player in players if player.role == "main"] == [f"main_{side}"] * 4
    counts: dict[str, int] = {}
    for player in view.players:
        if player.role == "founder":
            continue
        assert player.checkpoint
        slices = int(whole.services.checkpoint(player.checkpoint).meta["count"])
        counts[player.role] = max(slices, counts.get(player.role, 0))
    assert counts["main_exploiter"] <= 2 < counts["main"] == 4  # an exploiter is frozen by then, and begins anew
    assert done[-1].measures["nash_conv"].value < 0.6 * done[0].measures["nash_conv"].value
    run = leagues(KUHN, "cut").run()
    for _ in range(10):
        next(run)
    again = leagues(KUHN, "cut")
    list(again.run())
    assert again.ledger.digest() == whole.ledger.digest()


def test_a_game_of_three_is_refused(league: Make) -> None:
    text = "env: {name: classic/kuhn_poker, players: 3}\nstrategy: {name: alphastar, algorithm: best_response}\n"
    with pytest.raises(UserError, match="needs a zero-sum game of two sides"):
        next(league(text).run())
