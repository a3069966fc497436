"""Kuhn poker: the smallest game with chance, hidden cards and turns. Exact and forkable.

Source: Kuhn, "A simplified two-person poker", Contributions to the Theory of Games 1 (1950).
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np

from marl.env import EnvSpec, Frame, Group
from marl.exact import Decisions, SequenceForm
from marl.games import ForkableOneByOne, Match, Outcome, View
from marl.space import Box, Discrete
from marl.types import Array

CARDS = 3
PASS, BET = 0, 1
DEALS = tuple(itertools.permutations(range(CARDS), 2))
FINISHED = ("00", "010", "011", "10", "11")
SPEC = EnvSpec(
    agents=("player_0", "player_1"),
    groups=(Group("players", (0, 1), Box((CARDS + 6,), 0, 1), Discrete(2)),),
    sides=((0,), (1,)),
    dynamics="turns",
    max_length=3,
    returns=(-2, 2),
    zero_sum=True,
)


def observation(card: int, history: str) -> Array:
    """The own card, and the bets so far: for each of three ticks, whether it was a pass or a bet. `float32[9]`."""
    seen = np.zeros(CARDS + 6, dtype=np.float32)
    seen[card] = 1
    for tick, action in enumerate(history):
        seen[CARDS + 2 * tick + int(action)] = 1
    return seen


def gain(cards: tuple[int, ...], history: str) -> float:
    """What the first player wins in a finished match."""
    higher = 1.0 if cards[0] > cards[1] else -1.0
    match history:
        case "00":
            return higher
        case "010":
            return -1.0
        case "10":
            return 1.0
        case _:
            return 2 * higher


class Kuhn(Match):
    """One match."""

    def start(self) -> None:
        """Deal, or put everything at its place."""
        self.cards = DEALS[int(self.chance() * len(DEALS))]
        self.history = ""

    def views(self) -> Mapping[int, View]:
        """What everyone who acts now may do."""
        player = len(self.history) % 2
        return {player: View(self.observe(player), np.ones(2, dtype=np.bool_))}

    def play(self, actions: Mapping[int, Any]) -> Outcome:
        """The actions of all who act now, and what comes of them."""
        (action,) = actions.values()
        self.history += str(int(action))
        if self.history not in FINISHED:
            return Outcome()
        won = gain(self.cards, self.history)
        return Outcome({0: won, 1: -won}, done=True)

    def observe(self, agent: int) -> Array:
        """What an agent sees."""
        return observation(self.cards[agent], self.history)

    def illegal(self, agent: int, action: Any) -> Outcome:
        """Who breaks the rules loses the smaller pot."""
        return Outcome({agent: -1.0, 1 - agent: 1.0}, done=True, fault=agent)

    def render(self) -> Frame:
        """The match as text."""
        bets = "".join("pb"[int(action)] for action in self.history)
        return Frame(f"{'JQK'[self.cards[0]]}{'JQK'[self.cards[1]]} {bets}".rstrip(), "")


class KuhnPoker(ForkableOneByOne):
    """Kuhn poker, batched."""

    def __init__(self, lanes: int) -> None:
        super().__init__(SPEC, lanes, Kuhn)

    def sequence_form(self) -> SequenceForm:
        """See `marl.env.Exact`."""
        players = (_decisions(("", "01")), _decisions(("0", "1")))
        meetings, payoffs = [], []
        for cards in DEALS:
            for history in FINISHED:
                won = gain(cards, history) / len(DEALS)
                meetings.append([_sequence(player, cards[player], history) for player in (0, 1)])
                payoffs.append([won, -won])
        return SequenceForm.build(players, np.array(meetings), np.array(payoffs))


def kuhn(lanes: int) -> KuhnPoker:
    """Kuhn poker with that many lanes."""
    return KuhnPoker(lanes)


def _decisions(histories: tuple[str, str]) -> Decisions:
    """A player's six information sets: first all cards at the first history, then all at the second.

    Sequences 1 to 6 are pass and bet with each card at the first history, 7 to 12 at the second. The first player comes
    to its second history by passing; the second player's two histories are both its first decision.
    """
    sets = [(history, card) for history in histories for card in range(CARDS)]
    after_pass = [1 + 2 * card if history == "01" else 0 for history, card in sets]
    return Decisions(
        parent=np.array(after_pass),
        start=np.arange(len(sets)) * 2 + 1,
        size=np.full(len(sets), 2),
        action=np.array([-1] + [PASS, BET] * len(sets)),
        observation=np.stack([observation(card, history) for history, card in sets]),
        mask=np.ones((len(sets), 2), dtype=np.bool_),
        name=tuple(f"{'JQK'[card]} {''.join('pb'[int(a)] for a in history)}".rstrip() for history, card in sets),
    )


def _sequence(player: int, card: int, history: str) -> int:
    """The last sequence of a player in a finished match."""
    if player == 0:
        return 1 + 2 * card + int(history[0]) if len(history) == 2 else 7 + 2 * card + int(history[2])
    return 1 + 6 * int(history[0]) + 2 * card + int(history[1])
