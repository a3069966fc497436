"""What a team did together: whole matches, tick by tick and step by step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from marl import tree
from marl.types import Array, ArrayTree, Bools, Floats, Ints


@dataclass(frozen=True)
class Ticks:
    """What is known of whole ticks: each of U ticks stands once, whoever acted at it, in the order of the play.

    `match`, `tick`: `int64[U]`. `acted`: `bool[U, S]`, whether learners of a side had an own turn. `earned`:
    `float64[U, S]`, what every side earned at it; once rewards are composed, what its learners are paid instead.
    `ends`: `int64[U, S]`, how parts of agents of a side ended at it: 0 none, 1 by the rules, 2 one was cut short.
    `state`: a tree of `[U, ...]`, the true state before it, or None. Each match has one more tick than it lasted, at
    which nobody acts: the state at its end.
    """

    match: Ints
    tick: Ints
    acted: Bools
    earned: Floats
    ends: Ints
    state: ArrayTree | None

    def __len__(self) -> int:
        return len(self.match)

    def find(self, match: Ints, tick: Ints) -> Ints:
        """Where these ticks of these matches stand, `int64[K]`. They must be there."""
        width = int(self.tick.max(initial=0)) + 1
        number = self.match * width + self.tick
        order = np.argsort(number, kind="stable")
        found: Ints = order[np.searchsorted(number[order], match * width + tick)]
        return found


@dataclass(frozen=True)
class Joint:
    """What agents of one side did together, in E whole matches of at most T steps; agents of one group, n of them.

    A step is a tick at which learners of the side had own turns: in a turn-based game, all those of the team, one after
    the other. `match`, `length`: `int64[E]`. `valid`: `bool[E, T]`, False on padding, which is zero everywhere.

    `acts`: `bool[E, T + 1, n]`, who has an own turn at a step. The step after the last is there where a match was cut
    short, for those whose value stands in for what would have followed; in matches that ended, nobody acts at it.
    `first`: `bool[E, T + 1, n]`, whether that turn is the first of the match (of a life, where there are births).
    `observation`: a tree of `[E, T + 1, n, ...]` and `mask`: `bool[E, T + 1, n, W]` or None, of who acts (else zeros).
    `action`: `[E, T, n, ...]`. `logp`: `float64[E, T, n]`, its log-probability for the policy that played. `reward`:
    `float64[E, T]`, what the whole side earned from a step until its next one.
    `state`: a tree of `[E, T + 1, ...]`, the true state before each step and at the end, or None.
    `terminated`, `truncated`: `bool[E]`, how the side's part of the match ended.
    """

    match: Ints
    length: Ints
    valid: Bools
    acts: Bools
    first: Bools
    observation: ArrayTree
    mask: Bools | None
    action: Array
    logp: Floats
    reward: Floats
    state: ArrayTree | None
    terminated: Bools
    truncated: Bools

    @property
    def alive(self) -> Bools:
        """Who has an own turn at this step or a later one, `bool[E, T, n]`."""
        turns = self.acts[:, :-1] & self.valid[:, :, None]
        return np.asarray(np.logical_or.accumulate(turns[:, ::-1], axis=1)[:, ::-1])


class Steps:
    """The steps of one side in the ticks of whole matches: E matches, in the order of their numbers, T steps at most.

    `match`, `length`: `int64[E]`.
    """

    def __init__(self, ticks: Ticks, side: int) -> None:
        self._ticks, self._side = ticks, side
        self._order = np.lexsort((ticks.tick, ticks.match))  # match by match
        acted = ticks.acted[self._order, side]
        self._where = self._order[acted]  # the tick of every step, match by match
        self.match, episode, self.length = np.unique(ticks.match[self._where], return_inverse=True, return_counts=True)
        step = np.arange(len(self._where)) - (np.cumsum(self.length) - self.length)[episode]
        self._place = episode, step
        latest = np.cumsum(acted) - 1  # the step that each tick, in order, is at or comes after
        known = np.flatnonzero(latest >= 0)
        known = known[ticks.match[self._order[known]] == ticks.match[self._where[latest[known]]]]
        self._later, self._latest = self._order[known], latest[known]  # ticks from their match's first step on

    @property
    def shape(self) -> tuple[int, int]:
        """E and T."""
        return len(self.match), int(self.length.max(initial=0))

    def find(self, match: Ints, tick: Ints) -> tuple[Ints, Ints]:
        """The match and the step of own turns, `int64[K], int64[K]`."""
        number = np.full(len(self._ticks), -1, dtype=np.int64)
        number[self._where] = np.arange(len(self._where))
        which = number[self._ticks.find(match, tick)]
        return self._place[0][which], self._place[1][which]

    def valid(self) -> Bools:
        """Which steps there are, `bool[E, T]`."""
        return np.asarray(np.arange(self.shape[1]) < self.length[:, None])

    def earned(self) -> Floats:
        """What the side earned from each step until its next one, `float64[E, T]`."""
        result = np.zeros(self.shape)
        earned = self._ticks.earned[self._later, self._side]
        result[self._place] = np.bincount(self._latest, earned, minlength=len(self._where))
        return result

    def truncated(self) -> Bools:
        """Whether the last parts of the side that ended were cut short, `bool[E]`."""
        ends = self._ticks.ends[self._later, self._side]
        some = np.flatnonzero(ends)
        result = np.zeros(self.shape[0], dtype=np.bool_)
        result[self._place[0][self._latest[some]]] = ends[some] == 2  # they are in order: the last one counts
        return result

    def state(self) -> ArrayTree | None:
        """The true state before each step and at the end, a tree of `[E, T + 1, ...]`; None where there is none."""
        matches = self._ticks.match[self._order]
        last = self._order[np.searchsorted(matches, self.match, side="right") - 1]

        def lay(column: Array) -> Array:
            result = np.zeros((self.shape[0], self.shape[1] + 1, *column.shape[1:]), column.dtype)
            result[self._place] = column[self._where]
            result[np.arange(self.shape[0]), self.length] = column[last]
            return result

        return None if self._ticks.state is None else tree.map_tree(lay, self._ticks.state)
