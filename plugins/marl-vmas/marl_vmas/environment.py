"""A scenario of VMAS as an environment: one simulation for all lanes.

What a match is made of, the rows of all tensors of the simulation, are the fields of a vectorised game. Before a step
they are put into the simulation, and after it the rows of the lanes that were stepped are taken out. So any lanes can
be stepped, saved, restored and forked, though VMAS knows none of that. Each match begins from its own seed, one lane
after the other. What a scenario draws in a step is for all lanes at once: it follows from the seeds of those that are
stepped.
"""

from __future__ import annotations

import random
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
import vmas
from torch import Tensor

from marl import rng
from marl.adapters import Convert, box_actions
from marl.env import EnvSpec, Frame, Group, Lanes
from marl.errors import UserError
from marl.games import SimultaneousGame
from marl.space import Box, Discrete, Space
from marl.types import Array, Bools, Floats, Ints
from marl_vmas import tensors
from marl_vmas.params import VmasParams
from marl_vmas.picture import draw

_BITS = 0x7FFFFFFF  # of a seed that numpy and torch take
_PROBES = (13, 17)  # sizes of the simulations that show which tensors belong to matches


class VmasEnvironment(SimultaneousGame):
    """An `Environment` with one side, of all agents. The state is what all of them see, side by side."""

    ended: Bools  # bool[lanes], whether the scenario said that it is over

    def __init__(self, name: str, lanes: int, params: VmasParams) -> None:
        self.name, self.params = name, params
        self._made: Any = None
        one, two = (self._make(size) for size in _PROBES)
        self._paths = tensors.found(one, two)
        one.reset(seed=0)
        self._convert, spaces = self._actions(one)
        seen = [self._box(agent.name, part) for agent, part in zip(one.agents, _seen(one), strict=True)]
        super().__init__(self._spec([agent.name for agent in one.agents], seen, spaces, one), lanes)

    def _make(self, lanes: int) -> Any:
        """A simulation of so many matches, whose tensors are all there: some come with the first step."""
        options = {"num_envs": lanes, "continuous_actions": not self.params.discrete, "clamp_actions": True}
        try:
            with warnings.catch_warnings():
                warnings.filterwarnings("error", message="Scenario kwargs: .* passed but not used")
                simulation = vmas.make_env(self.name, seed=0, **options, **self.params.options)
            simulation.step([torch.zeros(lanes, simulation.get_agent_action_size(one)) for one in simulation.agents])
        except Exception as error:
            with_what = f" with {self.params.options}" if self.params.options else ""
            raise UserError(f"VMAS cannot make {self.name!r}{with_what}: {error}") from error
        return simulation

    def _box(self, agent: str, seen: Any) -> Box:
        """The space of an agent that sees this."""
        if isinstance(seen, Tensor) and seen.dim() == 2:
            return Box((seen.shape[1],))
        raise UserError(f"{agent} of VMAS's {self.name!r} sees no vector, but a {type(seen).__name__}")

    def _actions(self, simulation: Any) -> tuple[list[Convert], list[Space]]:
        """How each agent's actions are carried to VMAS's, and their spaces."""
        converts: list[Convert] = []
        spaces: list[Space] = []
        for space in simulation.action_space:
            if self.params.discrete:
                spaces.append(Discrete(int(space.n)))
                converts.append(lambda action: action[:, None].astype(np.float32))
            else:
                box, convert = box_actions(space.low, space.high, "float32")
                spaces.append(box)
                converts.append(convert)
        return converts, spaces

    def _spec(self, names: list[str], seen: list[Box], acts: list[Space], simulation: Any) -> EnvSpec:
        """Agents who see and act alike are a group; their names begin with that of the group."""
        alike: dict[Any, list[int]] = {}
        for agent, kind in enumerate(zip(seen, acts, strict=True)):
            alike.setdefault(kind, []).append(agent)
        groups = tuple(
            Group(f"{names[agents[0]].rstrip('_0123456789')}s_{number}", tuple(agents), *kind)
            for number, (kind, agents) in enumerate(alike.items())
        )
        everyone = tuple(range(len(names)))
        state = Box((sum(box.shape[0] for box in seen),))
        self._fresh_rows = [tensors.at(simulation, path)[0].cpu().numpy().copy() for path in self._paths]
        self._place = np.array(
            [group.agents.index(agent) for agent in everyone for group in groups if agent in group.agents]
        )
        return EnvSpec(tuple(names), groups, (everyone,), "simultaneous", self.params.steps, state=state)

    def fields(self) -> dict[str, Any]:
        rows = {f"row_{number}": row for number, row in enumerate(self._fresh_rows)}
        seen = {
            f"seen_{number}": np.zeros((len(group.agents), *group.observation.shape), np.float32)  # type: ignore[union-attr]
            for number, group in enumerate(self.spec.groups)
        }
        return rows | seen | {"ended": np.False_}

    def begin(self, lanes: Lanes) -> None:
        """Each match from its own seed; VMAS gets the low 31 bits."""
        simulation = self._with_rows()
        with _own_chance():
            for lane, seed in zip(lanes.tolist(), self.seed[lanes].tolist(), strict=True):
                _seed(seed)
                simulation.scenario.env_reset_world_at(lane)
        simulation.steps[lanes] = 0
        self._take(simulation, lanes, _seen(simulation))

    def play(self, lanes: Lanes, actions: list[Array]) -> tuple[Floats, Bools]:
        simulation = self._with_rows()
        asked: list[Tensor] = []
        for agent, (convert, group) in enumerate(zip(self._convert, self.spec.group_of, strict=True)):
            acts = torch.zeros(self.lanes, simulation.get_agent_action_size(simulation.agents[agent]))
            acts[lanes] = torch.from_numpy(convert(actions[group][:, self._place[agent]]))
            asked.append(acts)
        simulation.seed(int(rng.mix(self.seed[lanes], self.tick[lanes]).sum()) & _BITS)
        seen, rewards, ended, _ = simulation.step(asked)
        self._take(simulation, lanes, seen)
        self.ended[lanes] = np.broadcast_to(ended.numpy(), self.lanes)[lanes]
        earned = torch.stack([reward.reshape(-1) for reward in rewards], dim=1).numpy().astype(np.float64)
        return earned[lanes], self.ended[lanes] | (self.tick[lanes] >= self.params.steps)

    def cut(self, lanes: Lanes) -> Bools | bool:
        return ~self.ended[lanes]

    def observe(self, lanes: Lanes, agents: Ints) -> Array:
        return getattr(self, f"seen_{self.spec.group_of[agents[0]]}")[lanes, self._place[agents]]  # type: ignore[no-any-return]

    def state(self, lanes: Lanes) -> Array:
        """What all agents see, side by side, group by group."""
        seen = [getattr(self, f"seen_{number}")[lanes] for number in range(len(self.spec.groups))]
        return np.concatenate([part.reshape(len(lanes), -1) for part in seen], axis=1)

    def forfeit(self, lanes: Lanes, agent: Ints) -> Floats:
        """Nothing more."""
        return np.zeros((len(lanes), len(self.spec.agents)))

    def render(self, lane: int) -> Frame:
        return draw(self._with_rows(), lane, f"tick {self.tick[lane]} of {self.params.steps}")

    def _with_rows(self) -> Any:
        """The simulation, with the matches of all lanes in it."""
        if self._made is None or self._made.num_envs != self.lanes:
            self._made = self._make(self.lanes)
        for number, path in enumerate(self._paths):
            tensors.put(self._made, path, torch.from_numpy(getattr(self, f"row_{number}").copy()))
        return self._made

    def _take(self, simulation: Any, lanes: Lanes, seen: list[Tensor]) -> None:
        """Take the matches of `lanes` out of the simulation, and what is seen in them."""
        for number, path in enumerate(self._paths):
            rows, now = getattr(self, f"row_{number}"), tensors.at(simulation, path).numpy()
            rows[lanes] = np.broadcast_to(now, rows.shape)[lanes]  # some have one number for all matches at first
        for number, group in enumerate(self.spec.groups):
            for place, agent in enumerate(group.agents):
                getattr(self, f"seen_{number}")[lanes, place] = seen[agent].numpy()[lanes]


def _seed(seed: int) -> None:
    """What VMAS's `Environment.seed` does."""
    torch.manual_seed(seed & _BITS)
    np.random.seed(seed & _BITS)
    random.seed(seed & _BITS)


@contextmanager
def _own_chance() -> Iterator[None]:
    """Leave the generators of torch, numpy and Python as they were."""
    before = torch.random.get_rng_state(), np.random.get_state(), random.getstate()
    try:
        yield
    finally:
        torch.random.set_rng_state(before[0])
        np.random.set_state(before[1])
        random.setstate(before[2])


def _seen(simulation: Any) -> list[Tensor]:
    """What each agent sees, in all matches."""
    seen: list[Tensor] = simulation.get_from_scenario(True, False, False, False)[0]
    return seen
