"""Episodes: a bounded ring of whole matches of each team, padded to equal length, and drawn uniformly.

What is cut and drawn stands under the name of a team, `side0` for the first side, E matches of at most T steps each
(see `marl.joint.Joint`); everything on one line of a batch belongs together, whatever modules the team has:

| column | shape | |
|---|---|---|
| `agents/<module>/observation` | tree of `[E, T + 1, n, ...]` | of the team's n agents that this module plays |
| `agents/<module>/mask` | `bool[E, T + 1, n, A]` | what is legal; nothing where nobody acts |
| `agents/<module>/acts` | `bool[E, T + 1, n]` | who has an own turn |
| `agents/<module>/action` | `[E, T, n, ...]` | |
| `agents/<module>/logp` | `float32[E, T, n]` | of whoever played; only where nothing older is kept |
| `reward` | `float32[E, T]` | of the whole team, until its next step |
| `discount` | `float32[E, T]` | of what follows: `discount`, or 0 at an end by the rules and on padding |
| `valid` | `bool[E, T]` | False on padding |
| `state` | tree of `[E, T + 1, ...]` | the true state, where the environment has one |

Source of such a buffer: Hausknecht and Stone, "Deep recurrent Q-learning for partially observable MDPs", 2015
(sequential updates); Rashid et al., "QMIX", ICML 2018.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np

from marl import rng, space, tree
from marl.algorithm import Checkpoint
from marl.arena import Record, Trajectory
from marl.env import Group
from marl.joint import Joint
from marl.training.checkpoint import part
from marl.training.experience import Columns, Cut, Draw, rows_of, unseen_end
from marl.training.hyper import EpisodesHyper
from marl.training.modules import team_name
from marl.training.networks import NetworkPolicy
from marl.types import Array, ArrayTree, Ints

_ROOM = 16  # episodes are padded to a multiple of so many steps, so that a longer one seldom moves all the others


class WholeMatches:
    """The half of an experience of whole matches that is where they were played."""

    keeps: ClassVar[bool] = True
    record: ClassVar[Record] = Record(whole=True, state=True)

    def __init__(self, discount: float) -> None:
        self._discount = discount

    def cut(self, windows: Sequence[Trajectory], live: NetworkPolicy, modules: Sequence[str]) -> Cut:
        """The joint rows of every team that played."""
        ticks = windows[0].ticks
        assert ticks is not None, "the record has whole matches"
        playing = np.flatnonzero(ticks.acted.any(axis=0)).tolist()
        return Cut({team_name(side): _team(windows, side, live, modules, self._discount) for side in playing}, {})

    def learned(self, said: Mapping[str, Array]) -> None:
        """Nothing follows from it."""


class Episodes(WholeMatches):
    """See `Experience`. A draw is one minibatch for every gradient step, in order; empty before there are so many.

    All draws follow from seeds, so a run that goes on from a checkpoint draws what it would have drawn.
    """

    def __init__(self, hyper: EpisodesHyper) -> None:
        super().__init__(hyper.discount)
        self._hyper = hyper
        self.rings: dict[str, EpisodeRing] = {}
        self._owed: dict[str, float] = {}  # gradient steps that are due, by team

    def cut(self, windows: Sequence[Trajectory], live: NetworkPolicy, modules: Sequence[str]) -> Cut:
        """Without `logp`: what was played long ago is not weighed by it."""
        cut = super().cut(windows, live, modules)
        for columns in cut.columns.values():
            for own in columns["agents"].values():
                del own["logp"]
        return cut

    def add(self, parts: Sequence[Mapping[str, Columns]]) -> None:
        """Write them into the rings, over the oldest episodes where those are full."""
        for columns in parts:
            for name, new in columns.items():
                self.rings.setdefault(name, EpisodeRing(self._hyper.capacity)).add(new)
                self._owed[name] = self._owed.get(name, 0.0) + rows_of(new) * self._hyper.steps_per_episode

    def draw(self, seed: int, coefficients: Mapping[str, float]) -> Draw:
        """A minibatch for each gradient step that is due, of each team that has enough episodes."""
        columns, counts, size = {}, {}, self._hyper.minibatch
        for name, ring in sorted(self.rings.items()):
            steps = int(self._owed[name])
            self._owed[name] -= steps
            if ring.size >= size and steps:
                number = zlib.crc32(name.encode())
                keys = [rng.mix(seed, number, step, np.arange(ring.size)) for step in range(steps)]
                where = [np.argsort(rng.uniform(key), kind="stable")[:size] for key in keys]
                columns[name], counts[name] = ring.take(np.concatenate(where)), steps
        return Draw(columns, 1, counts)

    def reset(self) -> None:
        """See `Experience`."""
        self.rings, self._owed = {}, {}

    def save(self) -> Checkpoint:
        """All episodes, and where the next ones go."""
        arrays = {f"{name}/{key}": leaf for name, ring in self.rings.items() for key, leaf in ring.save().items()}
        return Checkpoint(
            arrays, {name: {"total": ring.total, "owed": self._owed[name]} for name, ring in self.rings.items()}
        )

    def load(self, checkpoint: Checkpoint) -> None:
        """See `Experience`. With another `capacity`, the newest episodes that it holds are kept."""
        self.reset()
        for name, meta in checkpoint.meta.items():
            ring = self.rings[name] = EpisodeRing(self._hyper.capacity)
            ring.load(part(checkpoint.arrays, f"{name}/"), meta["total"])
            self._owed[name] = meta["owed"]


class EpisodeRing:
    """At most `capacity` episodes. Number `n` (counted from the first one ever) is at place `n % capacity`.

    All have room for equally many steps; those that an episode does not have are padding, which is zero.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity, self.total = capacity, 0
        self._columns: Columns = {}
        self._steps = 0  # that there is room for

    @property
    def size(self) -> int:
        """How many episodes there are."""
        return min(self.total, self.capacity)

    def add(self, new: Columns) -> None:
        """Write E episodes; see the top of this page for the columns."""
        if not self._columns:
            self._columns = tree.map_tree(lambda leaf: np.zeros((self.capacity, *leaf.shape[1:]), leaf.dtype), new)
            self._steps = new["valid"].shape[1]
        steps = max(self._steps, -(-new["valid"].shape[1] // _ROOM) * _ROOM)
        if steps > self._steps:
            self._columns = tree.map_tree(lambda leaf: longer(leaf, steps - self._steps), self._columns)
            self._steps = steps
        missing = steps - new["valid"].shape[1]
        place = (self.total + np.arange(rows_of(new))) % self.capacity
        last = slice(-self.capacity, None)  # of more than fit, the newest

        def write(mine: Array, leaf: Array) -> Array:
            mine[place[last]] = longer(leaf[last], missing)
            return mine

        tree.map_tree(write, self._columns, new)
        self.total += rows_of(new)

    def take(self, where: Ints) -> Columns:
        """The episodes at these places, with no more padding than the longest of them needs."""
        missing = self._steps - int(self._columns["valid"][where].sum(axis=1).max())
        taken: Columns = tree.map_tree(lambda leaf: leaf[:, : leaf.shape[1] - missing][where], self._columns)
        return taken

    def save(self) -> dict[str, Array]:
        """Everything, oldest episode first, by path."""
        order = np.arange(self.total - self.size, self.total) % self.capacity
        return {path: leaf[order] for path, leaf in tree.leaves(self._columns)}

    def load(self, arrays: Mapping[str, Array], total: int) -> None:
        """Take up what was saved, after `total` episodes: where they were, or as many as fit."""
        known: Columns = tree.nest(dict(arrays))
        missing = rows_of(known) < min(total, self.capacity)  # there was less room: some places would stay empty
        self.total = 0 if missing else total - rows_of(known)
        self.add(known)


def longer(leaf: Array, steps: int) -> Array:
    """Room for more steps, all padding."""
    if not steps:
        return leaf
    return np.concatenate([leaf, np.zeros((len(leaf), steps, *leaf.shape[2:]), leaf.dtype)], axis=1)


def _team(
    windows: Sequence[Trajectory], side: int, live: NetworkPolicy, modules: Sequence[str], discount: float
) -> Columns:
    """The columns of one side's matches, of all its modules."""
    spec, joint = live.spec, None
    agents: Columns = {}
    absent = []
    for index, group in enumerate(spec.groups):
        mine = [agent for agent in spec.sides[side] if agent in group.agents]
        window = next((window for window in windows if window.group == index), None)
        if mine and window is not None:
            joint = _checked(window).joint(side, mine)
            agents |= _by_module(joint, mine, group, live, modules)
        elif mine:
            absent.append((mine, group))
    assert joint is not None, "somebody of this side acted"
    for mine, group in absent:
        agents |= _by_module(_idle(joint, len(mine), group), mine, group, live, modules)
    goes_on = joint.valid.copy()
    goes_on[joint.terminated, joint.length[joint.terminated] - 1] = False
    columns: Columns = {
        "agents": agents,
        "reward": joint.reward.astype(np.float32),
        "discount": (discount * goes_on).astype(np.float32),
        "valid": joint.valid,
    }
    return columns if joint.state is None else {**columns, "state": joint.state}


def _by_module(joint: Joint, mine: Sequence[int], group: Group, live: NetworkPolicy, modules: Sequence[str]) -> Columns:
    """The columns of a group's agents, by the module that plays them."""
    seen = _seen(joint, mine, live)
    mask = joint.mask
    if mask is None:
        mask = np.repeat(joint.acts[..., None], space.mask_width(group.action) or 1, axis=3)
    result: Columns = {}
    for module in sorted({modules[agent] for agent in mine}):
        places = [place for place, agent in enumerate(mine) if modules[agent] == module]
        result[module] = {
            "observation": tree.map_tree(lambda leaf: leaf[:, :, places], seen),  # noqa: B023
            "mask": mask[:, :, places],
            "acts": joint.acts[:, :, places],
            "action": joint.action[:, :, places],
            "logp": joint.logp[:, :, places].astype(np.float32),
        }
        if live.spec.births:
            result[module]["first"] = joint.first[:, :, places]
    return result


def _seen(joint: Joint, mine: Sequence[int], live: NetworkPolicy) -> ArrayTree:
    """What networks see of the joint rows: with `identity`, each agent's place beside its observation."""
    shape = joint.acts.shape
    agent = np.broadcast_to(np.array(mine), shape).reshape(-1)
    flat = tree.map_tree(lambda leaf: leaf.reshape(-1, *leaf.shape[3:]), joint.observation)
    return tree.map_tree(lambda leaf: leaf.reshape(*shape, *leaf.shape[1:]), live.seen(flat, agent))


def _idle(joint: Joint, count: int, group: Group) -> Joint:
    """The same matches for agents of a group of which nobody ever had a turn."""
    episodes, steps = joint.valid.shape

    def blank(kind: space.Space, length: int) -> ArrayTree:
        zeros = space.zeros(kind, episodes * length * count)
        return tree.map_tree(lambda leaf: leaf.reshape(episodes, length, count, *leaf.shape[1:]), zeros)

    return Joint(
        **{name: getattr(joint, name) for name in ("match", "length", "valid", "reward", "state")},
        **{name: getattr(joint, name) for name in ("terminated", "truncated")},
        acts=np.zeros((episodes, steps + 1, count), dtype=np.bool_),
        first=np.zeros((episodes, steps + 1, count), dtype=np.bool_),
        observation=blank(group.observation, steps + 1),
        mask=None,
        action=blank(group.action, steps),
        logp=np.zeros((episodes, steps, count)),
    )


def _checked(window: Trajectory) -> Trajectory:
    """The same. Raises RunError where agents were cut short and there is nothing to learn their values from."""
    if (window.truncated & (window.last_row < 0)).any():
        raise unseen_end()
    return window
