"""A swarm as one agent: the Markov decision process of mean-field control.

Its observation is the state of the swarm (features of how agents are distributed), its action a decision rule, which
every agent then applies to what it sees itself, each with chance of its own. Its reward is the mean of what the agents
earn. Any algorithm for one agent controls the swarm so.

Source: Cui et al., "Learning decentralized partially observable mean field control for artificial collective behavior",
ICLR 2024, which reduces control of a swarm to this process, and learns it on a swarm of finitely many.
"""

from __future__ import annotations

import json

import numpy as np

from marl import rng
from marl.env import Actions, Environment, EnvSpec, Forkable, Frame, Group, Lanes, Rows, Step, Turn
from marl.errors import UserError
from marl.games.actions import ActionBatches, no_match
from marl.space import Box, legal
from marl.types import Array, ArrayTree, Bools, Ints, Keys
from marl_swarm.rule import RuleParams, rule_for, seen_of

_CHOICE = 0x52554C45  # sets the agents' choices apart from the swarm's own chance


class MeanField:
    """An `Environment` (and `Forkable`) of one agent, `swarm`: see above. `inner`: the swarm.

    Actions are P real numbers without bounds. Raises UserError where agents have no rule, or `inner` has no state that
    is a row of numbers, or cannot save matches.
    """

    def __init__(self, inner: Environment, params: RuleParams) -> None:
        self.inner, self.lanes, swarm = inner, inner.lanes, inner.spec
        self.rule = rule_for(swarm, params)
        if not isinstance(swarm.state, Box) or len(swarm.state.shape) != 1:
            has = "no state" if swarm.state is None else f"the state {swarm.state}"
            raise UserError(f"mean-field control goes by a state that is a row of numbers; this environment has {has}")
        if not isinstance(inner, Forkable):
            raise UserError("mean-field control needs a swarm whose matches can be saved (marl.env.Forkable)")
        self._saved: Forkable = inner
        low, high = (bound / len(swarm.agents) for bound in swarm.returns)
        self.spec = EnvSpec(
            agents=("swarm",),
            groups=(Group("swarm", (0,), swarm.state, Box((self.rule.size,))),),
            sides=((0,),),
            dynamics="simultaneous",
            max_length=swarm.max_length,
            returns=(min(low, 0.0), max(high, 0.0)),
            state=swarm.state,
            info=swarm.info,
            tasks=swarm.tasks,
        )
        self._batches = ActionBatches(self.spec)
        self._seed = np.zeros(self.lanes, dtype=np.uint64)
        self._tick = np.zeros(self.lanes, dtype=np.int64)
        self._open = np.zeros(self.lanes, dtype=np.bool_)
        self._seen: Array = np.zeros((self.lanes, len(swarm.agents), *self.rule.box.shape), dtype=np.float32)
        self._acts = np.zeros((self.lanes, len(swarm.agents)), dtype=np.bool_)
        self._legal = np.ones((self.lanes, len(swarm.agents), self.rule.actions), dtype=np.bool_)

    def reset(self, lanes: Lanes, seeds: Keys, tasks: Ints | None = None) -> Turn:
        """See `Environment.reset`."""
        self._seed[lanes], self._tick[lanes] = rng.as_keys(seeds), 0
        self._take(lanes, self.inner.reset(lanes, seeds, tasks))
        return self._turn(lanes)

    def step(self, lanes: Lanes, actions: Actions) -> Step:
        """See `Environment.step`."""
        (rules,) = self._batches([len(lanes)], actions)
        if not self._open[lanes].all():
            raise no_match(int(lanes[~self._open[lanes]][0]))
        fair = legal(self.spec.groups[0].action, rules, None)
        played = self.inner.step(lanes[fair], [self._choices(lanes[fair], rules[fair])])
        self._tick[lanes] += 1
        self._open[lanes[~fair]] = False
        self._take(lanes[fair], played.turn)
        rewards, done, cut = np.zeros(len(lanes)), ~fair, np.zeros(len(lanes), dtype=np.bool_)
        rewards[fair], done[fair], cut[fair] = played.rewards.mean(axis=1), played.done, played.truncated.any(axis=1)
        fault = np.where(fair, -1, 0)
        info = {name: _spread(played.info[name], fair) for name in self.spec.info}
        cut &= done
        ended = (done & ~cut)[:, None], cut[:, None]
        return Step(
            lanes, rewards[:, None], *ended, done, fault, self._shown(lanes[done]), self._turn(lanes[~done]), info
        )

    def render(self, lane: int) -> Frame:
        """That of the swarm."""
        return self.inner.render(lane)

    def state(self, lanes: Lanes) -> ArrayTree:
        """That of the swarm; it is what the one agent sees."""
        return self.inner.state(lanes)

    def save(self, lanes: Lanes) -> bytes:
        """A line of JSON with seeds and ticks, then what the swarm saves; see `Forkable`."""
        head = {"seed": self._seed[lanes].tolist(), "tick": self._tick[lanes].tolist()}
        return json.dumps(head).encode() + b"\n" + self._saved.save(lanes)

    def load(self, lanes: Lanes, blob: bytes, seeds: Keys | None = None) -> Turn:
        """See `Forkable`."""
        head, _, rest = blob.partition(b"\n")
        known = json.loads(head)
        self._take(lanes, self._saved.load(lanes, rest, seeds))
        self._seed[lanes] = np.array(known["seed"], dtype=np.uint64) if seeds is None else rng.as_keys(seeds)
        self._tick[lanes] = known["tick"]
        return self._turn(lanes[self._open[lanes]])

    def _choices(self, lanes: Lanes, rules: Array) -> Array:
        """What the agents that have a turn do, lane by lane: `int64[K]`."""
        at, agent = np.nonzero(self._acts[lanes])
        where = lanes[at], agent
        table = self.rule.probabilities(rules[at], self._seen[where], self._legal[where])
        return rng.choose(rng.mix(self._seed[lanes[at]], self._tick[lanes[at]], agent, _CHOICE), table)

    def _take(self, lanes: Lanes, turn: Turn) -> None:
        """Remember what the agents see, and in which lanes they go on."""
        self._acts[lanes] = self._open[lanes] = False
        (rows,) = turn
        if rows is not None:
            self._acts[rows.lane, rows.agent] = self._open[rows.lane] = True
            self._seen[rows.lane, rows.agent] = seen_of(rows.observation)
            self._legal[rows.lane, rows.agent] = True if rows.mask is None else rows.mask

    def _turn(self, lanes: Lanes) -> Turn:
        return self._shown(lanes, self._tick[lanes] == 0)

    def _shown(self, lanes: Lanes, first: Bools | None = None) -> Turn:
        """The rows of the one agent in these lanes."""
        if not len(lanes):
            return (None,)
        nobody, first = np.zeros(len(lanes), dtype=np.int64), np.zeros(len(lanes), bool) if first is None else first
        return (Rows(lanes, nobody, self.inner.state(lanes), None, first),)


def _spread(column: Array, fair: Bools) -> Array:
    """A column of the lanes that are `fair[L]`, with zeros for the others."""
    whole = np.zeros((len(fair), *column.shape[1:]))
    whole[fair] = column
    return whole
