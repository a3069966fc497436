"""External sampling on Kuhn poker, against its tree, written out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("marl_classic", reason="needs the plugin classic")

from marl.registry import ENVIRONMENTS, load_registry
from marl.rng import mix
from marl_tabular.lanes import Lanes, Node
from marl_tabular.traversal import regrets, walk

CARDS = [(one, two) for one in range(3) for two in range(3) if one != two]


def test_regrets_of_traversals_are_counterfactual_regrets_on_average() -> None:
    """Kuhn poker, both sides, by random policies; nothing that agents draw is tied to the cards that were dealt."""
    registry = load_registry()
    make = lambda lanes: registry.make(ENVIRONMENTS, "classic/kuhn_poker", {}, lanes=lanes)  # noqa: E731
    table = np.random.default_rng(4).dirichlet([1, 1], size=(3, 4))  # by card and by what was bet: -, p, b, pb
    lanes, count = Lanes(make, 2), 40_000
    for side in (0, 1):
        levels = walk(lanes, side, mix(3, np.arange(count)), lambda node: table[_card(node), _bets(node)])
        total = np.zeros((3, 4, 2))
        for number, gain in regrets(levels):
            level = levels[number]
            own = level.traverser
            np.add.at(total, (_card(level.waiting)[own], _bets(level.waiting)[own]), gain)
        exact = np.zeros((3, 4, 2))
        for cards in CARDS:
            _exact(table, cards, "", side, 1 / 6, exact)
        assert np.abs(exact).max() > 0.2
        np.testing.assert_allclose(total / count, exact, atol=0.015)


def _seen(node: Node) -> np.ndarray:
    ((rows, where),) = node.rows
    assert where.tolist() == list(range(len(node)))
    return np.asarray(rows.observation)


def _card(node: Node) -> np.ndarray:
    return _seen(node)[:, 2:5].argmax(axis=1)


def _bets(node: Node) -> np.ndarray:
    bets = _seen(node)[:, 5:9].reshape(-1, 2, 2)  # the first two bets: pass or bet
    made = bets.sum(axis=(1, 2)).astype(int)
    return np.where(made == 2, 3, np.where(made == 1, 1 + bets[:, 0, 1].astype(int), 0))


def _exact(table: Any, cards: tuple[int, int], bets: str, side: int, others: float, regret: Any) -> float:
    """What a position is worth to a side, and its regrets times the chance that others and cards lead there."""
    if bets in ("pp", "bp", "bb", "pbp", "pbb"):
        stake = 2 if bets.endswith("bb") else 1
        first = {"bp": True, "pbp": False}.get(bets, cards[0] > cards[1])
        return stake * (1.0 if first == (side == 0) else -1.0)
    mover = len(bets) % 2
    place = (cards[mover], ["", "p", "b", "pb"].index(bets))
    chance = table[place]
    reached = [others * (1.0 if mover == side else chance[action]) for action in (0, 1)]
    worth = [_exact(table, cards, bets + "pb"[action], side, reached[action], regret) for action in (0, 1)]
    value = float(chance @ worth)
    if mover == side:
        regret[place] += others * (np.array(worth) - value)
    return value
