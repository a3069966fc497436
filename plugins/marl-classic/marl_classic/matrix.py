"""Matrix (normal-form) games for two or more players, who all choose at once; played once, or for several rounds.

A game played once shows its players OpenSpiel's constant (0, then 1 when it is over). In a game of several rounds they
see what everybody did in the last round, one cell for each action of each player (all zeros at first).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from marl.env import EnvSpec, Frame, Group, Lanes
from marl.errors import UserError, suggestion
from marl.exact import Decisions, SequenceForm
from marl.games import SimultaneousGame
from marl.games.drawing import BLUE, rect, svg, text
from marl.space import Box, Discrete
from marl.types import Array, Bools, Floats, Ints
from marl_classic.matrix_games import GAMES


@dataclass
class RoundsParams:
    """Parameters of a matrix game that has a name."""

    rounds: int = 1  # how often it is played in a match


@dataclass
class MatrixParams(RoundsParams):
    """Parameters of any matrix game: give `game` or `payoffs`, not both; without either it is rock, paper, scissors."""

    game: str = ""  # a name, such as stag_hunt
    payoffs: list[Any] = field(
        default_factory=list
    )  # [player][action of player 0][of player 1]..., or a zero-sum matrix


def matrix(lanes: int, params: MatrixParams | None = None) -> RepeatedMatrix:
    """A matrix game by name or by payoffs; raises UserError where they make no game."""
    params = params or MatrixParams()
    if params.game and len(params.payoffs):
        raise UserError(f"a matrix game takes either game (here {params.game!r}) or payoffs, not both")
    game = "" if len(params.payoffs) else params.game or "rock_paper_scissors"
    if game and game not in GAMES:
        raise UserError(f"unknown matrix game {game!r}" + suggestion(game, GAMES))
    if params.rounds < 1:
        raise UserError(f"a matrix game is played for 1 round or more, not {params.rounds}")
    names = GAMES[game].actions if game else ()
    array = payoff_array(GAMES[game].payoffs if game else params.payoffs)
    if params.rounds == 1:
        return OneShotMatrix(lanes, array, names)
    return RepeatedMatrix(lanes, array, names, params.rounds)


def _named(game: str) -> Callable[..., RepeatedMatrix]:
    def make(lanes: int, params: RoundsParams | None = None) -> RepeatedMatrix:
        return matrix(lanes, MatrixParams(game=game, rounds=(params or RoundsParams()).rounds))

    return make


rock_paper_scissors = _named("rock_paper_scissors")
matching_pennies = _named("matching_pennies")
prisoners_dilemma = _named("prisoners_dilemma")
stag_hunt = _named("stag_hunt")
chicken = _named("chicken")


def payoff_array(payoffs: Any) -> Floats:
    """Payoffs as `float64[N, A_0, ..., A_(N-1)]`; a plain matrix is player 0's in a zero-sum game."""
    try:
        array = np.array(payoffs, dtype=np.float64)
    except (ValueError, TypeError):
        raise UserError("payoffs must be numbers in nested lists whose rows are equally long") from None
    if array.ndim == 2:
        array = np.stack([array, -array])
    if array.ndim < 3 or array.shape[0] != array.ndim - 1 or 0 in array.shape:
        raise UserError(
            "payoffs must be a matrix (zero-sum, the row player's) or one table per player, each with one level of "
            f"lists per player; theirs have the shape {list(array.shape)}"
        )
    if not np.isfinite(array).all():
        raise UserError("payoffs must be finite numbers")
    return array


class RepeatedMatrix(SimultaneousGame):
    """An `Environment` for `payoffs[N, A_0, ...]`. Players form one group if they have equally many actions."""

    last: Ints  # int64[lanes, N], what everybody did in the last round; -1 before

    def __init__(self, lanes: int, payoffs: Floats, names: tuple[str, ...] = (), rounds: int = 1) -> None:
        self.payoffs, self.names, self.rounds = payoffs, names, rounds
        self.sizes = np.array(payoffs.shape[1:])
        self.starts = np.concatenate([[0], np.cumsum(self.sizes)[:-1]])
        self._table = np.ascontiguousarray(payoffs.reshape(len(payoffs), -1).T)  # [joint actions, N]
        super().__init__(self._spec(), lanes)

    def _spec(self) -> EnvSpec:
        agents = tuple(range(len(self.sizes)))
        box = Box((1 if self.rounds == 1 else int(self.sizes.sum()),), 0, 1)
        if len(set(self.sizes)) == 1:
            groups: tuple[Group, ...] = (Group("players", agents, box, Discrete(int(self.sizes[0]))),)
        else:
            groups = tuple(Group(f"player_{i}", (i,), box, Discrete(int(self.sizes[i]))) for i in agents)
        return EnvSpec(
            tuple(f"player_{i}" for i in agents),
            groups,
            tuple((i,) for i in agents),
            "simultaneous",
            max_length=self.rounds,
            returns=(self.rounds * float(self.payoffs.min()), self.rounds * float(self.payoffs.max())),
            state=box,
            zero_sum=bool(np.allclose(self.payoffs.sum(axis=0), 0)),
            symmetric=self.rounds == 1 and is_symmetric(self.payoffs),  # later all see who did what
        )

    def fields(self) -> dict[str, Any]:
        return {"last": np.full(len(self.sizes), -1)}

    def masks(self, lanes: Lanes, agents: Ints) -> Bools:
        return np.ones((len(lanes), self.sizes[agents[0]] if agents.size else 0), np.bool_)

    def play(self, lanes: Lanes, actions: list[Array]) -> tuple[Floats, Bools]:
        joint = np.concatenate(actions, axis=1)
        self.last[lanes] = joint
        rewards = self._table[np.ravel_multi_index(tuple(joint.T), tuple(self.sizes))]
        return rewards, self.tick[lanes] == self.rounds

    def observe(self, lanes: Lanes, agents: Ints) -> Array:
        return self.state(lanes)

    def state(self, lanes: Lanes) -> Array:
        """What all players see `[L, ...]`: nobody can hide anything here."""
        if self.rounds == 1:
            return self.over[lanes, None].astype(np.float32)
        shown = self.last[lanes][:, :, None] == np.arange(self.sizes.max())
        return np.concatenate([shown[:, i, :size] for i, size in enumerate(self.sizes)], axis=1).astype(np.float32)

    def forfeit(self, lanes: Lanes, agent: Ints) -> Floats:
        """Least for who breaks the rules, in all rounds left; what makes it zero-sum, or the most, for the others."""
        low, high = self.payoffs.min(), self.payoffs.max()
        others = -low / (len(self.sizes) - 1) if self.spec.zero_sum else high
        rewards = np.full((len(lanes), len(self.sizes)), others)
        rewards[np.arange(len(lanes)), agent] = low
        return rewards * (self.rounds - self.tick[lanes])[:, None]

    def render(self, lane: int) -> Frame:
        """The last round's choices; with two players also their payoffs."""
        last = self.last[lane].tolist()
        chosen = [f"{name}: {self._word(action)}" for name, action in zip(self.spec.agents, last, strict=True)]
        words = f"round {self.tick[lane]} of {self.rounds}; " + ", ".join(chosen)
        return Frame(
            words, self._picture(last) if len(last) == 2 else svg(420, 40, [text(8, 26, words, 14, anchor="start")])
        )

    def _word(self, action: int) -> str:
        return "-" if action < 0 else self.names[action] if self.names else str(action)

    def _picture(self, last: list[int]) -> str:
        wide, high = 96, 34
        parts = [text((j + 1.5) * wide, 22, self._word(j), 13) for j in range(self.sizes[1])]
        for i in range(self.sizes[0]):
            parts.append(text(0.5 * wide, (i + 1.65) * high, self._word(i), 13))
            for j in range(self.sizes[1]):
                chosen = [i, j] == last
                parts.append(rect((j + 1) * wide, (i + 1) * high, wide, high, BLUE if chosen else "white"))
                pair = f"{self.payoffs[0, i, j]:g}, {self.payoffs[1, i, j]:g}"
                parts.append(text((j + 1.5) * wide, (i + 1.65) * high, pair, 13, "white" if chosen else "#222222"))
        return svg((self.sizes[1] + 1) * wide, (self.sizes[0] + 1) * high, parts)


class OneShotMatrix(RepeatedMatrix):
    """A matrix game that is played once; it can be solved exactly (`Exact`)."""

    def sequence_form(self) -> SequenceForm:
        """One information set a player; the sequences are the actions."""
        players = [self._decisions(int(size)) for size in self.sizes]
        joint = np.indices(tuple(self.sizes)).reshape(len(self.sizes), -1).T
        return SequenceForm.build(players, joint + 1, self._table, np.ones(len(joint)))

    def _decisions(self, size: int) -> Decisions:
        one = np.ones(1, np.int64)
        action, mask = np.arange(-1, size), np.ones((1, size), np.bool_)
        return Decisions(0 * one, one, size * one, action, np.zeros((1, 1), np.float32), mask, ("start",))


def is_symmetric(payoffs: Floats) -> bool:
    """Whether swapping any two players (their payoffs and their actions) changes nothing."""
    for first, second in pairwise(range(len(payoffs))):  # swaps of neighbours make all others
        order = np.arange(len(payoffs))
        order[[first, second]] = second, first
        swapped = payoffs[order].swapaxes(1 + first, 1 + second)
        if swapped.shape != payoffs.shape or not np.allclose(swapped, payoffs):
            return False
    return True
