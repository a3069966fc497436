"""Games that are written one match at a time, batched: `OneByOne` plays any number of them.

    class Coin(Match):
        ...

    def coin(lanes: int) -> OneByOne:
        return OneByOne(SPEC, lanes, Coin)

`marl.games.forkable.ForkableOneByOne` can also save and load matches. How-to: docs/environments.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from marl import tree
from marl.env import Actions, EnvSpec, Frame, Lanes, LanesFailed, Rows, Step, Turn
from marl.games.actions import no_match
from marl.games.answers import named
from marl.games.instances import Instances
from marl.games.match import Match, Outcome, View
from marl.space import Discrete, Space, legal, mask_width
from marl.types import ArrayTree, Bools, Ints, Keys


class OneByOne(Instances[Match]):
    """Batches matches that are played one at a time. `make()` builds a fresh `Match`."""

    def __init__(self, spec: EnvSpec, lanes: int, make: Callable[[], Match]) -> None:
        super().__init__(spec, lanes)
        self._make = make
        self._waiting: list[Mapping[int, View]] = [{}] * lanes
        self._alive = np.zeros((lanes, len(spec.agents)), dtype=np.bool_)
        self._seen = np.zeros((lanes, len(spec.agents)), dtype=np.bool_)

    def reset(self, lanes: Lanes, seeds: Keys, tasks: Ints | None = None) -> Turn:
        """Start new matches in `lanes`; see `Environment.reset`. A match that raises has failed alone."""
        drawn = np.zeros(len(lanes), np.int64) if self.spec.tasks is None else self.spec.tasks.given(seeds, tasks)
        errors: dict[int, Exception] = {}
        self._alive[lanes] = not self.spec.births  # where there are births, whoever has a view lives
        self._seen[lanes] = False
        for lane, seed, task in zip(lanes.tolist(), seeds.tolist(), drawn.tolist(), strict=True):
            match = self._make()
            match.seed, match.draws, match.agents, match.task = seed, 0, len(self.spec.agents), task
            try:
                match.start()
                self.matches[lane], self._waiting[lane] = match, self._views(match)
            except Exception as error:
                self.forget(lane)
                errors[lane] = error
        turn = self._turn(_without(lanes, errors))
        if errors:
            raise LanesFailed(errors, turn)
        return turn

    def step(self, lanes: Lanes, actions: Actions) -> Step:
        """Advance `lanes` by one tick; see `Environment.step`. A match that raises has failed alone."""
        given, numbers = self._given(lanes, actions), lanes.tolist()
        errors: dict[int, Exception] = {}
        outcomes: list[Outcome] = []
        for lane, mine in zip(numbers, given, strict=True):
            try:
                outcome = self._play(lane, mine)
                self._waiting[lane] = {} if self._is_over(lane, outcome) else self._views(self.match(lane))
                outcomes.append(outcome)
            except Exception as error:
                self.forget(lane)
                errors[lane] = error
        step = self._outcome(_without(lanes, errors), outcomes)
        if errors:
            raise LanesFailed(errors, step)
        return step

    def state(self, lanes: Lanes) -> ArrayTree:
        """The true states `[L, ...]`."""
        return _stack([self.match(lane).state() for lane in lanes.tolist()])

    def render(self, lane: int) -> Frame:
        """Draw one lane."""
        return self.match(lane).render()

    def _outcome(self, lanes: Lanes, outcomes: list[Outcome]) -> Step:
        """The step that these outcomes make, one for each lane."""
        step = _blank(lanes, len(self.spec.agents))
        endings: list[tuple[int, int, View]] = []
        for row, (lane, outcome) in enumerate(zip(lanes.tolist(), outcomes, strict=True)):
            for agent in self._write(step, row, lane, outcome):
                last = outcome.final[agent] if agent in outcome.final else self.match(lane).observe(agent)
                endings.append((lane, agent, View(last)))
        step.final = self._rows(endings)
        step.turn = self._turn(lanes)
        columns = {name: [outcome.info.get(name, 0) for outcome in outcomes] for name in self.spec.info}
        step.info = {name: np.array(column, dtype=float) for name, column in columns.items()}
        return step

    def forget(self, lane: int) -> None:
        """Forget a match that raised."""
        super().forget(lane)
        self._waiting[lane] = {}
        self._alive[lane] = False

    def _write(self, step: Step, row: int, lane: int, outcome: Outcome) -> list[int]:
        """Enter an outcome into row `row` of the step; the agents whose part ended, in order."""
        for agent, reward in outcome.rewards.items():
            step.rewards[row, agent] = reward
        terminated, truncated = step.terminated[row], step.truncated[row]
        terminated[list(outcome.terminated)] = True
        truncated[list(outcome.truncated)] = True
        if outcome.done:  # a match that ends without naming everybody ends for everybody
            terminated |= ~truncated
        terminated &= self._alive[lane]
        truncated &= self._alive[lane]
        ended = terminated | truncated
        self._alive[lane] &= ~ended
        self._seen[lane] &= self._alive[lane] | (not self.spec.births)
        step.done[row] = not self._alive[lane].any() and not self._waiting[lane]
        step.fault[row] = outcome.fault
        return [int(agent) for agent in np.flatnonzero(ended)]

    def _check(self, match: Match, outcome: Outcome) -> None:
        """Raises ValueError, pointing at the match's `play`, where an outcome names what the spec does not."""
        agents = range(len(self.spec.agents))
        for what in ("rewards", "terminated", "truncated", "final"):
            if unknown := [agent for agent in getattr(outcome, what) if agent not in agents]:
                raise ValueError(
                    f"{named(match, 'play')} has agent {unknown[0]!r} in `{what}`: agents are the numbers 0 to "
                    f"{len(agents) - 1}, by their place in EnvSpec.agents"
                )
        if unknown_columns := sorted(set(outcome.info) - set(self.spec.info)):
            raise ValueError(
                f"{named(match, 'play')} gives the info column {unknown_columns[0]!r}, which nobody would see: "
                "declare it in EnvSpec.info"
            )

    def _views(self, match: Match) -> Mapping[int, View]:
        views = match.views()
        if not isinstance(views, Mapping) or not all(isinstance(view, View) for view in views.values()):
            raise TypeError(f"{named(match, 'views')} gave {views!r:.80}, and not a mapping of agents to Views")
        if strangers := sorted(set(views) - set(range(len(self.spec.agents)))):
            raise ValueError(
                f"{named(match, 'views')} has agent {strangers[0]!r}: agents are the numbers 0 to "
                f"{len(self.spec.agents) - 1}, by their place in EnvSpec.agents"
            )
        return views

    def _given(self, lanes: Lanes, actions: Actions) -> list[dict[int, Any]]:
        """The actions of each stepped lane by agent. Raises ValueError before anything was played."""
        pending: list[list[tuple[int, int]]] = [[] for _ in self.spec.groups]
        for row, lane in enumerate(lanes.tolist()):
            if not self._alive[lane].any():
                raise no_match(lane)
            for agent in sorted(self._waiting[lane]):
                pending[self._group[agent]].append((row, agent))
        given: list[dict[int, Any]] = [{} for _ in lanes]
        for rows, batch in zip(pending, self._batches([len(rows) for rows in pending], actions), strict=True):
            for (row, agent), action in zip(rows, batch.copy(), strict=True):
                given[row][agent] = action
        return given

    def _play(self, lane: int, actions: dict[int, Any]) -> Outcome:
        match, waiting = self.match(lane), self._waiting[lane]
        for agent, action in actions.items():
            if not _allowed(self.spec.groups[self._group[agent]].action, action, waiting[agent].mask):
                return match.illegal(agent, action)
        outcome = match.play(actions)
        if not isinstance(outcome, Outcome):
            raise TypeError(f"{named(match, 'play')} gave {outcome!r:.80}, and not an Outcome")
        self._check(match, outcome)
        return outcome

    def _is_over(self, lane: int, outcome: Outcome) -> bool:
        """Whether nobody is in the match any more."""
        if self.spec.births:
            return outcome.done  # else it is over where nobody lives, and nobody has a view
        ended = outcome.terminated | outcome.truncated
        return outcome.done or (bool(ended) and all(agent in ended for agent in np.flatnonzero(self._alive[lane])))

    def _turn(self, lanes: Lanes) -> Turn:
        pending = [
            (lane, agent, view) for lane in lanes.tolist() for agent, view in sorted(self._waiting[lane].items())
        ]
        turn = self._rows(pending)
        for lane, agent, _ in pending:
            self._seen[lane, agent] = True
            self._alive[lane, agent] |= self.spec.births
        return turn

    def _rows(self, entries: list[tuple[int, int, View]]) -> Turn:
        turn: list[Rows | None] = []
        for index, group in enumerate(self.spec.groups):
            mine = [entry for entry in entries if self._group[entry[1]] == index]
            if not mine:
                turn.append(None)
                continue
            lane = np.array([entry[0] for entry in mine], dtype=np.int64)
            agent = np.array([entry[1] for entry in mine], dtype=np.int64)
            mask = _masks([entry[2].mask for entry in mine], mask_width(group.action))
            seen = _stack([entry[2].observation for entry in mine])
            turn.append(Rows(lane, agent, seen, mask, ~self._seen[lane, agent], index))
        return tuple(turn)


def _without(lanes: Lanes, errors: Mapping[int, Exception]) -> Lanes:
    return lanes[~np.isin(lanes, list(errors))] if errors else lanes


def _blank(lanes: Lanes, agents: int) -> Step:
    count = len(lanes)
    return Step(
        lanes=lanes.copy(),
        rewards=np.zeros((count, agents)),
        terminated=np.zeros((count, agents), dtype=np.bool_),
        truncated=np.zeros((count, agents), dtype=np.bool_),
        done=np.zeros(count, dtype=np.bool_),
        fault=np.full(count, -1, dtype=np.int64),
        final=(),
        turn=(),
    )


def _allowed(space: Space, action: Any, mask: Any) -> bool:
    if isinstance(space, Discrete) and action.dtype.kind in "iu":  # the common case, without building arrays
        return bool(0 <= action < space.n and (mask is None or mask[action]))
    return bool(legal(space, np.asarray(action)[None], None if mask is None else np.asarray(mask)[None])[0])


def _masks(masks: list[Any], width: int | None) -> Bools | None:
    """The masks of some rows, or None where no row has one."""
    if width is None or all(mask is None for mask in masks):
        return None
    return np.array([np.ones(width) if mask is None else mask for mask in masks], dtype=np.bool_)


def _stack(rows: list[ArrayTree]) -> ArrayTree:
    """Rows side by side as a batch; always a copy, so that a match may go on writing into its own arrays."""
    return tree.map_tree(lambda *leaves: np.stack(leaves), *rows)
