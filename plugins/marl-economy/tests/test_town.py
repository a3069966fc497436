"""The rules of the town, step by step."""

from __future__ import annotations

import numpy as np
import pytest

from marl_economy import taxes
from marl_economy.planners import Saez, SaezParams, Schedule, ScheduleParams, USFederal
from marl_economy.playing import played
from marl_economy.town.builder import Builder
from marl_economy.town.market import ASK, BID, cleared
from marl_economy.town.params import TownParams
from marl_economy.town.town import BUILD, ORDERS, REST, STONE, WOOD, Town

ONE = np.array([0])


def opened(**params: object) -> Town:
    """A town in its first year, without chance and without taxes."""
    town = Town(1, TownParams(workers=2, years=2, days=4, **params))  # type: ignore[arg-type]
    town.reset(ONE, np.array([7], np.uint64))
    town.bonus[:] = 0.0
    town.step(ONE, [np.zeros((1, 7), np.int64), None])
    return town


def day(town: Town, *actions: int) -> np.ndarray:
    rewards: np.ndarray = town.step(ONE, [None, np.array(actions)]).rewards[0]
    return rewards


def test_a_house_takes_wood_and_stone_and_labour_and_pays_by_skill() -> None:
    town = opened()
    assert not town.masks(ONE)[0, :, BUILD].any()
    day(town, WOOD, REST)
    day(town, STONE, REST)
    assert town.masks(ONE)[0, :, BUILD].tolist() == [True, False]
    pay = town.pay[0, 0]
    planner, builder, idle = day(town, BUILD, REST)
    assert town.coin[0].tolist() == [pay, 0.0] and town.houses[0].tolist() == [1, 0]
    assert town.stock[0].tolist() == [[0, 0], [0, 0]]
    assert builder == pytest.approx((pay**0.77 - 0) / 0.77 - 0.4 * 2) and idle == 0.0
    assert planner == 0.0  # one has everything: equality is 0
    assert town.labour[0].tolist() == [4.0, 0.0]


def test_taxes_are_shared_out_evenly_at_the_end_of_a_year() -> None:
    town = opened()
    town.rates[:] = [1.0, 0.5, 0, 0, 0, 0, 0]
    town.coin[0], town.earned[0] = [20.0, 3.0], [19.7, -2.0]
    for _ in range(4):
        rewards = day(town, REST, REST)
    assert town.paid[0].tolist() == [pytest.approx(9.7 + 5.0), 0.0]
    assert town.coin[0].tolist() == [pytest.approx(20 - 14.7 / 2), pytest.approx(3 + 14.7 / 2)]
    assert town.coin.sum() == pytest.approx(23.0)
    assert rewards[0] == pytest.approx(
        town.social(ONE, town.utility(ONE))[0] - taxes.equality(np.array([20.0, 3.0])) * 11.5
    )
    (planner, workers) = town.turn(ONE)
    assert planner is not None and workers is None  # a new year begins
    assert planner.observation["incomes"][0].tolist() == [pytest.approx(19.7), pytest.approx(-2.0)]


def test_nobody_pays_more_than_it_has() -> None:
    town = opened()
    town.rates[:] = 1.0
    town.coin[0], town.earned[0] = [4.0, 0.0], [10.0, 0.0]
    for _ in range(4):
        day(town, REST, REST)
    assert town.coin[0].tolist() == [2.0, 2.0]


def test_a_bid_and_an_ask_meet_at_the_price_of_the_older() -> None:
    town = opened()
    town.coin[0], town.stock[0, 0] = [0.0, 10.0], [1, 0]
    bid6, ask2 = ORDERS + 2, ORDERS + 3
    day(town, REST, bid6)
    assert town.masks(ONE)[0, 0, ask2] and not town.masks(ONE)[0, 1, ask2]
    day(town, ask2, REST)
    assert town.coin[0].tolist() == [6.0, 4.0] and town.stock[0, 0].tolist() == [0, 1]
    assert town.earned[0].tolist() == [6.0, -6.0] and not town.price.any()


def test_orders_that_cannot_be_honoured_are_void_and_best_prices_go_first() -> None:
    price = np.array([[[5.0, 3.0, 0.0, 0.0], [0.0, 0.0, 4.0, 2.0]]])
    placed = np.array([[[1, 1, 0, 0], [0, 0, 1, 1]]])
    coin, stock = np.array([[9.0, 9.0, 0.0, 0.0]]), np.array([[0, 0, 1, 1]])
    paid, moved, mean = cleared(price.copy(), placed, coin, stock)
    assert moved.tolist() == [[1, 0, 0, -1]] and paid.tolist() == [[-3.5, 0.0, 0.0, 3.5]]  # 5 meets 2; 3 is less than 4
    assert mean.tolist() == [3.5]
    broke = price.copy()
    paid, moved, _ = cleared(broke, placed, np.array([[4.0, 9.0, 0.0, 0.0]]), stock)
    assert moved.tolist() == [[0, 1, 0, -1]]  # who bid 5 has 4
    assert broke[0, BID, 0] == 0.0 and broke[0, ASK, 2] == 4.0


def test_trade_makes_and_loses_nothing() -> None:
    rng = np.random.default_rng(3)
    price = rng.integers(0, 7, (500, 2, 5)).astype(float)
    price[:, ASK] *= price[:, BID] == 0
    placed = rng.integers(0, 9, (500, 2, 5))
    coin, stock = rng.integers(0, 9, (500, 5)).astype(float), rng.integers(0, 2, (500, 5))
    paid, moved, _ = cleared(price, placed, coin, stock)
    assert np.abs(paid.sum(axis=1)).max() < 1e-9 and not moved.sum(axis=1).any()
    assert (coin + paid >= 0).all() and (stock + moved >= 0).all() and moved.any()


def test_an_order_stands_for_its_days() -> None:
    town = opened(order_days=1)
    town.coin[0], town.stock[0, 0] = [0.0, 10.0], [1, 0]
    day(town, REST, ORDERS + 2)
    day(town, REST, REST)
    day(town, ORDERS + 3, REST)
    assert town.coin[0].tolist() == [0.0, 10.0]


def ends(planner: object, params: TownParams) -> tuple[float, float, float]:
    """Equality, productivity and welfare at the end, by workers of the rule."""
    spec = Town(1, params).spec
    *_, last = played(lambda lanes: Town(lanes, params), planner, Builder(spec), 32, 5)  # type: ignore[arg-type]
    return (
        float(taxes.equality(last.coin).mean()),
        float(taxes.productivity(last.coin).mean()),
        float(last.welfare.mean()),
    )


def test_taxes_make_equal_until_nobody_works() -> None:
    params = TownParams(years=3)
    spec = Town(1, params).spec
    free, some, all_taken = (ends(Schedule(spec, ScheduleParams([rate])), params) for rate in (0.0, 0.4, 1.0))
    assert some[0] > free[0] + 0.04 and some[2] > free[2]
    assert all_taken[1] < 0.1 * free[1]
    assert free[2] == pytest.approx(free[0] * free[1], rel=0.02)


def test_planners_that_do_not_learn_set_what_they_say() -> None:
    params = TownParams(years=2, days=6)
    spec = Town(1, params).spec
    us = list(played(lambda lanes: Town(lanes, params), USFederal(spec), Builder(spec), 2, 5))
    assert us[0].rates[0].tolist() == pytest.approx([0.1, 0.1, 0.2, 0.25, 0.3, 0.35, 0.35], abs=0.051)
    by_formula = list(played(lambda lanes: Town(lanes, params), Saez(spec, SaezParams(0.5)), Builder(spec), 2, 5))
    assert not by_formula[0].rates.any() and by_formula[1].rates.any()
    known = Saez(spec, SaezParams(0.5, incomes=[10.0, 20.0, 60.0]))
    first = next(played(lambda lanes: Town(lanes, params), known, Builder(spec), 2, 5))
    assert first.rates[0, 1] > 0


def test_skills_are_the_quantiles_dealt_out_anew() -> None:
    town = Town(16)
    town.reset(np.arange(16), np.arange(16, dtype=np.uint64))
    pays = {tuple(row) for row in town.pay.round(3).tolist()}
    assert len(pays) > 3 and {tuple(sorted(row)) for row in pays} == {(10.679, 12.494, 15.558, 23.636)}


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"workers": 1}, "workers must be finite and at least 2|workers must be at least 2"),
        ({"eta": 1.0}, "eta must be from 0 to less than 1"),
        ({"prices": []}, "prices must be whole coins"),
        ({"cutoffs": [3.0]}, "begin with 0"),
    ],
)
def test_nonsense_is_refused(params: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        TownParams(**params)  # type: ignore[arg-type]
