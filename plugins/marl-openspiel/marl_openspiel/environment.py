"""OpenSpiel games behind marl's batched face.

OpenSpiel plays one state at a time, so a tick is one plain loop over lanes that asks for little: OpenSpiel writes the
tensor into one buffer, which is copied into the batch; legal actions are collected as one flat list and become the mask
in a single assignment. Nothing goes through lists of floats.

Every player's part ends with the match. The return of a match is OpenSpiel's `returns()`; a tick's rewards are how much
it changed since the last tick (`rewards()` counts some rewards twice where chance moves in between, and loses others).
"""

from __future__ import annotations

import copy
from typing import Any, Self

import numpy as np
import pyspiel

from marl.env import Actions, Frame, Lanes, Rows, Searchable, Step, Turn
from marl.errors import RunError
from marl.exact import SequenceForm
from marl.games import Instances, no_match
from marl.types import Array, Floats, Ints, Keys
from marl_openspiel import chessboard, fork, sequences
from marl_openspiel.describe import describe, forfeit
from marl_openspiel.match import Match, begin
from marl_openspiel.sight import make_sight


class OpenSpielEnvironment(Instances[Match]):
    """Any OpenSpiel game (`pyspiel.Game`) that is not a mean-field game: see `Environment`, `Forkable`, `Exact`."""

    def __init__(self, game: Any, lanes: int, observation: str = "auto") -> None:
        self.game = game
        self.sight = make_sight(game, observation)
        super().__init__(describe(game, self.sight), lanes)
        self._players = game.num_players()
        self._width = game.num_distinct_actions()
        self._pays_on_the_way = game.get_type().reward_model == pyspiel.GameType.RewardModel.REWARDS
        self._form: SequenceForm | None = None

    def reset(self, lanes: Lanes, seeds: Keys, tasks: Ints | None = None) -> Turn:
        """Start new matches in `lanes`; see `Environment.reset`."""
        numbers = lanes.tolist()
        matches = [begin(self.game, seed) for seed in seeds.tolist()]
        for lane, match in zip(numbers, matches, strict=True):
            self.matches[lane] = match
        return (self._turn(numbers, matches),)

    def step(self, lanes: Lanes, actions: Actions) -> Step:
        """Advance `lanes` by one tick; see `Environment.step`. Raises RunError where OpenSpiel itself fails."""
        numbers = lanes.tolist()
        matches = [self._playing(lane) for lane in numbers]
        given = self._given(matches, actions)
        rewards = np.zeros((len(numbers), self._players))
        fault = np.full(len(numbers), -1, dtype=np.int64)
        try:
            self._play(matches, given, rewards, fault)
        except Exception as error:  # SpielError, and whatever else C++ throws
            raise RunError(f"OpenSpiel failed in the middle of a match of {self.game}: {error}") from error
        over = [row for row, match in enumerate(matches) if match.over]
        done = np.zeros(len(numbers), dtype=np.bool_)
        terminated = np.zeros(rewards.shape, dtype=np.bool_)
        truncated = np.zeros(rewards.shape, dtype=np.bool_)
        for row in over:
            done[row] = True
            ended = terminated if fault[row] >= 0 or matches[row].state.is_terminal() else truncated
            ended[row] = True
        final = self._final([numbers[row] for row in over], [matches[row] for row in over])
        turn = self._turn(numbers, matches)
        return Step(lanes, rewards, terminated, truncated, done, fault, (final,), (turn,))

    def state(self, lanes: Lanes) -> Array:
        """What every player sees, side by side, `[L, N * size]`: all that the players know together."""
        matches = [self.match(lane) for lane in lanes.tolist()]
        return self._look([(match.state, player) for match in matches for player in range(self._players)]).reshape(
            len(matches), -1
        )

    def render(self, lane: int) -> Frame:
        """OpenSpiel's own text of the position (some games have none at their start); of chess, a picture too."""
        state = self.match(lane).state
        text = str(state) or f"moves: {state.history_str() or 'none yet'}"
        return Frame(text, chessboard.svg(text) if self.game.get_type().short_name == "chess" else "")

    def save(self, lanes: Lanes) -> bytes:
        """The matches in `lanes` as JSON; see `marl_openspiel.fork`."""
        return fork.dump(self.game, [self.match(lane) for lane in lanes.tolist()])

    def load(self, lanes: Lanes, blob: bytes, seeds: Keys | None = None) -> Turn:
        """Put saved matches into `lanes`. `seeds` redraw the chance still to come; cards already dealt stay dealt."""
        numbers = lanes.tolist()
        matches = fork.parse(self.game, blob, len(numbers), None if seeds is None else seeds.tolist())
        for lane, match in zip(numbers, matches, strict=True):
            self.matches[lane] = match
        return (self._turn(numbers, matches),)

    def sized(self, lanes: int) -> Self:
        """The same game with another number of lanes, all of them empty."""
        other = copy.copy(self)
        other.lanes, other.matches = lanes, [None] * lanes
        return other

    def copy_from(self, other: Searchable, source: Lanes, lanes: Lanes) -> None:
        """Put clones of the matches in `source` of `other` into `lanes`; see `Searchable`."""
        assert isinstance(other, OpenSpielEnvironment)
        for origin, lane in zip(source.tolist(), lanes.tolist(), strict=True):
            self.matches[lane] = other.match(origin).clone()

    def sequence_form(self) -> SequenceForm:
        """The whole game; raises UserError for one too large, or whose rows do not tell its information sets apart."""
        if self._form is None:
            self._form = sequences.build(self.game, self.sight)
        return self._form

    def _playing(self, lane: int) -> Match:
        match = self.match(lane)
        if match.over:
            raise no_match(lane)
        return match

    def _given(self, matches: list[Match], actions: Actions) -> list[int]:
        """One action per pending row; -1, which is never legal, stands for whatever is not an integer."""
        pending = sum([len(match.players) for match in matches])
        (batch,) = self._batches((pending,), actions)
        if batch.dtype.kind not in "iu":
            return [-1] * pending
        return list(batch.tolist())

    def _play(self, matches: list[Match], given: list[int], rewards: Floats, fault: Array) -> None:
        """Play one tick of each match, and write down what it paid (`rewards[L, N]`) and who broke the rules."""
        limit, start = self.spec.max_length, 0
        for row, match in enumerate(matches):
            stop = start + len(match.players)
            offender = match.play(given[start:stop])
            start = stop
            ended = offender >= 0 or match.ended or match.ticks >= limit
            if ended or self._pays_on_the_way:
                before = match.returned
                after = forfeit(self.game, offender, before) if offender >= 0 else np.array(match.state.returns())
                rewards[row], match.returned = after - before, after
            if ended:
                fault[row] = offender
                match.end()

    def _turn(self, numbers: list[int], matches: list[Match]) -> Rows | None:
        """The rows of every player that must act now."""
        look, buffer = self.sight.look, self.sight.buffer
        total = sum([len(match.players) for match in matches])
        if not total:
            return None
        observation = np.empty((total, buffer.size), buffer.dtype)
        lanes: list[int] = []
        agents: list[int] = []
        first: list[bool] = []
        legal: list[int] = []
        counts: list[int] = []
        row = 0
        for lane, match in zip(numbers, matches, strict=True):
            state, acted = match.state, match.acted
            for player, options in zip(match.players, match.legal, strict=True):
                look(state, player)
                observation[row] = buffer
                lanes.append(lane)
                agents.append(player)
                first.append(not acted >> player & 1)
                legal += options
                counts.append(len(options))
                row += 1
        mask = np.zeros((total, self._width), dtype=np.bool_)
        mask[np.repeat(np.arange(total), counts), legal] = True
        return Rows(np.array(lanes), np.array(agents), self.sight.batch(observation), mask, np.array(first))

    def _final(self, numbers: list[int], matches: list[Match]) -> Rows | None:
        """What every player sees where a match has ended."""
        if not matches:
            return None
        seats = [(match, player) for match in matches for player in range(self._players)]
        observation = self._look([(match.state, player) for match, player in seats])
        return Rows(
            np.repeat(np.array(numbers), self._players),
            np.tile(np.arange(self._players), len(numbers)),
            self.sight.batch(observation),
            np.zeros((len(seats), self._width), dtype=np.bool_),
            np.array([not match.acted >> player & 1 for match, player in seats]),
        )

    def _look(self, views: list[tuple[Any, int]]) -> Array:
        """What each (state, player) sees, `[K, size]`."""
        look, buffer = self.sight.look, self.sight.buffer
        result = np.empty((len(views), buffer.size), buffer.dtype)
        for row, (state, player) in enumerate(views):
            look(state, player)
            result[row] = buffer
        return result
