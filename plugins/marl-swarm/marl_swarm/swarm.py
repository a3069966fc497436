"""What the swarms here have in common: agents on a torus, each with an angle, who turn by what they see around them.

An agent sees which way those around it (itself included) point, relative to itself: the mean of `cos` and of `sin` of
their angles less its own. It sees neither where it is nor its own angle, so no direction is agreed upon beforehand. All
agents earn the same: the order parameter of the whole swarm, `|mean of exp(i angle)|`, less what turning costs.

Source: Cui et al., "Learning decentralized partially observable mean field control for artificial collective behavior",
ICLR 2024, whose experiments these tasks follow; which numbers they used, and how the tasks differ, we could not check.
"""

from __future__ import annotations

import abc
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from marl import rng
from marl.env import EnvSpec, Group, Lanes
from marl.games import SimultaneousGame
from marl.registry.ranges import above, at_least, at_most
from marl.space import Box, Discrete, Tree
from marl.types import Array, ArrayTree, Bools, Floats, Ints, Keys
from marl_swarm.features import Features, Kind
from marl_swarm.neighbours import mean_around, near

SEEN, MEAN = "seen", "mean_action"
_PLACE, _ANGLE, _SIGHT, _MOVE = range(4)  # what a random number is for


@dataclass(kw_only=True)
class SwarmParams:
    """Parameters of a swarm."""

    agents: int = 64
    """How many there are."""
    radius: float = 0.25
    """How far an agent sees; a side of the torus is 1, and from 0.71 on everybody sees all."""
    actions: int = 3
    """In how many ways an agent can turn, evenly from the most to the left to the most to the right; an odd number."""
    turn: float = 0.3
    """The most that an agent can turn in a tick, in radians."""
    effort: float = 0.1
    """What it costs if all agents turn as much as they can; half of it if half of them do."""
    blur: float = 0.1
    """The standard deviation of the noise on each number that an agent sees."""
    arc: float = 0.6
    """Angles at the start are uniform on this part of the circle, around 0. At 1 no direction is favoured."""
    features: Kind = "kernel"
    """What the state tells of the swarm: kernel features or a histogram."""
    angles: int = 8
    """Centres of kernels (or cells of the histogram) around the circle of angles."""
    places: int = 1
    """The same along each side of the torus; at 1 the state does not tell who is where."""
    width: float = 0.8
    """How wide kernels are, in radians (a side of the torus is 2 pi)."""
    max_length: int = 50
    """Ticks of a match."""

    def __post_init__(self) -> None:
        at_least(self, 1, "agents", "angles", "places", "max_length")
        at_least(self, 0, "turn", "effort", "blur", "arc")
        at_most(self, 1, "arc")
        above(self, 0, "radius", "width")
        if self.actions < 3 or self.actions % 2 == 0:
            raise ValueError(f"actions must be an odd number from 3 on, not {self.actions}")


class Swarm(SimultaneousGame):
    """See above. Actions are numbered from the most to the left (clockwise); the one in the middle goes straight on.

    Observations have two leaves: `seen` `float32[2]`, and `mean_action` `float32[A]`, the share of the others near that
    chose each action at the tick before. The state is `features` of angles, or of places and angles, `float32[F]`.
    """

    what: ClassVar[str]
    """What an agent is called."""

    params: SwarmParams
    place: Floats
    """`float64[lanes, N, 2]`, in `[0, 1)`."""
    angle: Floats
    """`float64[lanes, N]`, in radians, from 0 to 2 pi."""
    seen: Array
    """What agents see of angles, `float32[lanes, N, 2]`."""
    around: Array
    """What those near an agent did last, `float32[lanes, N, A]`."""
    exerted: Floats
    """How much the agents turned at the last tick, of the most, on average: `float64[lanes]`."""

    def __init__(self, lanes: int, params: SwarmParams) -> None:
        self.params = params
        count, length = params.agents, params.max_length
        dimensions = (params.angles,) if params.places == 1 else (params.places, params.places, params.angles)
        self.features = Features(params.features, dimensions, params.width)
        self.turns = np.linspace(-params.turn, params.turn, params.actions)
        view = Tree({SEEN: Box((2,), -1.0, 1.0), MEAN: Box((params.actions,), 0.0, 1.0)})
        everybody = tuple(range(count))
        spec = EnvSpec(
            agents=tuple(f"{self.what}_{number}" for number in everybody),
            groups=(Group(f"{self.what}s", everybody, view, Discrete(params.actions)),),
            sides=(everybody,),
            dynamics="simultaneous",
            max_length=length,
            returns=(-count * length * params.effort - 1.0, float(count * length)),
            state=Box((self.features.size,), 0.0, 1.0),
            info={
                "order": "the order parameter, |mean of exp(i angle)|: 1 where all point the same way",
                "exerted": "how much the agents turned, of the most they can, on average",
            },
        )
        super().__init__(spec, lanes)

    @abc.abstractmethod
    def move(self, lanes: Lanes, turn: Floats, drawn: Keys) -> None:
        """Change angles and places, where agents turn by `turn[L, N]` radians. `drawn[L * N]`: keys for chance."""

    def fields(self) -> dict[str, Any]:
        """See the class."""
        count = self.params.agents
        return {
            "place": np.zeros((count, 2)),
            "angle": np.zeros(count),
            "seen": np.zeros((count, 2), np.float32),
            "around": np.zeros((count, self.params.actions), np.float32),
            "exerted": np.float64(0.0),
        }

    def begin(self, lanes: Lanes) -> None:
        """Draw places and angles."""
        shape, where = (len(lanes), self.params.agents), self.keys(lanes, _PLACE)
        self.place[lanes] = np.stack([rng.uniform(where, draw).reshape(shape) for draw in range(2)], axis=2)
        drawn = rng.uniform(self.keys(lanes, _ANGLE)).reshape(shape)
        self.angle[lanes] = np.mod(2 * np.pi * self.params.arc * (drawn - 0.5), 2 * np.pi)
        self._look(lanes, self.near(lanes))

    def play(self, lanes: Lanes, actions: list[Array]) -> tuple[Floats, Bools]:
        """Everybody turns and moves, and then looks around."""
        turn = self.turns[actions[0]]
        self.exerted[lanes] = np.abs(turn).mean(axis=1) / (self.params.turn or 1.0)
        self.move(lanes, turn, self.keys(lanes, _MOVE))
        self.angle[lanes] = np.mod(self.angle[lanes], 2 * np.pi)
        known = self.near(lanes)
        self._look(lanes, known)
        chosen = (actions[0][..., None] == np.arange(self.params.actions)).astype(np.float32)
        self.around[lanes] = mean_around(known, chosen, alone=False)
        earned = self.order(lanes) - self.params.effort * self.exerted[lanes]
        rewards = np.repeat(earned[:, None], self.params.agents, axis=1)
        return rewards, np.asarray(self.tick[lanes] >= self.params.max_length)

    def cut(self, lanes: Lanes) -> Bools | bool:
        """Matches have no end of their own."""
        return True

    def observe(self, lanes: Lanes, agents: Ints) -> ArrayTree:
        """See the class."""
        return {SEEN: self.seen[lanes, agents], MEAN: self.around[lanes, agents]}

    def forfeit(self, lanes: Lanes, agent: Ints) -> Floats:
        """Minus 1, for the agent alone."""
        rewards = np.zeros((len(lanes), self.params.agents))
        rewards[np.arange(len(lanes)), agent] = -1.0
        return rewards

    def info(self, lanes: Lanes) -> Mapping[str, Array]:
        """Order and effort."""
        return {"order": self.order(lanes), "exerted": self.exerted[lanes].copy()}

    def state(self, lanes: Lanes) -> Array:
        """Features of the swarm, `float32[L, F]`."""
        angle = self.angle[lanes][..., None] / (2 * np.pi)
        return self.features(angle if self.params.places == 1 else np.concatenate([self.place[lanes], angle], axis=2))

    def order(self, lanes: Lanes) -> Floats:
        """The order parameter, `float64[L]`."""
        angle = self.angle[lanes]
        return np.asarray(np.hypot(np.cos(angle).mean(axis=1), np.sin(angle).mean(axis=1)))

    def keys(self, lanes: Lanes, purpose: int) -> Keys:
        """A key for each agent, of this tick: `uint64[L * N]`."""
        agent = np.arange(self.params.agents)[None]
        whole = np.broadcast_arrays(self.seed[lanes][:, None], self.tick[lanes][:, None], agent)
        return rng.mix(*(part.ravel() for part in whole), purpose)

    def near(self, lanes: Lanes) -> Bools | None:
        """Who sees whom, `bool[L, N, N]`; None where everybody sees all."""
        return near(self.place[lanes], self.params.radius)

    def field_around(self, lanes: Lanes, known: Bools | None) -> tuple[Floats, Floats]:
        """The mean of `cos` and of `sin` of the angles near each agent less its own, `float64[L, N]` each."""
        angle = self.angle[lanes]
        cosine, sine = np.cos(angle), np.sin(angle)
        mean = mean_around(known, np.stack([cosine, sine], axis=2))
        along, across = mean[..., 0], mean[..., 1]
        return along * cosine + across * sine, across * cosine - along * sine

    def _look(self, lanes: Lanes, known: Bools | None) -> None:
        field = np.stack(self.field_around(lanes, known), axis=2)
        if self.params.blur:
            keys = self.keys(lanes, _SIGHT)
            noise = np.stack([rng.normal(keys, draw) for draw in range(2)], axis=1).reshape(field.shape)
            field = field + self.params.blur * noise
        self.seen[lanes] = field.clip(-1.0, 1.0)
