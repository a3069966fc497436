"""What a PettingZoo environment says of itself, as an `EnvSpec` with what converts its values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from gymnasium import spaces as gym

from marl.env import EnvSpec, Group
from marl.errors import UserError
from marl.space import Box
from marl_pettingzoo.catalogue import UNBOUNDED, Entry
from marl_pettingzoo.sides import group_names, sides
from marl_pettingzoo.spaces import Acting, Seeing, acting, seeing

LONGEST = 10_000  # ticks, where nothing says how long a match may last


@dataclass(frozen=True)
class Description:
    """The spec, and per group how to convert observations and actions; `state` converts the global state."""

    spec: EnvSpec
    seeing: tuple[Seeing, ...]
    acting: tuple[Acting, ...]
    state: Seeing | None


def agents_of(env: Any, target: str) -> tuple[str, ...]:
    """The agents that may take part; raises UserError where the environment does not say."""
    agents = tuple(getattr(env, "possible_agents", ()))
    if not agents:
        raise UserError(f"{target} has no possible_agents, so nobody knows who takes part")
    return agents


def describe(
    env: Any,
    target: str,
    *,
    together: bool,
    entry: Entry | None,
    arguments: Mapping[str, Any],
    teams: str | list[list[str]],
    max_length: int | None,
) -> Description:
    """Describe a bare environment that has been reset; raises UserError for what marl cannot play."""
    keys = agents_of(env, target)
    agents = tuple(str(agent) for agent in keys)
    members: list[list[int]] = []
    kinds: list[tuple[Any, Any]] = []
    for index, agent in enumerate(keys):
        kind = (visible(env.observation_space(agent)), env.action_space(agent))
        place = next((at for at, known in enumerate(kinds) if known == kind), len(kinds))
        if place == len(kinds):
            kinds.append(kind)
            members.append([])
        members[place].append(index)
    names = group_names([[agents[index] for index in part] for part in members])
    see, act = _conversions(kinds, names, target)
    groups = tuple(
        Group(name, tuple(part), look.space, do.space)
        for name, part, look, do in zip(names, members, see, act, strict=True)
    )
    usual = entry.teams if entry is not None else "each"
    parted = sides(agents, teams, usual)
    standard = entry is not None and parted == sides(agents, "auto", usual) and len(parted) > 1
    state = _state(env)
    spec = EnvSpec(
        agents=agents,
        groups=groups,
        sides=parted,
        dynamics="simultaneous" if together else "turns",
        max_length=_length(env, target, together, entry, arguments, max_length),
        returns=entry.returns(arguments) if entry is not None and entry.returns and standard else UNBOUNDED,
        state=None if state is None else state.space,
        zero_sum=entry is not None and entry.zero_sum and standard,
        symmetric=entry is not None and entry.symmetric and standard,
    )
    return Description(spec, see, act, state)


def visible(space: Any) -> Any:
    """An observation space without its action mask."""
    if not isinstance(space, gym.Dict) or "action_mask" not in space.spaces:
        return space
    rest = {key: part for key, part in space.spaces.items() if key != "action_mask"}
    return rest["observation"] if set(rest) == {"observation"} else gym.Dict(rest)


def _conversions(
    kinds: list[tuple[Any, Any]], names: list[str], target: str
) -> tuple[tuple[Seeing, ...], tuple[Acting, ...]]:
    """How to convert the observations and the actions of each group."""
    see, act = [], []
    for name, (shown, done) in zip(names, kinds, strict=True):
        see.append(seeing(shown, f"the observation space of {name!r} in {target}"))
        act.append(acting(done, f"the action space of {name!r} in {target}"))
    return tuple(see), tuple(act)


def _length(
    env: Any, target: str, together: bool, entry: Entry | None, arguments: Mapping[str, Any], asked: int | None
) -> int:
    if asked is not None and asked < 1:
        raise UserError(f"max_length of {target} is {asked}, but a match has a tick at least")
    if asked is not None:
        return asked
    if entry is not None and entry.length is not None:
        return entry.length(arguments)
    cycles = arguments.get("max_cycles", getattr(env.unwrapped, "max_cycles", None))
    if not isinstance(cycles, (int, np.integer)) or cycles < 1:
        return LONGEST
    return int(cycles) if together else int(cycles) * len(env.possible_agents)


def _state(env: Any) -> Seeing | None:
    """How to batch `env.state()`, where there is one that is an array of numbers."""
    try:
        state = env.state()
    except Exception:  # NotImplementedError by the book, and whatever else environments without one do
        return None
    if not isinstance(state, np.ndarray) or state.dtype.kind not in "fiub" or not state.ndim:
        return None
    space = getattr(env, "state_space", None)
    if isinstance(space, gym.Box) and space.shape == state.shape and space.dtype == state.dtype:
        return seeing(space, "the state space")
    return seeing(_unbounded(Box(state.shape, dtype=str(state.dtype))), "the state space")


def _unbounded(box: Box) -> gym.Box:
    dtype = np.dtype(box.dtype)
    limits = (0, 1) if dtype.kind == "b" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    low, high = (-np.inf, np.inf) if dtype.kind == "f" else limits
    return gym.Box(low, high, box.shape, dtype)  # type: ignore[arg-type]
