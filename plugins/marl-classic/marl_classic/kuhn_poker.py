"""Kuhn poker for two or more players: one card each from a deck of one card more than there are players.

Everybody pays 1. In turn, players pass (0) or bet 1 more (1); after a bet each of the others has one chance to answer.
The highest card among those who bet (among all, if nobody did) takes the pot.

Source: Kuhn, "A simplified two-person poker", Contributions to the Theory of Games 1 (1950); for more players:
Szafron, Gibson and Sturtevant, AAMAS 2013.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from marl.env import Frame, Lanes
from marl.errors import UserError
from marl.exact import SequenceForm
from marl.games import TurnGame, sequence_form, turn_spec
from marl.space import Box, zeros
from marl.types import Array, Bools, Floats, Ints
from marl_classic.drawing import table


@dataclass
class KuhnParams:
    """Parameters of Kuhn poker."""

    players: int = 2  # from 2 to 10


class KuhnPoker(TurnGame):
    """Observations are OpenSpiel's information states: who I am, my card, and for each bet made: pass or bet."""

    card: Ints  # int64[lanes, N], -1 before the deal
    history: Ints  # int64[lanes, 2N - 1], -1 where nothing happened yet
    opened: Ints  # int64[lanes], the tick at which somebody bet first; 0 for never
    bet: Bools  # bool[lanes, N]

    def __init__(self, lanes: int, params: KuhnParams | None = None) -> None:
        params = params or KuhnParams()
        if not 2 <= params.players <= 10:
            raise UserError(f"kuhn_poker takes 2 to 10 players, not {params.players}")
        self.players, self.longest = params.players, 2 * params.players - 1
        box = Box((2 * params.players + 1 + 2 * self.longest,), 0, 1)
        state = Box((params.players * (params.players + 1) + 2 * self.longest,), 0, 1)
        returns = (-2.0, 2.0 * (params.players - 1))
        spec = turn_spec(params.players, box, 2, max_length=self.longest, returns=returns, state=state, zero_sum=True)
        super().__init__(spec, lanes)

    def fields(self) -> dict[str, Any]:
        return {
            "card": np.full(self.players, -1),
            "history": np.full(self.longest, -1),
            "opened": np.int64(0),
            "bet": np.zeros(self.players, np.bool_),
        }

    def chance(self, lanes: Lanes) -> Array | None:
        dealt = self.card[lanes]
        due = np.any(dealt < 0, axis=1)
        if not due.any():
            return None
        free = np.all(dealt[:, :, None] != np.arange(self.players + 1), axis=1)
        return np.asarray(free & due[:, None])

    def happen(self, lanes: Lanes, outcome: Ints) -> None:
        self.card[lanes, (self.card[lanes] < 0).argmax(axis=1)] = outcome

    def legal(self, lanes: Lanes) -> Bools:
        return np.ones((len(lanes), 2), np.bool_)

    def play(self, lanes: Lanes, agent: Ints, action: Ints) -> tuple[Floats, Bools]:
        tick = self.tick[lanes]
        self.history[lanes, tick - 1] = action
        self.bet[lanes, agent] |= action == 1
        opened = np.where(self.opened[lanes] | (action == 0), self.opened[lanes], tick)
        self.opened[lanes] = opened
        self.player[lanes] = tick % self.players
        done = tick == np.where(opened > 0, opened + self.players - 1, self.players)
        rewards = np.zeros((len(lanes), self.players))
        rewards[done] = self._showdown(lanes[done])
        return rewards, done

    def _showdown(self, lanes: Lanes) -> Floats:
        bet = self.bet[lanes]
        contenders = bet | ~bet.any(axis=1, keepdims=True)
        winner = np.where(contenders, self.card[lanes], -1).argmax(axis=1)
        rewards = np.where(bet, -2.0, -1.0)
        rewards[np.arange(len(lanes)), winner] -= rewards.sum(axis=1)
        return rewards

    def observe(self, lanes: Lanes, agent: Ints) -> Array:
        rows, n = np.arange(len(lanes)), self.players
        out: Array = zeros(self.spec.groups[0].observation, len(lanes))
        out[rows, agent] = 1
        out[rows, n + self.card[lanes, agent]] = 1
        out[:, 2 * n + 1 :] = self._betting(lanes)
        return out

    def state(self, lanes: Lanes) -> Array:
        cards = self.card[lanes][:, :, None] == np.arange(self.players + 1)
        flat = cards.reshape(len(lanes), self.players * (self.players + 1))
        return np.concatenate([flat, self._betting(lanes)], axis=1).astype(np.float32)

    def _betting(self, lanes: Lanes) -> Array:
        made: Array = self.history[lanes][:, :, None] == np.arange(2)
        return made.reshape(len(lanes), 2 * self.longest)

    def name(self, lane: int, agent: int) -> str:
        return f"{self.card[lane, agent]}{self._bets(lane)}"

    def _bets(self, lane: int) -> str:
        return "".join("pb"[action] for action in self.history[lane] if action >= 0)

    def sequence_form(self) -> SequenceForm:
        """The whole game; see `Exact`."""
        return sequence_form(self)

    def render(self, lane: int) -> Frame:
        cards = {name: str(card) for name, card in zip(self.spec.agents, self.card[lane].tolist(), strict=True)}
        bets = f"bets: {self._bets(lane) or '-'}"
        words = " ".join(f"{name}:{card}" for name, card in cards.items())
        return Frame(f"{words} {bets}", table("Kuhn poker", cards, [bets]))
