"""The sequence form of any `TurnGame` whose agents forget nothing: it can be solved exactly.

The tree is walked level by level, all of a level's histories as lanes of one environment, so the rules that play
matches are also the rules that are solved.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from marl.errors import UserError
from marl.exact import Decisions, SequenceForm
from marl.games.turns import TurnGame
from marl.types import Array, Floats, Ints

LIMIT = 1_000_000  # histories of one depth; more would not fit into memory


@dataclass
class _Collected:
    """The information sets of one player, as they are met."""

    index: dict[bytes, int] = field(default_factory=dict)
    parent: list[int] = field(default_factory=list)
    start: list[int] = field(default_factory=list)
    action: list[int] = field(default_factory=lambda: [-1])
    observation: list[Array] = field(default_factory=list)
    mask: list[Array] = field(default_factory=list)
    name: list[str] = field(default_factory=list)

    def meet(self, level: TurnGame, agent: int, rows: Ints, sequence: Ints, mask: Array) -> Ints:
        """The first sequence of the information set of each of `rows`, in which `agent` must act."""
        observations = level.observe(rows, np.full(len(rows), agent))
        firsts = np.empty(len(rows), dtype=np.int64)
        for i, row in enumerate(rows):
            known = self.index.setdefault(observations[i].tobytes(), len(self.parent))
            if known == len(self.parent):
                self.parent.append(int(sequence[i]))
                self.start.append(len(self.action))
                self.action.extend(np.flatnonzero(mask[i]).tolist())
                self.observation.append(observations[i])
                self.mask.append(mask[i])
                self.name.append(level.name(int(row), agent))
            elif self.parent[known] != sequence[i]:
                raise ValueError(f"player {agent} forgets what it did before {self.name[known]!r}: no perfect recall")
            firsts[i] = self.start[known]
        return firsts

    def decisions(self) -> Decisions:
        mask = np.array(self.mask)
        parent, start = np.array(self.parent, dtype=np.int64), np.array(self.start, dtype=np.int64)
        action = np.array(self.action, dtype=np.int64)
        return Decisions(parent, start, mask.sum(axis=1), action, np.array(self.observation), mask, tuple(self.name))


@dataclass
class _Level:
    """The histories of one depth: lanes of `game`, the chance of each, each player's sequence, rewards so far."""

    game: TurnGame
    probability: Floats
    sequence: Ints
    total: Floats

    def branch(self, rows: Ints, probability: Floats | float = 1.0) -> _Level:
        if len(rows) > LIMIT:
            raise UserError(f"{type(self.game).__name__} is too large to be solved exactly: over {LIMIT} histories")
        game = self.game.select(rows)
        return _Level(game, self.probability[rows] * probability, self.sequence[rows], self.total[rows])


def sequence_form(game: TurnGame) -> SequenceForm:
    """Walk the whole game.

    Raises ValueError where an agent's observations lose what it knew before, UserError where the game is too large.
    """
    players = [_Collected() for _ in game.spec.agents]
    nobody = np.zeros((1, len(players)))
    level = _Level(game.sized(1), np.ones(1), nobody.astype(np.int64), nobody)
    sequences, payoffs, chances = [], [], []
    while level.game.lanes:
        level, done = _act(_resolve(level), players)
        sequences.append(level.sequence[done])
        payoffs.append(level.total[done] * level.probability[done, None])
        chances.append(level.probability[done])
        level = level.branch(np.flatnonzero(~done))
    ends = (np.concatenate(part) for part in (sequences, payoffs, chances))
    return SequenceForm.build([player.decisions() for player in players], *ends)


def _resolve(level: _Level) -> _Level:
    """Replace every history at which chance decides by all that can happen there."""
    while True:
        weights = level.game.chance(np.arange(level.game.lanes))
        if weights is None or not weights.any():
            return level
        due = np.any(weights, axis=1)
        rows, outcome = np.nonzero(np.where(due[:, None], weights, np.eye(1, weights.shape[1])))
        moved = np.flatnonzero(due[rows])
        share = np.ones(len(rows))
        share[moved] = (weights / np.maximum(weights.sum(axis=1, keepdims=True), 1e-300))[rows[moved], outcome[moved]]
        level = level.branch(rows, share)
        level.game.happen(moved, outcome[moved])


def _act(level: _Level, players: list[_Collected]) -> tuple[_Level, Array]:
    """Every legal action of every history: the next level, and which of its histories have ended."""
    game = level.game
    mask = game.legal(np.arange(game.lanes))
    first = np.empty(game.lanes, dtype=np.int64)
    for number, player in enumerate(players):
        rows = np.flatnonzero(game.player == number)
        first[rows] = player.meet(game, number, rows, level.sequence[rows, number], mask[rows])
    rows, action = np.nonzero(mask)
    offset = (np.cumsum(mask, axis=1) - 1)[rows, action]
    following = level.branch(rows)
    lanes, agent = np.arange(len(rows)), following.game.player.copy()
    following.sequence[lanes, agent] = first[rows] + offset
    rewards, done = following.game.advance(lanes, agent, action)
    following.total += rewards
    return following, done
