"""The environment: the rules of a game, batched from the start.

An environment steps many *lanes* (matches) together. It hands out *rows*: one row per agent that must act now. A
turn-based game has at most one row per lane, a simultaneous one a row per living agent; nothing else differs.

The canonical order holds everywhere: rows come lane by lane in the order of the `lanes` argument that produced them,
and by ascending agent within a lane. Actions are given back the same way, so no index ever needs to be sent.
Authors have base classes for all kinds of games, written one match at a time or vectorised: see `marl.games`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, NamedTuple, Protocol, TypeAlias, runtime_checkable

import numpy as np

from marl import tree
from marl.errors import RunError
from marl.exact import SequenceForm
from marl.space import Space
from marl.tasks import Tasks
from marl.types import Array, ArrayTree, Bools, Floats, Ints, Keys

Lanes: TypeAlias = Ints
Actions: TypeAlias = Sequence[Array | None]  # per group: one action per row, in canonical order; None for no rows


@dataclass(frozen=True)
class Group:
    """Agents that share spaces (and may share a network)."""

    name: str
    agents: tuple[int, ...]
    observation: Space
    action: Space


@dataclass(frozen=True)
class EnvSpec:
    """What an environment says about itself.

    `agents` are names ("player_0"); everything else counts agents by their index in it. `groups` and `sides` each
    cover every agent once; a side is what one player controls. `state` describes `Environment.state`, or is None.
    `returns` bounds what one side's rewards can sum to in a match (a side's reward is the sum over its agents; use
    infinities where unknown). `symmetric` says that sides may be exchanged without changing the game: what a side sees,
    may do and earns follows from what is played, never from which side it is. A league then keeps one population, whose
    players play any side. `perfect_information`: everybody always knows all that has happened, and one agent acts at a
    time; `deterministic`: once somebody must act, nothing is left to chance. Search may look ahead where both are said.
    `births`: agents are born and die within a match. An agent is then a place that is empty or taken: its first row
    begins a life, `terminated` or `truncated` ends it, and a row that is `first` begins another one, of somebody else.
    `max_length` bounds the number of ticks. `info` names the columns that `Step.info` always carries and their meaning.
    `tasks`: what varies from match to match, or None where all matches are alike but for chance.
    """

    agents: tuple[str, ...]
    groups: tuple[Group, ...]
    sides: tuple[tuple[int, ...], ...]
    dynamics: Literal["turns", "simultaneous"]
    max_length: int
    returns: tuple[float, float] = (-np.inf, np.inf)
    state: Space | None = None
    zero_sum: bool = False
    symmetric: bool = False
    perfect_information: bool = False
    deterministic: bool = False
    births: bool = False
    backend: Literal["numpy", "torch"] = "numpy"
    info: Mapping[str, str] = field(default_factory=dict)
    tasks: Tasks | None = None

    def __post_init__(self) -> None:
        if wrong := [name for name in self.info if "/" in name]:
            raise ValueError(f"the names of info columns must not have a slash: {wrong[0]!r}")
        everyone = list(range(len(self.agents)))
        if self.perfect_information and self.dynamics != "turns":
            raise ValueError("perfect_information cannot go with simultaneous moves: nobody knows what others just did")
        for what, parts in (("groups", [group.agents for group in self.groups]), ("sides", list(self.sides))):
            if sorted(agent for part in parts for agent in part) != everyone:
                raise ValueError(f"the {what} must hold each of the agents 0 to {len(everyone) - 1} once, not {parts}")

    @property
    def side_names(self) -> tuple[str, ...]:
        """What each side is called: its agents' names."""
        return tuple("+".join(self.agents[agent] for agent in side) for side in self.sides)

    @cached_property
    def group_of(self) -> Ints:
        """The group of each agent, `int64[N]`."""
        return _part_of([group.agents for group in self.groups], len(self.agents))

    @cached_property
    def side_of(self) -> Ints:
        """The side of each agent, `int64[N]`."""
        return _part_of(self.sides, len(self.agents))


def _part_of(parts: Sequence[Sequence[int]], agents: int) -> Ints:
    """Which of these parts each agent is in, `int64[N]`, not to be written to."""
    result = np.zeros(agents, dtype=np.int64)
    for index, part in enumerate(parts):
        result[list(part)] = index
    result.flags.writeable = False
    return result


@dataclass(slots=True)
class Rows:
    """Agents of one group that must act now (or, in `Step.final`, that saw their last).

    `lane`, `agent`: `int64[K]`. `observation`: a tree of `[K, ...]`. `mask`: `bool[K, mask_width]`, True where an
    action is legal, or None. `first`: `bool[K]`, True at the agent's first row of a match (of a life, where there are
    `births`), where memory is cleared.
    """

    lane: Ints
    agent: Ints
    observation: ArrayTree
    mask: Bools | None
    first: Bools
    group: int = 0

    def __len__(self) -> int:
        return len(self.lane)

    def take(self, index: Array | slice) -> Rows:
        """The rows at `index` (integers, booleans or a slice)."""
        lane, agent, first = self.lane[index], self.agent[index], self.first[index]
        mask = None if self.mask is None else tree.take(self.mask, index)
        return Rows(lane, agent, tree.take(self.observation, index), mask, first, self.group)

    @staticmethod
    def concatenate(parts: Sequence[Rows]) -> Rows:
        """Join rows of one group, in order."""
        if len(parts) == 1:
            return parts[0]
        return Rows(
            np.concatenate([part.lane for part in parts]),
            np.concatenate([part.agent for part in parts]),
            tree.concatenate([part.observation for part in parts]),
            join_masks([part.mask for part in parts], [len(part) for part in parts]),
            np.concatenate([part.first for part in parts]),
            parts[0].group,
        )


def join_masks(masks: Sequence[Bools | None], counts: Sequence[int]) -> Bools | None:
    """Masks of rows that are joined, so many each. A missing one allows everything; None where all are missing."""
    width = next((mask.shape[1] for mask in masks if mask is not None), None)
    if width is None:
        return None
    parts = zip(masks, counts, strict=True)
    return np.concatenate([np.ones((count, width), np.bool_) if mask is None else mask for mask, count in parts])


Turn: TypeAlias = tuple[Rows | None, ...]  # one entry per group; None (or no rows) where nobody of it must act


def join_turns(turns: Sequence[Turn]) -> Turn:
    """Join the turns of different lanes, in order; the canonical order becomes that of the joined lanes."""
    if len(turns) == 1:
        return turns[0]
    joined: list[Rows | None] = []
    for parts in zip(*turns, strict=True):
        present = [part for part in parts if part is not None and len(part)]
        joined.append(Rows.concatenate(present) if present else None)
    return tuple(joined)


def turn_of(turn: Turn, lanes: Lanes) -> Turn:
    """The rows of these lanes only."""
    return tuple(None if rows is None else rows.take(np.isin(rows.lane, lanes)) for rows in turn)


@dataclass(slots=True)
class Step:
    """What one tick did to the lanes that were stepped.

    `lanes`: `int64[L]`, as given. `rewards`: `float64[L, N]`, this tick's, for every agent whether it acted or not.
    `terminated`, `truncated`: `bool[L, N]`, True only at the tick at which the agent's part ended: by the rules, or cut
    short (its value then bootstraps from `final`). `done`: `bool[L]`, the match is over; the lane has no rows until
    it is reset. `fault`: `int64[L]`, the agent that broke the rules, or -1. `final`: per group, the last observations
    of agents whose part ended at this tick (their masks are ignored). `info`: declared columns, `[L, ...]`.
    `turn`: the next rows; each lane that is not done has at least one. No agent is rewarded after its part ended. Where
    there are `births`, a place may be taken again at the tick at which it became empty: what is paid at that tick is
    for who died. Empty places neither end nor are paid.
    """

    lanes: Lanes
    rewards: Floats
    terminated: Bools
    truncated: Bools
    done: Bools
    fault: Ints
    final: Turn
    turn: Turn
    info: dict[str, Array] = field(default_factory=dict)

    def of(self, lanes: Lanes) -> Step:
        """What happened to these of its lanes, in its order."""
        keep = np.isin(self.lanes, lanes)
        return Step(
            lanes=self.lanes[keep],
            rewards=self.rewards[keep],
            terminated=self.terminated[keep],
            truncated=self.truncated[keep],
            done=self.done[keep],
            fault=self.fault[keep],
            final=turn_of(self.final, lanes),
            turn=turn_of(self.turn, lanes),
            info={name: column[keep] for name, column in self.info.items()},
        )


class LanesFailed(RunError):
    """Some lanes could not be reset, stepped or loaded, because what is below the environment failed; the others were.

    For environments whose lanes stand on instances of their own. `errors`: what was raised, by lane; such a lane has no
    match until it is reset, on an instance that is new. `rest`: the Step (or the Turn) of the other lanes, in the order
    in which they were given; None where there are none. `first`: one of the errors. Any other error is taken to end the
    matches of all lanes.
    """

    def __init__(self, errors: Mapping[int, Exception], rest: Step | Turn | None) -> None:
        self.errors, self.rest, self.first = errors, rest, next(iter(errors.values()))
        super().__init__(str(self.first) if isinstance(self.first, RunError) else repr(self.first))


@contextmanager
def first_error() -> Iterator[None]:
    """Where lanes fail in here, the error is what was raised first in one of them."""
    try:
        yield
    except LanesFailed as failed:
        raise failed.first from None


class Frame(NamedTuple):
    """A picture of a lane: plain text for terminals, and SVG (or "" where there is none) for pages."""

    text: str
    svg: str


@runtime_checkable
class Environment(Protocol):
    """The rules, batched. `reset` and `step` take any subset of the lanes, each lane at most once.

    Everything that chance decides follows from the lane's seed (see `marl.rng`), never from other lanes. Where `reset`
    or `step` raises, no lane is used again before it is reset; `LanesFailed` says that only some lanes are meant.
    """

    @property
    def spec(self) -> EnvSpec:
        """Agents, sides, groups and their spaces: the same on every lane."""

    @property
    def lanes(self) -> int:
        """How many matches it can hold at once."""

    def reset(self, lanes: Lanes, seeds: Keys, tasks: Ints | None = None) -> Turn:
        """Start a new match in each of `lanes[L]` with `seeds[L]`; whatever was going on there is dropped.

        `tasks`: `int64[L]`, numbers of `spec.tasks`; None draws them from the seeds (`Tasks.drawn`). It is never given
        to an environment whose spec has no tasks. A task that does not exist raises ValueError.
        """

    def step(self, lanes: Lanes, actions: Actions) -> Step:
        """Advance `lanes[L]` by one tick. `actions` has, per group, one action for each row that these lanes have.

        An illegal action never raises: it ends the match, with `fault` set and the rewards of a loss where the game
        has such a notion. An action of a wrong shape raises ValueError.
        """

    def state(self, lanes: Lanes) -> ArrayTree:
        """The true global state `[L, ...]`, for centralised critics and mixers; only where `spec.state` is set."""

    def render(self, lane: int) -> Frame:
        """Draw one lane, for replays."""


@runtime_checkable
class Forkable(Protocol):
    """Optional: copy matches in progress, for search and exact checkpoints."""

    def save(self, lanes: Lanes) -> bytes:
        """Everything that `lanes` are, including their seeds, counters and tasks. Not pickle."""

    def load(self, lanes: Lanes, blob: bytes, seeds: Keys | None = None) -> Turn:
        """Put the saved matches into `lanes` (as many as were saved) and return the rows they now have.

        Without `seeds` the future is what it would have been. `seeds[L]` redraw what is still to come.
        """


@runtime_checkable
class Searchable(Environment, Protocol):
    """Optional: an environment whose matches are copied quickly, so that a search can try actions out in copies."""

    def sized(self, lanes: int) -> Searchable:
        """The same game with so many lanes, none of which has a match yet."""

    def copy_from(self, other: Searchable, source: Lanes, lanes: Lanes) -> None:
        """Put copies of the matches in `source[L]` of `other` into `lanes[L]`; `other` may be this one.

        `other` is of the same game. A match may be copied several times, and no lane of this one is both in `source`
        and in `lanes`. A copy goes on as the match would have, chance included, and has the same rows to be answered.
        """


@runtime_checkable
class Remarking(Protocol):
    """Optional: an adapter that cannot play something as it is says so here, and whoever plays it tells people."""

    remarks: dict[str, int]
    """A sentence about what was left out, and how often it was, since the environment was made."""


@runtime_checkable
class Exact(Protocol):
    """Optional: a small game can be solved exactly."""

    def sequence_form(self) -> SequenceForm:
        """The whole game as a sequence form; its observations are those of the rows that the game hands out."""
