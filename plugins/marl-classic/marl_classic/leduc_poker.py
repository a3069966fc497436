"""Leduc poker for two players: six cards (three ranks, two suits), two rounds of betting, one public card.

Both pay 1. In each round the players fold (0), call (1) or raise (2), player 0 first; a raise is 2 in the first round
and 4 in the second, at most two of them a round. Between the rounds a public card is turned over. A pair with it
wins, then the higher rank; equal ranks share the pot. The rank of card `c` is `c // 2`.

Source: Southey et al., "Bayes' bluff: opponent modelling in poker", UAI 2005.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from marl.env import Frame, Lanes
from marl.exact import SequenceForm
from marl.games import TurnGame, sequence_form, turn_spec
from marl.space import Box, zeros
from marl.types import Array, Bools, Floats, Ints
from marl_classic.drawing import table

FOLD, CALL, RAISE = range(3)
CARDS, ROUND = 6, 4  # a round has at most four actions: call, raise, raise, call


class LeducPoker(TurnGame):
    """Observations are OpenSpiel's information states: who I am, my card, the public card, and all bets made."""

    card: Ints  # int64[lanes, 3]: player 0's, player 1's, the public one; -1 before it is dealt
    history: Ints  # int64[lanes, 8], four actions a round, -1 where nothing happened
    paid: Ints  # int64[lanes, 2], what each player put into the pot
    round: Ints  # int64[lanes], 0 or 1
    made: Ints  # int64[lanes], actions in this round
    raises: Ints  # int64[lanes], raises in this round

    def __init__(self, lanes: int) -> None:
        box = Box((2 + 2 * CARDS + 4 * ROUND,), 0, 1)
        state = Box((3 * CARDS + 4 * ROUND,), 0, 1)
        spec = turn_spec(2, box, 3, max_length=2 * ROUND, returns=(-13.0, 13.0), state=state, zero_sum=True)
        super().__init__(spec, lanes)

    def fields(self) -> dict[str, Any]:
        nothing = {name: np.int64(0) for name in ("round", "made", "raises")}
        return {"card": np.full(3, -1), "history": np.full(2 * ROUND, -1), "paid": np.ones(2, np.int64), **nothing}

    def chance(self, lanes: Lanes) -> Array | None:
        dealt = self.card[lanes]
        due = (dealt[:, 1] < 0) | ((dealt[:, 2] < 0) & (self.round[lanes] == 1))
        if not due.any():
            return None
        free = np.all(dealt[:, :, None] != np.arange(CARDS), axis=1)
        return np.asarray(free & due[:, None])

    def happen(self, lanes: Lanes, outcome: Ints) -> None:
        self.card[lanes, (self.card[lanes] < 0).argmax(axis=1)] = outcome

    def legal(self, lanes: Lanes) -> Bools:
        mask = np.ones((len(lanes), 3), np.bool_)
        paid = self.paid[lanes]
        mask[:, FOLD] = paid[:, 0] != paid[:, 1]  # only whoever pays less is ever asked
        mask[:, RAISE] = self.raises[lanes] < 2
        return mask

    def play(self, lanes: Lanes, agent: Ints, action: Ints) -> tuple[Floats, Bools]:
        number, made = self.round[lanes], self.made[lanes]
        self.history[lanes, number * ROUND + made] = action
        stake = self.paid[lanes, 1 - agent] + np.where(action == RAISE, 2 * (number + 1), 0)
        self.paid[lanes, agent] = np.where(action == FOLD, self.paid[lanes, agent], stake)
        closed = (action == CALL) & (made > 0)
        self.round[lanes] = np.where(closed, 1, number)
        self.made[lanes] = np.where(closed, 0, made + 1)
        self.raises[lanes] = np.where(closed, 0, self.raises[lanes] + (action == RAISE))
        self.player[lanes] = np.where(closed, 0, 1 - agent)
        done = (action == FOLD) | (closed & (number == 1))
        ahead = np.where(action == FOLD, 2 * agent - 1, self._compare(lanes))
        paid = self.paid[lanes]
        gain = np.where(ahead > 0, paid[:, 1], -paid[:, 0]) * (done & (ahead != 0)).astype(np.float64)
        return np.stack([gain, -gain], axis=1), done

    def _compare(self, lanes: Lanes) -> Ints:
        """Who would win the showdown: 1 for player 0, -1 for player 1, 0 for neither."""
        rank = self.card[lanes] // 2
        strength = rank[:, :2] + 3 * (rank[:, :2] == rank[:, 2:])
        return np.asarray(np.sign(strength[:, 0] - strength[:, 1]))

    def observe(self, lanes: Lanes, agent: Ints) -> Array:
        out: Array = zeros(self.spec.groups[0].observation, len(lanes))
        rows = np.arange(len(lanes))
        out[rows, agent] = 1
        out[rows, 2 + self.card[lanes, agent]] = 1
        out[:, 2 + CARDS : 2 + 2 * CARDS] = self.card[lanes, 2, None] == np.arange(CARDS)
        out[:, 2 + 2 * CARDS :] = self._betting(lanes)
        return out

    def state(self, lanes: Lanes) -> Array:
        cards = self.card[lanes][:, :, None] == np.arange(CARDS)
        return np.concatenate([cards.reshape(len(lanes), 3 * CARDS), self._betting(lanes)], axis=1).astype(np.float32)

    def _betting(self, lanes: Lanes) -> Array:
        """Two cells for each action: called, raised; a fold shows in neither."""
        made: Array = self.history[lanes][:, :, None] == np.array([CALL, RAISE])
        return made.reshape(len(lanes), 4 * ROUND)

    def name(self, lane: int, agent: int) -> str:
        """OpenSpiel's information state string."""
        own, public = self.card[lane, agent], self.card[lane, 2]
        paid = self.paid[lane].tolist()
        rounds = [" ".join(str(action) for action in part if action >= 0) for part in self.history[lane].reshape(2, -1)]
        return (
            f"[Observer: {agent}][Private: {own}][Round {self.round[lane] + 1}][Player: {self.player[lane]}]"
            f"[Pot: {sum(paid)}][Money: {100 - paid[0]} {100 - paid[1]}]"
            + (f"[Public: {public}]" if public >= 0 else "")
            + f"[Round1: {rounds[0]}][Round2: {rounds[1]}]"
        )

    def sequence_form(self) -> SequenceForm:
        """The whole game; see `Exact`."""
        return sequence_form(self)

    def render(self, lane: int) -> Frame:
        faces = ["JQK"[card // 2] + "♠♥"[card % 2] if card >= 0 else "" for card in self.card[lane].tolist()]
        cards = dict(zip((*self.spec.agents, "public"), faces, strict=True))
        rounds = [
            "".join("fcr"[action] for action in part if action >= 0) for part in self.history[lane].reshape(2, -1)
        ]
        lines = [f"paid: {' '.join(map(str, self.paid[lane]))}", f"bets: {rounds[0] or '-'} / {rounds[1] or '-'}"]
        words = " ".join(f"{name}:{face or '?'}" for name, face in cards.items())
        return Frame(f"{words} {'; '.join(lines)}", table("Leduc poker", cards, lines))
