"""PettingZoo's environments behind marl's batched face.

A tick is one plain loop over lanes; arrays are made once a tick, for all lanes together.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from marl import rng, space
from marl.adapters import action_mask
from marl.env import Actions, Frame, Lanes, LanesFailed, Rows, Step, Turn
from marl.errors import RunError, UserError
from marl.games import Instances, no_match
from marl.space import Box, Discrete, mask_width
from marl.types import Array, ArrayTree, Bools, Ints, Keys
from marl_pettingzoo.describe import Description
from marl_pettingzoo.match import Match
from marl_pettingzoo.seeds import reset_seeds
from marl_pettingzoo.spaces import plain

_Entries = list[tuple[int, int, Any, Any, bool]]  # lane, agent, observation, mask, first


class PettingZooEnvironment(Instances[Match]):
    """A PettingZoo environment: see `Environment`, `Forkable` and `Remarking`. Made by `marl_pettingzoo.games`.

    `make()` makes the match of a lane; every lane keeps its own, or gets a new one for each match where it is to be
    `fresh`. `penalty` is what an illegal action costs.
    """

    def __init__(
        self,
        name: str,
        lanes: int,
        make: Callable[[], Match],
        described: Description,
        penalty: float = 0.0,
        fresh: bool = False,
    ) -> None:
        super().__init__(described.spec, lanes)
        self.name = name
        self.penalty = penalty
        self._described = described
        self._make = make
        self._fresh = fresh
        self.remarks: dict[str, int] = {}

    def reset(self, lanes: Lanes, seeds: Keys, tasks: Ints | None = None) -> Turn:
        """Start new matches in `lanes`; see `Environment.reset`. Raises LanesFailed where PettingZoo itself fails."""
        seeds = rng.as_keys(seeds)
        numbers = lanes.tolist()
        errors: dict[int, Exception] = {}
        for lane, seed, given in zip(numbers, seeds.tolist(), reset_seeds(seeds).tolist(), strict=True):
            match = None if self._fresh else self.matches[lane]
            if match is None:
                self.forget(lane)
                match = self.matches[lane] = self._make()
            try:
                match.start(seed, given, self.spec.max_length)
            except RunError as error:
                self.forget(lane)
                errors[lane] = error
        turn = self._turn([lane for lane in numbers if lane not in errors])
        if errors:
            raise LanesFailed(errors, turn)
        return turn

    def step(self, lanes: Lanes, actions: Actions) -> Step:
        """Advance `lanes` by one tick; see `Environment.step`. Raises LanesFailed where PettingZoo itself fails."""
        numbers = lanes.tolist()
        matches = [self._playing(lane) for lane in numbers]
        given, faults = self._given(matches, actions)
        errors: dict[int, Exception] = {}
        for row, match in enumerate(matches):
            try:
                if faults[row] < 0:
                    match.play(given[row])
                else:
                    match.forfeit(faults[row], self._forfeited(faults[row]))
            except RunError as error:
                self.forget(numbers[row])
                errors[numbers[row]] = error
        if not errors:
            return self._outcome(lanes, matches, faults)
        left = [row for row, lane in enumerate(numbers) if lane not in errors]
        rest = self._outcome(lanes[left], [matches[row] for row in left], [faults[row] for row in left])
        raise LanesFailed(errors, rest)

    def _outcome(self, lanes: Lanes, matches: Sequence[Match], faults: Sequence[int]) -> Step:
        """What a tick did to these matches, in which these agents broke the rules (or -1)."""
        numbers = lanes.tolist()
        count, agents = len(numbers), len(self.spec.agents)
        terminated = np.zeros((count, agents), dtype=np.bool_)
        truncated = np.zeros((count, agents), dtype=np.bool_)
        endings: list[_Entries] = [[] for _ in self.spec.groups]
        for row, match in enumerate(matches):
            for remark in match.late:
                self.remarks[remark] = self.remarks.get(remark, 0) + 1
            for agent in sorted(match.ended):
                (truncated if match.ended[agent] else terminated)[row, agent] = True
                seen = match.final[agent]
                if seen is None:
                    seen = self._described.seeing[self._group[agent]].blank
                endings[self._group[agent]].append((numbers[row], agent, seen, None, agent in match.unseen))
        return Step(
            lanes=lanes.copy(),
            rewards=np.array([match.rewards for match in matches], dtype=np.float64).reshape(count, agents),
            terminated=terminated,
            truncated=truncated,
            done=np.array([match.over for match in matches], dtype=np.bool_),
            fault=np.array(faults, dtype=np.int64),
            final=tuple(self._rows(group, entries) for group, entries in enumerate(endings)),
            turn=self._turn(numbers),
        )

    def state(self, lanes: Lanes) -> ArrayTree:
        """PettingZoo's `state()`, `[L, ...]`."""
        assert self._described.state is not None, "this environment has no state"
        return self._described.state.batch([self._global(self.match(lane)) for lane in lanes.tolist()])

    def render(self, lane: int) -> Frame:
        """PettingZoo's own text where it draws any, and what everybody has got so far."""
        match = self.match(lane)
        lines = [f"{self.name}, tick {match.ticks}{' (over)' if match.over else ''}"]
        if getattr(match.env, "render_mode", None) == "ansi":
            lines.append(str(match.env.render()))
        last = match.log[-1] if match.log else {}
        for agent, name in enumerate(self.spec.agents):
            did = f", last action {plain(last[agent])}" if agent in last else ""
            lines.append(f"{name}: {match.totals[agent]:g}{did}{'' if agent in match.alive else ', gone'}")
        return Frame("\n".join(lines), "")

    def save(self, lanes: Lanes) -> bytes:
        """The matches as JSON: their seeds and all actions so far."""
        matches = [self.match(lane) for lane in lanes.tolist()]
        records = [
            {"seed": match.seed, "log": [{agent: plain(value) for agent, value in tick.items()} for tick in match.log]}
            for match in matches
        ]
        return json.dumps({"environment": self.name, "matches": records}).encode()

    def load(self, lanes: Lanes, blob: bytes, seeds: Keys | None = None) -> Turn:
        """Play saved matches again, in `lanes`. `seeds` change nothing: PettingZoo keeps its chance to itself.

        Raises UserError for matches of another environment, ValueError for another number of them.
        """
        saved = json.loads(blob)
        if saved["environment"] != self.name:
            raise UserError(f"these matches are of {saved['environment']}, and this environment is {self.name}")
        return self.replay(lanes, saved["matches"], self._again)

    def forget(self, lane: int) -> None:
        """Let go of a lane's PettingZoo environment: the next match there gets a new one."""
        match = self.matches[lane]
        super().forget(lane)
        if match is not None:
            with suppress(Exception):  # it may be in any state
                match.env.close()

    def _global(self, match: Match) -> Any:
        try:
            return match.env.state()
        except Exception as error:
            if match.over and self._described.state is not None:  # some take their world apart with the last agent
                return self._described.state.blank
            raise RunError(f"{self.name} has no state at tick {match.ticks}: {error}") from error

    def _again(self, lane: Lanes, record: Mapping[str, Any]) -> Turn:
        turn = self.reset(lane, rng.as_keys(record["seed"]))
        match = self.match(int(lane[0]))
        try:
            for tick in record["log"]:
                if "-1" in tick:
                    match.forfeit(tick["-1"], self._forfeited(tick["-1"]))
                else:
                    match.play({int(a): self._described.acting[self._group[int(a)]].value(v) for a, v in tick.items()})
                turn = self._turn(lane.tolist())
        except Exception as error:  # it goes another way than it did, and is given actions that do not fit
            raise RunError(f"{self.name} cannot be played again: {error!r}") from error
        return turn

    def _playing(self, lane: int) -> Match:
        match = self.match(lane)
        if match.over:
            raise no_match(lane)
        return match

    def _given(self, matches: Sequence[Match], actions: Actions) -> tuple[list[dict[int, Any]], list[int]]:
        """The actions of each match by agent, and who broke the rules in it (or -1); nothing is played yet."""
        slots: list[list[tuple[int, int]]] = [[] for _ in self.spec.groups]
        for row, match in enumerate(matches):
            for agent in match.acting:
                slots[self._group[agent]].append((row, agent))
        given: list[dict[int, Any]] = [{} for _ in matches]
        faults = [-1] * len(matches)
        batches = self._batches([len(rows) for rows in slots], actions)
        for group, (rows, batch) in enumerate(zip(slots, batches, strict=True)):
            if not rows:
                continue
            batch, legal = self._checked(group, batch, [matches[row].masks.get(agent) for row, agent in rows])
            if legal is not None:
                for at in np.flatnonzero(~legal).tolist():
                    row, agent = rows[at]
                    faults[row] = agent if faults[row] < 0 else min(faults[row], agent)
            for (row, agent), value in zip(rows, self._described.acting[group].values(batch), strict=True):
                given[row][agent] = value
        return given, faults

    def _checked(self, group: int, batch: Array, masks: list[Any]) -> tuple[Array, Bools | None]:
        """The actions as numbers that can be decoded, and which are legal (None: all)."""
        kind = self.spec.groups[group]
        if isinstance(kind.action, Box):
            batch = batch.astype(kind.action.dtype, copy=False)
        masked = self._mask(group, masks)
        if masked is None and isinstance(kind.action, Discrete) and _below(batch, kind.action.n):
            return batch, None  # the common case, cheaper than space.legal
        legal = space.legal(kind.action, batch, masked)
        if legal.all():
            return batch, None
        safe = batch.copy()
        safe[~legal] = 0  # never reaches the environment
        return safe, legal

    def _mask(self, group: int, masks: list[Any]) -> Bools | None:
        """The masks `[K, mask_width]`; None where all actions are legal, or none can be forbidden."""
        action = self.spec.groups[group].action
        width = mask_width(action)
        if width is None or all(mask is None for mask in masks):
            return None
        rows = np.ones((len(masks), width), dtype=np.bool_)
        for row, mask in enumerate(masks):
            if mask is not None:
                try:
                    rows[row] = action_mask(action, mask)
                except ValueError as error:
                    raise RunError(f"{self.name} is wrong about {self.spec.groups[group].name!r}: {error}") from error
        return rows

    def _forfeited(self, offender: int) -> list[float]:
        """Everybody's reward when `offender` breaks the rules; in a zero-sum game the others gain what it loses."""
        count = len(self.spec.agents)
        rewards = [-self.penalty / (count - 1) if self.spec.zero_sum else 0.0] * count
        rewards[offender] = self.penalty
        return rewards

    def _turn(self, numbers: Sequence[int]) -> Turn:
        entries: list[_Entries] = [[] for _ in self.spec.groups]
        for lane in numbers:
            match = self.match(lane)
            unseen, masks, views = match.unseen, match.masks, match.views
            for agent in match.acting:
                first = agent in unseen
                entries[self._group[agent]].append((lane, agent, views[agent], masks.get(agent), first))
            unseen.difference_update(match.acting)
        return tuple(self._rows(group, part) for group, part in enumerate(entries))

    def _rows(self, group: int, entries: _Entries) -> Rows | None:
        if not entries:
            return None
        lane, agent, views, masks, first = zip(*entries, strict=True)
        try:
            seen = self._described.seeing[group].batch(views)
        except Exception as error:
            name = self.spec.groups[group].name
            raise RunError(f"{self.name} shows {name!r} what is not of its observation space: {error}") from error
        return Rows(
            np.array(lane, dtype=np.int64),
            np.array(agent, dtype=np.int64),
            seen,
            self._mask(group, list(masks)),
            np.array(first, dtype=np.bool_),
            group,
        )


def _below(batch: Array, n: int) -> bool:
    return batch.dtype.kind in "iu" and len(batch) > 0 and bool(batch.min() >= 0) and bool(batch.max() < n)
