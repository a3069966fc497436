"""Population-based training: its decisions on made-up results, and in small leagues whose learners are exact."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest

from league.iteration import Iteration
from league.manager import Manager
from league.orders import Lineage, Order
from league.payoffs import Payoffs
from league.player import Player
from league.strategies.exploring import drawn, perturbed, with_values
from league.strategies.pbt import PBT, Params
from league.view import LeagueView
from marl.errors import UserError
from marl.registry import load_registry

pytest.importorskip("marl_classic", reason="needs the plugin marl-classic")


def fake(born: Sequence[int], chances: Mapping[tuple[int, int], float] | None = None, seed: int = 1) -> LeagueView:
    """A symmetric league of founder 0, and then of a player of each of these learners, 1, 2, ...

    `chances[i, j]`: what player i earns from player j; nothing where nothing is said.
    """
    players = [Player("player/0", (0, 1), "id 0", 0, "founder", (), "checkpoint 0")]
    for number, learner in enumerate(born, 1):
        name = f"learner_{learner}"
        players.append(
            Player(f"player/{number}", (0, 1), f"id {number}", number, "main", (), f"checkpoint {number}", name)
        )
    table = np.zeros((len(players), len(players)))
    for (one, two), worth in (chances or {}).items():
        table[one, two], table[two, one] = worth, -worth
    iterations = tuple(Iteration(n, ((1.0,),), {}, (0.0,), 0.0) for n in range(len(born) + 1))
    payoffs = Payoffs.of([table], symmetric=True)
    lineages = {f"learner_{n}": Lineage(list(born).count(n), "", "") for n in set(born)}
    return LeagueView("fake", "", ("0", "1"), tuple(players), iterations, payoffs, seed=seed, lineages=lineages)


def strategy(**params: object) -> PBT:
    return PBT(load_registry(), Params(**{"every": 1, "learners": 3, **params}))  # type: ignore[arg-type]


def orders(view: LeagueView, **params: object) -> list[Order]:
    return list(strategy(**params).next(view, []))


def test_learners_begin_with_settings_of_their_own_and_meet_the_founder() -> None:
    begun = orders(fake([]), explore={"lr": [0.001, 0.1], "entropy": [0.5, 0.5]})
    rates = [order.job.params["lr"] for order in begun]
    assert len(set(rates)) == 3
    assert all(0.001 <= rate <= 0.1 for rate in rates)
    assert all(order.job.params["entropy"] == 0.5 for order in begun)
    assert all(order.job.opponents == ((), (("id 0", 1.0),)) for order in begun)
    assert [order.job.parent for order in begun] == [None] * 3


def test_the_weakest_goes_on_from_the_strongest_with_perturbed_settings() -> None:
    """Player 2 of learner 1 loses to both others."""
    chances = {(1, 2): 1.0, (3, 2): 0.5, (1, 3): 0.5}
    before = [order.job for order in orders(fake([]))]
    after = [order.job for order in orders(fake([0, 2, 1], {(1, 3): 1.0, (2, 3): 0.5, (1, 2): 0.5}))]
    assert [job.parent for job in after] == ["checkpoint 1", "checkpoint 1", "checkpoint 2"]
    ratio = float(after[1].params["lr"]) / float(before[0].params["lr"])
    assert ratio == pytest.approx(1.2) or ratio == pytest.approx(1 / 1.2)
    assert after[0].params == before[0].params
    assert after[2].params == before[2].params
    # who is weak by what is known now, but was not when it was asked, goes on with its own
    late = [order.job for order in orders(fake([0, 1, 2], chances), every=2)]
    assert [job.parent for job in late] == ["checkpoint 1", "checkpoint 2", "checkpoint 3"]


def test_it_is_asked_after_so_many_slices_and_by_its_newest_player() -> None:
    lost = {(4, 6): 1.0, (5, 6): 1.0}
    second = orders(fake([0, 1, 2, 0, 1, 2], lost), every=2)
    assert [order.job.parent for order in second] == ["checkpoint 4", "checkpoint 5", "checkpoint 4"]
    third = orders(fake([0, 1, 2, 0, 1, 2, 2], lost), every=2)
    assert third[2].job.parent == "checkpoint 7"  # its own, with the settings that it took over
    assert third[2].job.params == second[2].job.params
    assert third[2].job.seed != second[2].job.seed


def test_whom_they_meet_and_what_stands_for_the_league() -> None:
    view = fake([0, 1, 0, 2], {(3, 2): 0.5, (3, 4): 0.5})
    assert orders(view)[1].job.opponents[1] == (("id 3", 1 / 3), ("id 2", 1 / 3), ("id 4", 1 / 3))
    assert strategy().mixtures(view) == [(0.0, 0.0, 0.0, 1.0, 0.0)]
    assert strategy().mixtures(fake([])) == [(1.0,)]
    assert {cell.players for cell in strategy().cells(view)} == {(i, j) for i in (2, 3, 4) for j in (2, 3, 4)}


def test_settings_stay_in_their_range_and_whole_where_it_is_whole() -> None:
    known = {"lr": (0.1, 0.2), "epochs": (1, 8)}
    for seed in range(50):
        values = drawn(known, seed)
        for _ in range(5):
            values = perturbed(known, values, 1.5, seed)
            assert 0.1 <= values["lr"] <= 0.2
            assert values["epochs"] in range(1, 9)
            assert isinstance(values["epochs"], int)
    assert with_values({"lr": 1.0, "model": {"hidden": [3]}}, {"model.memory": 4}) == {
        "lr": 1.0,
        "model": {"hidden": [3], "memory": 4},
    }


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"explore": {"lr": [0.1]}}, "lr must be two numbers above 0, the smaller first, but it is"),
        ({"explore": {"lr": [0.2, 0.1]}}, "the smaller first"),
        ({"explore": {}}, "explore names no setting"),
        ({"learners": 1}, "learners must be at least 2"),
        ({"share": 0.6}, r"share must be at most 0\.5"),
    ],
)
def test_wrong_parameters_are_told(params: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Params(**params)  # type: ignore[arg-type]


Make = Callable[..., Manager]
KUHN = """kind: league
env: classic/kuhn_poker
strategy:
  {name: league/pbt, algorithm: learners/averager, explore: {rate: [0.01, 1.0]}, learners: 3, factor: 2, every: 1}
workers: 6
stop: {iterations: 30}
"""


def test_learners_who_hardly_learn_are_replaced(leagues: Make) -> None:
    """Rates from 0.01 to 1: in the end nobody's is small, and a league that was cut off comes to the same."""
    whole = leagues(KUHN)
    list(whole.run())
    view = replace(whole.view(), seed=whole.services.seed)
    learned = PBT(whole.services.registry, Params(explore={"rate": [0.01, 1.0]}, learners=3, factor=2.0, every=1))
    begun = [one.values["rate"] for one in learned.learners(replace(view, players=()))]
    rates = [one.values["rate"] for one in learned.learners(view)]
    assert min(begun) < 0.1 < min(rates), json.dumps([begun, rates])
    run = leagues(KUHN, "cut").run()
    for _ in range(10):
        next(run)
    again = leagues(KUHN, "cut")
    list(again.run())
    assert again.ledger.digest() == whole.ledger.digest()


def test_a_setting_that_the_algorithm_lacks_is_told(leagues: Make) -> None:
    with pytest.raises(UserError, match=r"rat.*did you mean 'rate'"):
        next(leagues(KUHN.replace("rate:", "rat:")).run())
