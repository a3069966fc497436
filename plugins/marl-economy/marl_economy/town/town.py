"""Gather, trade and build: workers of unlike skills, and a planner that taxes them.

Source: Zheng et al., "The AI Economist: Taxation policy design via two-level deep multiagent reinforcement learning",
Science Advances 8, 2022, and its open-source code (ai-economist), whose constants these are where nothing else is said:
isoelastic utility of coin less the cost of labour, payment for houses by skill, a chance of a second unit when
gathering, a double auction for wood and stone, marginal rates by brackets set once a year, taxes shared out evenly.

What is left out is the map: nobody walks, nothing grows or is used up, and houses are in nobody's way. So labour is 2
a house instead of 10, years have 20 days instead of 100, and skills are the quantiles of the distributions that are
sampled there, dealt out anew in each match.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from marl import rng
from marl.env import Frame, Lanes
from marl.space import Box
from marl.types import Array, ArrayTree, Bools, Floats, Ints
from marl_economy import taxes
from marl_economy.society import Society, society_spec
from marl_economy.town.market import ASK, BID, cleared
from marl_economy.town.params import TownParams
from marl_economy.town.picture import picture

REST, WOOD, STONE, BUILD, ORDERS = range(5)  # actions; from ORDERS on: resource, then bid or ask, then price
COINS, UNITS = 100.0, 10.0  # of what workers see: coins and units count in these
INFO = {
    "equality": "1 less the Gini index of coin, so far",
    "productivity": "coins of a worker, on average, so far",
    "welfare": "what the planner has earned so far",
    "tax": "mean rate that was paid on the incomes of the last year",
}


class Town(Society):
    """Fields `[lanes, K]`: `coin`, `labour`, `houses` so far, `stock` `[lanes, 2, K]` of wood and stone, `earned` this
    year; `pay` for a house and the chance of a `bonus` when gathering; orders: see `market.py`."""

    coin: Floats
    labour: Floats
    houses: Ints
    stock: Ints
    earned: Floats
    pay: Floats
    bonus: Floats
    price: Floats
    placed: Ints
    traded: Floats
    paid: Floats

    def __init__(self, lanes: int, params: TownParams | None = None) -> None:
        self.params = params = params or TownParams()
        self.cutoffs, self.prices = np.array(params.cutoffs), np.array(params.prices, dtype=float)
        self.years, self.days, self.rate_step = params.years, params.days, params.rate_step
        quantiles = 1 - (np.arange(params.workers) + 0.5) / params.workers
        skill = quantiles ** (-1 / 4) - 1  # of a Pareto (Lomax) distribution with shape 4; the bonus: with shape 3
        self._pay = params.payment * np.minimum(params.max_skill, (params.max_skill - 1) * skill + 1)
        self._bonus = np.minimum(2, quantiles ** (-1 / 3) - 1) / 2
        actions = ORDERS + 4 * len(params.prices)
        labour = [0.0, params.gather_labour, params.gather_labour, params.build_labour]
        self._labour = np.array(labour + [params.order_labour] * (actions - ORDERS))
        brackets = len(params.cutoffs)
        seen = Box((21 + brackets + params.workers,))
        ticks = params.years * (params.days + 1)
        levels = taxes.rate_levels(params.rate_step)
        super().__init__(society_spec(params.workers, levels, brackets, seen, actions, ticks, INFO), lanes)

    def fields(self) -> dict[str, Any]:
        """See the class."""
        count = self.params.workers
        none, whole = np.zeros(count), np.zeros(count, np.int64)
        orders = {"price": np.zeros((2, 2, count)), "placed": np.zeros((2, 2, count), np.int64), "traded": np.zeros(2)}
        known = {"coin": none, "labour": none, "earned": none, "pay": none, "bonus": none, "paid": none}
        return known | {"houses": whole, "stock": np.zeros((2, count), np.int64)} | orders

    def begin(self, lanes: Lanes) -> None:
        """Deal out skills."""
        count = self.workers
        for number, (name, values) in enumerate((("pay", self._pay), ("bonus", self._bonus))):
            keys = rng.extend(rng.mix(self.seed[lanes], 0x5111 + number)[:, None], np.arange(count))
            getattr(self, name)[lanes] = values[np.argsort(rng.uniform(keys), axis=1)]

    def masks(self, lanes: Lanes) -> Bools:
        """Who builds has wood and stone; who bids has the coins; who asks has a unit."""
        coin, stock = self.coin[lanes], self.stock[lanes]
        may = np.ones((len(lanes), self.workers, len(self._labour)), np.bool_)
        may[:, :, BUILD] = (stock >= 1).all(axis=1)
        affordable = coin[:, :, None] >= self.prices
        for resource in range(2):
            at = ORDERS + 2 * resource * len(self.prices)
            may[:, :, at : at + len(self.prices)] = affordable
            may[:, :, at + len(self.prices) : at + 2 * len(self.prices)] = stock[:, resource, :, None] >= 1
        return may

    def work(self, lanes: Lanes, actions: Array) -> None:
        """Gather, build, place orders; then the market is cleared."""
        coin, stock, earned = self.coin[lanes], self.stock[lanes], self.earned[lanes]
        self.labour[lanes] += self._labour[actions]
        keys = rng.extend(rng.mix(self.seed[lanes], self.tick[lanes])[:, None], np.arange(self.workers))
        found = 1 + (rng.uniform(keys) < self.bonus[lanes])
        stock[:, 0] += np.where(actions == WOOD, found, 0)
        stock[:, 1] += np.where(actions == STONE, found, 0)
        built = actions == BUILD
        stock -= built[:, None]
        income = np.where(built, self.pay[lanes], 0.0)
        self.houses[lanes] += built
        price, placed = self.price[lanes], self.placed[lanes]
        price *= self.tick[lanes][:, None, None, None] - placed <= self.params.order_days
        self._place(price, placed, actions, self.tick[lanes])
        for resource in range(2):
            gain, moved, mean = cleared(price[:, resource], placed[:, resource], coin + income, stock[:, resource])
            income += gain
            stock[:, resource] += moved
            self.traded[lanes, resource] = mean
        self.coin[lanes], self.stock[lanes] = coin + income, stock
        self.earned[lanes], self.price[lanes], self.placed[lanes] = earned + income, price, placed

    def _place(self, price: Floats, placed: Ints, actions: Array, tick: Ints) -> None:
        """New orders replace the worker's old ones for the same resource, `price` and `placed` `[L, 2, 2, K]`."""
        lane, worker = np.nonzero(actions >= ORDERS)
        if not len(lane):
            return
        kind, level = np.divmod(actions[lane, worker] - ORDERS, len(self.prices))
        resource, side = np.divmod(kind, 2)
        price[lane, resource, :, worker] = 0.0
        price[lane, resource, side, worker] = self.prices[level]
        placed[lane, resource, side, worker] = tick[lane]

    def year_ends(self, lanes: Lanes) -> None:
        """Taxes are due on what was earned, as far as coins reach; all of them are shared out evenly."""
        earned, coin = self.earned[lanes], self.coin[lanes]
        paid = np.minimum(taxes.due(np.maximum(earned, 0.0), self.rates[lanes], self.cutoffs), coin)
        self.coin[lanes] = coin - paid + paid.mean(axis=1, keepdims=True)
        self.last_income[lanes], self.paid[lanes], self.earned[lanes] = earned, paid, 0.0

    def utility(self, lanes: Lanes) -> Floats:
        """`(coin^(1 - eta) - 1) / (1 - eta)` less the cost of labour, `[L, K]`."""
        left = 1 - self.params.eta
        return np.asarray((self.coin[lanes] ** left - 1) / left - self.params.labour_cost * self.labour[lanes])

    def standing(self, lanes: Lanes) -> Floats:
        """See `Society`."""
        utility = self.utility(lanes)
        return np.concatenate([self.social(lanes, utility)[:, None], utility], axis=1)

    def held(self, lanes: Lanes) -> Floats:
        """See `Society`."""
        return self.coin[lanes]

    def social(self, lanes: Lanes, utility: Floats) -> Floats:
        """Social welfare `[L]`."""
        coin = self.coin[lanes]
        if self.params.welfare == "utility":
            return taxes.inverse_income_weighted(coin, utility)
        return taxes.equality(coin) * taxes.productivity(coin)

    def observe_workers(self, lanes: Lanes) -> Array:
        """Own means, skills and orders, what the market and the taxman ask, and what everybody earned last year."""
        count, stock, coin, earned = self.workers, self.stock[lanes], self.coin[lanes], self.earned[lanes]
        rates, price = self.rates[lanes], self.price[lanes]
        own = [coin / COINS, earned / COINS, stock[:, 0] / UNITS, stock[:, 1] / UNITS, self.labour[lanes] / COINS]
        own += [self.pay[lanes] / 10.0, self.bonus[lanes], taxes.marginal(earned, rates, self.cutoffs)]
        own += [
            (coin + 1.0) ** -self.params.eta,
            *(price[:, resource, side] / 10.0 for resource in (0, 1) for side in (0, 1)),
        ]
        bids = [_best(price[:, resource, BID]) / 10.0 for resource in (0, 1)]
        asks = [
            -_best(-np.where(price[:, resource, ASK] > 0, price[:, resource, ASK], 10.0)) / 10.0 for resource in (0, 1)
        ]
        shared = np.concatenate(
            [
                self.traded[lanes] / 10.0,
                self.day[lanes][:, None] / self.days,
                self.tick[lanes][:, None] / self.spec.max_length,
                rates,
                np.sort(self.last_income[lanes], axis=1) / COINS,
            ],
            axis=1,
        )
        everybody = np.repeat(shared[:, None], count, axis=1)
        return np.concatenate([np.stack([*own, *bids, *asks], axis=2), everybody], axis=2).astype(np.float32)

    def observe_planner(self, lanes: Lanes) -> ArrayTree:
        """See `planner_space`."""
        fixed = np.repeat(self.cutoffs[None], len(lanes), axis=0)
        seen = {
            "year": self.tick[lanes][:, None] / self.spec.max_length,
            "cutoffs": fixed,
            "rates": self.rates[lanes],
            "incomes": self.last_income[lanes],
            "coins": self.coin[lanes],
            "welfare": self.social(lanes, self.utility(lanes))[:, None],
        }
        return {name: leaf.astype(np.float32) for name, leaf in seen.items()}

    def info(self, lanes: Lanes) -> Mapping[str, Array]:
        """See `INFO`."""
        coin = self.coin[lanes]
        earned = np.maximum(self.last_income[lanes], 0.0).sum(axis=1)
        return {
            "equality": taxes.equality(coin),
            "productivity": taxes.productivity(coin),
            "welfare": self.social(lanes, self.utility(lanes)),
            "tax": self.paid[lanes].sum(axis=1) / np.maximum(earned, 1e-9),
        }

    def render(self, lane: int) -> Frame:
        """Incomes and what is left of them, and the tax schedule."""
        return picture(self, lane)


def _best(prices: Floats) -> Floats:
    """The highest of the others' `prices[L, K]`, for each."""
    order = np.sort(prices, axis=1)
    return np.where(prices == order[:, -1:], order[:, -2:-1], order[:, -1:])
