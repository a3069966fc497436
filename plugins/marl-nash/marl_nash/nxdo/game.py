"""The restricted game: at every decision an agent chooses a member of its side's population, which then acts for it.

So everybody has, wherever they are, the actions that some member of theirs takes there, and may follow another member
at each decision of a match: PSRO, which draws a member once before a match, cannot.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from marl import rng
from marl.env import Actions, Environment, EnvSpec, Forkable, Frame, Lanes, Rows, Searchable, Step, Turn
from marl.games.actions import ActionBatches
from marl.policy import Explicit, Policy
from marl.space import Discrete, mask_width
from marl.types import Array, ArrayTree, Bools, Ints, Keys

_ACTS = 0x6E78646F  # sets what members draw apart from all else that is drawn from a match's seed

Members = Sequence[Sequence[Policy]]  # by side


def restricted_spec(spec: EnvSpec, members: int) -> EnvSpec:
    """What the restricted game says about itself: every action is the number of a member. They may draw by chance."""
    groups = tuple(replace(group, action=Discrete(members)) for group in spec.groups)
    return replace(spec, groups=groups, deterministic=False)


def choices(spec: EnvSpec, members: Members, rows: Rows) -> Bools:
    """Which members each of K rows may choose, `bool[K, members]`.

    Of those that would do the same there, as far as they can state what they do, the first: so the game is no larger
    than it needs to be.
    """
    side = spec.side_of[rows.agent]
    allowed = np.zeros((len(rows), max(map(len, members))), dtype=np.bool_)
    for number in np.unique(side).tolist():
        where, policies = np.flatnonzero(side == number), members[number]
        explicit = [one for one in policies if isinstance(one, Explicit)]
        if len(explicit) < len(policies) or not isinstance(spec.groups[rows.group].action, Discrete):
            allowed[where, : len(policies)] = True
            continue
        seen = rows.take(where)
        tables = np.stack([one.probabilities(seen) for one in explicit], axis=1)  # [K, members, A]
        same = (tables[:, :, None] == tables[:, None]).all(axis=3)
        allowed[where, : len(policies)] = same.argmax(axis=2) == np.arange(len(policies))
    return allowed


def members_act(spec: EnvSpec, members: Members, rows: Rows, chosen: Ints, keys: Keys) -> tuple[Array, Array]:
    """What the members that were chosen for K rows do, `[K, ...]`, and how probable that was to them, `float64[K]`."""
    action: Array | None = None
    logp = np.zeros(len(rows))
    side = spec.side_of[rows.agent]
    for number, policies in enumerate(members):
        for which in np.unique(chosen[side == number]).tolist():
            where = np.flatnonzero((side == number) & (chosen == which))
            acts = policies[which].act(rows.take(where), None, keys[where])
            if action is None:
                action = np.zeros((len(rows), *acts.action.shape[1:]), dtype=acts.action.dtype)
            action[where], logp[where] = acts.action, acts.logp
    assert action is not None, "there are rows"
    return action, logp


class RestrictedGame:
    """An environment over another, `inner`, in which agents choose among `members`, policies without memory."""

    def __init__(self, inner: Environment, members: Members) -> None:
        self.inner, self.members = inner, members
        self._true = inner.spec
        self._spec = restricted_spec(inner.spec, max(map(len, members)))
        self._batches = ActionBatches(self._spec)
        self._waiting: list[Rows | None] = [None for _ in inner.spec.groups]  # rows that are to be answered
        self._seeds, self._ticks = np.zeros(inner.lanes, np.uint64), np.zeros(inner.lanes, np.int64)

    @property
    def spec(self) -> EnvSpec:
        """See `restricted_spec`."""
        return self._spec

    @property
    def lanes(self) -> int:
        """As many as the other has."""
        return self.inner.lanes

    def reset(self, lanes: Lanes, seeds: Keys, tasks: Ints | None = None) -> Turn:
        """See `Environment.reset`."""
        self._seeds[lanes], self._ticks[lanes] = seeds, 0
        turn = self.inner.reset(lanes, seeds) if tasks is None else self.inner.reset(lanes, seeds, tasks)
        return self._taken(lanes, turn)

    def step(self, lanes: Lanes, actions: Actions) -> Step:
        """See `Environment.step`: `actions` are the numbers of members. That of nobody is an illegal action."""
        rows = [None if waiting is None else rows_of(waiting, lanes) for waiting in self._waiting]
        chosen = self._batches([0 if one is None else len(one) for one in rows], actions)
        answers = [
            None if one is None or not len(one) else self._answer(one, number)
            for one, number in zip(rows, chosen, strict=True)
        ]
        self._ticks[lanes] += 1
        step = self.inner.step(lanes, answers)
        final = tuple(None if one is None else replace(one, mask=None) for one in step.final)
        return replace(step, turn=self._taken(lanes, step.turn), final=final)

    def state(self, lanes: Lanes) -> ArrayTree:
        """The true global state."""
        return self.inner.state(lanes)

    def render(self, lane: int) -> Frame:
        """Draw one lane."""
        return self.inner.render(lane)

    def _answer(self, rows: Rows, chosen: Array) -> Array:
        """What the members do that were chosen for these rows; where nobody is, what the true game calls illegal."""
        counts = np.array([len(one) for one in self.members])[self._true.side_of[rows.agent]]
        somebody = (chosen >= 0) & (chosen < counts)
        keys = rng.mix(self._seeds[rows.lane], _ACTS, self._ticks[rows.lane], rows.agent)
        action, _ = members_act(self._true, self.members, rows, np.where(somebody, chosen, 0), keys)
        space = self._true.groups[rows.group].action
        action[~somebody] = mask_width(space) or np.nan  # one more than there are
        return action

    def _taken(self, lanes: Lanes, turn: Turn) -> Turn:
        """Remember the rows of these lanes as they are, and show them as they are seen here."""
        for group, rows in enumerate(turn):
            before = self._waiting[group]
            kept = None if before is None else before.take(~np.isin(before.lane, lanes))
            parts = [part for part in (kept, rows) if part is not None and len(part)]
            self._waiting[group] = Rows.concatenate(parts) if parts else None
        return tuple(
            None if rows is None else replace(rows, mask=choices(self._true, self.members, rows)) for rows in turn
        )


class CopiedGame(RestrictedGame):
    """One over an environment whose matches can be copied: see `Searchable` and `Forkable`."""

    def sized(self, lanes: int) -> CopiedGame:
        """See `Searchable.sized`."""
        assert isinstance(self.inner, Searchable), "see `restricted`"
        return CopiedGame(self.inner.sized(lanes), self.members)

    def copy_from(self, other: Searchable, source: Lanes, lanes: Lanes) -> None:
        """See `Searchable.copy_from`."""
        assert isinstance(other, CopiedGame) and isinstance(self.inner, Searchable), "a game copies from its like"
        assert isinstance(other.inner, Searchable), "see `restricted`"
        self.inner.copy_from(other.inner, source, lanes)
        self._seeds[lanes], self._ticks[lanes] = other._seeds[source], other._ticks[source]
        self._taken(lanes, tuple(None if rows is None else rows_of(rows, source, lanes) for rows in other._waiting))

    def save(self, lanes: Lanes) -> bytes:
        """See `Forkable.save`."""
        assert isinstance(self.inner, Forkable), "see `restricted`"
        drawn = [self._seeds[lanes].tolist(), self._ticks[lanes].tolist()]
        return json.dumps(drawn).encode() + b"\n" + self.inner.save(lanes)

    def load(self, lanes: Lanes, blob: bytes, seeds: Keys | None = None) -> Turn:
        """See `Forkable.load`."""
        assert isinstance(self.inner, Forkable), "see `restricted`"
        drawn, _, rest = blob.partition(b"\n")
        before, ticks = json.loads(drawn)
        self._seeds[lanes] = rng.as_keys(before) if seeds is None else seeds
        self._ticks[lanes] = ticks
        return self._taken(lanes, self.inner.load(lanes, rest, seeds))


def restricted(inner: Environment, members: Members) -> RestrictedGame:
    """The restricted game over `inner`, whose matches can be copied where those of `inner` can."""
    copied = isinstance(inner, Searchable) and isinstance(inner, Forkable)
    return (CopiedGame if copied else RestrictedGame)(inner, members)


def rows_of(rows: Rows, lanes: Lanes, names: Lanes | None = None) -> Rows:
    """The rows of these lanes, lane by lane in their order; a lane may come several times. `names`: other lanes'."""
    order = np.argsort(rows.lane, kind="stable")
    begin, end = (np.searchsorted(rows.lane[order], lanes, side) for side in ("left", "right"))
    count = end - begin
    place = np.repeat(begin - np.cumsum(count) + count, count) + np.arange(count.sum())
    return replace(rows.take(order[place]), lane=np.repeat(lanes if names is None else names, count))
