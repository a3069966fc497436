"""Seats: sends rows to the policies that must answer them, and keeps the policies' memories."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from marl import space
from marl.env import Environment, EnvSpec, Group, Rows, Turn
from marl.errors import RunError, UserError
from marl.policy import Acts, Policy, SearchPolicy, Stack, Stackable, TeamPolicy
from marl.registry import load_registry
from marl.types import Array, Ints, Keys


@dataclass(slots=True)
class Moves:
    """What one policy, or a stack of them, answered to one batch of rows.

    `slot`: `int64[K]`, lane times N plus agent. `memory`: what the policy remembered before it acted, or None.
    """

    rows: Rows
    slot: Ints
    memory: Array | None
    acts: Acts


Watcher = Callable[[Moves], None]
_TEAMS = "teams "  # what the names of stores of whole sides start with
_FEWEST = 4  # fewer policies than this are not worth stacking


@dataclass(slots=True)
class _Seat:
    """A policy, the array that holds its memories (shared by policies whose memories look alike) and a blank one.

    `teams`: of a `TeamPolicy`, what holds its memories, each at the slot of the first agent of a side. `searches`:
    whether it is a `SearchPolicy`.
    """

    policy: Policy
    store: Array | None
    blank: Array | None
    teams: Array | None = None
    searches: bool = False


@dataclass(slots=True)
class _Bench:
    """Neighbouring seats, from `first` on, whose policies answer together."""

    policies: list[Policy]
    stack: Stack
    first: int


class Seats:
    """The policies of a play. Players that are one and the same policy object share a seat, hence a batch.

    Seats of policies that can be stacked stand side by side and form a bench, which shares a batch too. `matches` gives
    the environment that is played now, for policies that search.
    """

    def __init__(self, spec: EnvSpec, slots: int, matches: Callable[[], Environment]) -> None:
        self.stores: dict[str, Array] = {}
        self.seats: list[_Seat] = []
        self.of_player: Array = np.zeros(0, dtype=np.int16)
        self._groups, self._matches = spec.groups, matches
        self._blank_actions = [space.zeros(group.action, 0) for group in spec.groups]
        self._slots = slots
        self._agents = len(spec.agents)
        self._first = np.array([spec.sides[side][0] for side in spec.side_of], dtype=np.int64)  # of each agent's side
        self._together: list[int] = []  # seats of policies that act for whole sides
        self._benches: list[_Bench] = []
        self._batch: Array = np.zeros(0, dtype=np.int16)  # of each seat: the number of the first that shares its batch

    def take(self, policies: Sequence[Policy]) -> None:
        """Sit these policies down; memories of those that stay are kept."""
        builds: dict[Hashable, list[Policy]] = {}
        for policy in {id(policy): policy for policy in policies}.values():
            build = policy.build() if isinstance(policy, Stackable) else None
            builds.setdefault(id(policy) if build is None else (build,), []).append(policy)
        self.seats, before, self._benches = [], self._benches, []
        for alike in builds.values():
            if len(alike) >= _FEWEST:
                self._benches.append(_bench(alike, len(self.seats), before))
            self.seats += [self._sit(policy) for policy in alike]
        kind = np.int16 if len(self.seats) < 1 << 15 else np.int64  # 16 bits are sorted by radix
        places = {id(seat.policy): place for place, seat in enumerate(self.seats)}
        self.of_player = np.array([places[id(policy)] for policy in policies], dtype=kind)
        self._together = [at for at, seat in enumerate(self.seats) if isinstance(seat.policy, TeamPolicy)]
        self._batch = np.arange(len(self.seats), dtype=kind)
        for bench in self._benches:
            self._batch[bench.first : bench.first + len(bench.policies)] = bench.first

    def _sit(self, policy: Policy) -> _Seat:
        if isinstance(policy, TeamPolicy):
            blank = policy.team_memory(1)
            return _Seat(policy, None, None, None if blank is None else self._store(_TEAMS, blank))
        if isinstance(policy, SearchPolicy):
            return _Seat(policy, None, None, searches=True)
        blank = policy.memory(1)
        if blank is None:
            return _Seat(policy, None, None)
        return _Seat(policy, self._store("", blank), blank[0])

    def _store(self, whose: str, blank: Array) -> Array:
        name = f"{whose}{blank.dtype.str}{list(blank.shape[1:])}"
        if name not in self.stores:
            self.stores[name] = np.zeros((self._slots, *blank.shape[1:]), dtype=blank.dtype)
        return self.stores[name]

    def begin(self, lanes: Ints) -> None:
        """Matches begin in these lanes: their teams remember nothing yet."""
        for name, store in self.stores.items():
            if name.startswith(_TEAMS):
                store[lanes[:, None] * self._agents + np.arange(self._agents)] = 0

    def memory(self, seat: Array, slot: Ints) -> Array | None:
        """What the policies on these seats remember at these slots, `[K, ...]`; None where none has a memory."""
        stores = {id(store): store for index in np.unique(seat) if (store := self.seats[index].store) is not None}
        if len(stores) > 1:
            raise UserError("learning policies of one group must have memories of one shape and dtype")
        return next(iter(stores.values()))[slot] if stores else None

    def answers(
        self, turn: Turn, slots: Sequence[Ints], keys: Sequence[Keys], seat_of_slot: Array, watch: Watcher | None
    ) -> list[Array | None]:
        """The actions of all rows of a tick by group; None where there are none. `slots`, `keys`: of the rows."""
        result: list[Array | None] = [None] * len(turn)
        mine = {seat: self._ask_together(seat, turn, slots, keys, seat_of_slot, watch) for seat in self._together}
        for group, rows in enumerate(turn):
            if rows is None or not len(rows):
                continue
            if not mine:
                result[group] = self.answer(rows, slots[group], keys[group], seat_of_slot, watch)
                continue
            like = self._blank_actions[group]
            actions = np.empty((len(rows), *like.shape[1:]), dtype=like.dtype)
            seat = seat_of_slot[slots[group]]
            for one, answered in mine.items():
                if (found := answered[group]) is not None:
                    actions[seat == one] = found
            rest = np.flatnonzero(~np.isin(seat, self._together))
            if len(rest):
                part = rows.take(rest)
                actions[rest] = self.answer(part, slots[group][rest], keys[group][rest], seat_of_slot, watch)
            result[group] = actions
        return result

    def answer(self, rows: Rows, slot: Ints, keys: Keys, seat_of_slot: Array, watch: Watcher | None) -> Array:
        """The actions of all rows of one group, in their order: one `act` per policy or stack."""
        if len(self.seats) == 1:
            return self._ask(0, rows, slot, keys, watch)
        seat = seat_of_slot[slot]
        first = int(seat[0])
        if (seat == first).all():
            return self._ask(first, rows, slot, keys, watch)
        order = np.argsort(seat, kind="stable")
        seat, rows, slot, keys = seat[order], rows.take(order), slot[order], keys[order]
        batch = self._batch[seat]
        bounds = [0, *(np.flatnonzero(batch[1:] != batch[:-1]) + 1).tolist(), len(seat)]
        like = self._blank_actions[rows.group]
        actions = np.empty((len(seat), *like.shape[1:]), dtype=like.dtype)
        for start, stop in itertools.pairwise(bounds):
            part = slice(start, stop)
            if seat[start] == seat[stop - 1]:
                actions[order[part]] = self._ask(int(seat[start]), rows.take(part), slot[part], keys[part], watch)
            else:
                actions[order[part]] = self._ask_bench(seat[part], rows.take(part), slot[part], keys[part], watch)
        return actions

    def _ask_bench(self, seat: Array, rows: Rows, slot: Ints, keys: Keys, watch: Watcher | None) -> Array:
        bench = next(bench for bench in self._benches if bench.first == self._batch[seat[0]])
        acts = bench.stack.act(rows, seat.astype(np.int64) - bench.first, keys)
        acts.action = self._checked(acts.action, rows, bench.policies[0])
        if watch is not None:
            watch(Moves(rows, slot, None, acts))
        return acts.action

    def _ask(self, index: int, rows: Rows, slot: Ints, keys: Keys, watch: Watcher | None) -> Array:
        seat = self.seats[index]
        memory = None
        if seat.store is not None:
            memory = seat.store[slot]
            memory[rows.first] = seat.blank
        acts = self._acts(seat, rows, memory, keys)
        acts.action = self._checked(acts.action, rows, seat.policy)
        if seat.store is not None:
            if acts.memory is None:
                raise UserError(f"{_name(seat.policy)} has a memory, but its act() gave none back")
            seat.store[slot] = acts.memory
        if watch is not None:
            watch(Moves(rows, slot, memory, acts))
        return acts.action

    def _ask_together(
        self,
        index: int,
        turn: Turn,
        slots: Sequence[Ints],
        keys: Sequence[Keys],
        seat_of_slot: Array,
        watch: Watcher | None,
    ) -> list[Array | None]:
        """What a policy answers for whole sides, by group: one `act_together` a tick."""
        seat, mine = self.seats[index], [seat_of_slot[slot] == index for slot in slots]
        own = [slot[one] for slot, one in zip(slots, mine, strict=True)]
        parts = [
            rows.take(one) if rows is not None and one.any() else None for rows, one in zip(turn, mine, strict=True)
        ]
        first = np.concatenate([one - one % self._agents + self._first[one % self._agents] for one in own])
        teams, number = np.unique(first, return_inverse=True)
        if not len(teams):
            return [None] * len(turn)
        numbers = np.split(number, np.cumsum([len(one) for one in own])[:-1])
        memory = None if seat.teams is None else seat.teams[teams]
        drawn = [key[one] for key, one in zip(keys, mine, strict=True)]
        answered, memory = self._acts_together(seat.policy, tuple(parts), numbers, memory, drawn)
        if seat.teams is not None:
            seat.teams[teams] = memory
        told = zip(parts, own, answered, strict=True)
        return [None if rows is None else self._told(seat.policy, rows, slot, acts, watch) for rows, slot, acts in told]

    def _told(self, policy: Policy, rows: Rows, slot: Ints, acts: Acts | None, watch: Watcher | None) -> Array:
        """The actions of a policy that acts for whole sides, for its rows of one group."""
        if acts is None:
            raise UserError(f"{_name(policy)} left out {len(rows)} rows of group {self._groups[rows.group].name!r}")
        acts.action = self._checked(acts.action, rows, policy)
        if watch is not None:
            watch(Moves(rows, slot, None, acts))
        return acts.action

    def _acts_together(
        self, policy: Policy, turn: Turn, teams: Sequence[Ints], memory: Array | None, keys: Sequence[Keys]
    ) -> tuple[list[Acts | None], Array | None]:
        assert isinstance(policy, TeamPolicy)
        try:
            return policy.act_together(turn, teams, memory, keys)
        except (UserError, RunError):
            raise
        except Exception as error:
            raise RunError(
                f"{_name(policy)} failed to answer for whole sides: {type(error).__name__}: {error} "
                "(MARL_DEBUG=1 shows where)"
            ) from error

    def _acts(self, seat: _Seat, rows: Rows, memory: Array | None, keys: Keys) -> Acts:
        policy = seat.policy
        try:
            if seat.searches:
                assert isinstance(policy, SearchPolicy)
                acts = policy.search(rows, self._matches(), keys)
            else:
                acts = policy.act(rows, memory, keys)
        except (UserError, RunError):
            raise
        except Exception as error:
            group = self._groups[rows.group].name
            raise RunError(
                f"{_name(policy)} failed to answer {len(rows)} rows of group {group!r}: "
                f"{type(error).__name__}: {error} (MARL_DEBUG=1 shows where)"
            ) from error
        if not isinstance(acts, Acts):
            raise UserError(f"{_name(policy)} answered with a {type(acts).__name__}: act() must give marl.policy.Acts")
        return acts

    def _checked(self, action: Array, rows: Rows, policy: Policy) -> Array:
        """Actions in the dtype of the space. Their values are the environment's to judge: a wrong one is a fault."""
        like = self._blank_actions[rows.group]
        shape = (len(rows), *like.shape[1:])
        kinds = "iu" if like.dtype.kind in "iu" else like.dtype.kind
        if not isinstance(action, np.ndarray) or action.shape != shape or action.dtype.kind not in kinds:
            raise UserError(_wrong(policy, self._groups[rows.group], action, shape, like))
        return action if action.dtype == like.dtype else action.astype(like.dtype)


def _bench(policies: list[Policy], first: int, before: list[_Bench]) -> _Bench:
    """A bench of these policies; the stack of one that was there before is kept."""
    for bench in before:
        if list(map(id, bench.policies)) == list(map(id, policies)):
            return _Bench(policies, bench.stack, first)
    stackable = policies[0]
    assert isinstance(stackable, Stackable)
    return _Bench(policies, stackable.stack(policies), first)


def _name(policy: Policy) -> str:
    return f"policy {load_registry().describe_class(type(policy))}"


def _wrong(policy: Policy, group: Group, action: object, shape: tuple[int, ...], like: Array) -> str:
    got = f"{action.dtype}{list(action.shape)}" if isinstance(action, np.ndarray) else f"a {type(action).__name__}"
    return (
        f"{_name(policy)} answered {shape[0]} rows of group {group.name!r} with {got}; "
        f"{group.action} needs a numpy array {like.dtype}{list(shape)}"
    )
