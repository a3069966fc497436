"""Gymnasium environments of several agents, which have a tuple of spaces, one for each, and pay each of them.

Level-based foraging, RWARE and other benchmarks of cooperation speak this dialect: `reset` shows a tuple of
observations, `step` takes a tuple of actions and gives a list of rewards; the end is one for all, or one for each.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gymnasium
from gymnasium import spaces
from gymnasium.wrappers import OrderEnforcing, PassiveEnvChecker, TimeLimit
from pettingzoo.utils.env import ParallelEnv

from marl.errors import UserError

_GUARDS = (OrderEnforcing, PassiveEnvChecker, TimeLimit)  # marl keeps order and time; the checker knows one agent only


class TupleEnvironment(ParallelEnv[str, Any, Any]):
    """Such an environment as PettingZoo has it, with agents "agent_0", "agent_1", ..."""

    def __init__(self, env: gymnasium.Env[Any, Any], name: str) -> None:
        self.max_cycles = _limit(env)
        while isinstance(env, _GUARDS):
            env = env.env
        shown, done = env.observation_space, env.action_space
        if not isinstance(shown, spaces.Tuple) or not isinstance(done, spaces.Tuple) or len(shown) != len(done):
            raise UserError(
                f"{name} makes a Gymnasium environment without a tuple of spaces for its agents, so it has one agent; "
                "gymnasium/any plays it"
            )
        self.env, self.metadata = env, {"name": name}
        self.possible_agents = [f"agent_{index}" for index in range(len(done))]
        self.observation_spaces = dict(zip(self.possible_agents, shown.spaces, strict=True))
        self.action_spaces = dict(zip(self.possible_agents, done.spaces, strict=True))
        self.agents: list[str] = []
        self._last: dict[str, Any] = {}  # what each agent did: those that have ended go on with it

    def reset(self, seed: int | None = None, options: Any = None) -> Any:
        """See `ParallelEnv`."""
        seen, info = self.env.reset(seed=seed, options=options)
        self.agents = list(self.possible_agents)
        return self._each(seen, "observations"), self._infos(info)

    def step(self, actions: dict[str, Any]) -> Any:
        """See `ParallelEnv`."""
        self._last |= actions
        seen, rewards, terminated, truncated, info = self.env.step(tuple(map(self._last.get, self.possible_agents)))
        over = self._shared(terminated), self._shared(truncated)
        result = self._each(seen, "observations"), self._each(rewards, "rewards"), *over, self._infos(info)
        self.agents = [name for name in self.agents if not over[0][name] and not over[1][name]]
        return result

    def observation_space(self, agent: str) -> Any:
        """See `ParallelEnv`."""
        return self.observation_spaces[agent]

    def action_space(self, agent: str) -> Any:
        """See `ParallelEnv`."""
        return self.action_spaces[agent]

    def __str__(self) -> str:
        return self.metadata["name"]

    def _each(self, values: Any, what: str) -> dict[str, Any]:
        if len(values) != len(self.possible_agents):
            raise ValueError(f"it gives {len(values)} {what} to {len(self.possible_agents)} agents")
        return dict(zip(self.possible_agents, values, strict=True))

    def _shared(self, over: Any) -> dict[str, bool]:
        if isinstance(over, Sequence) or getattr(over, "ndim", 0):
            return {name: bool(value) for name, value in self._each(over, "endings").items()}
        return dict.fromkeys(self.possible_agents, bool(over))

    def _infos(self, info: dict[str, Any]) -> dict[str, dict[str, Any]]:
        """The `action_mask` of each agent, where there are such; other infos have no place in a match."""
        masks = info.get("action_mask")
        if masks is None:
            return {name: {} for name in self.possible_agents}
        return {name: {"action_mask": mask} for name, mask in self._each(masks, "action masks").items()}


def _limit(env: gymnasium.Env[Any, Any]) -> Any:
    """The ticks that a match may last, by any of the names that these environments have for it, or None."""
    known = [env.spec.max_episode_steps if env.spec is not None else None]
    known += [getattr(env.unwrapped, name, None) for name in ("max_cycles", "max_steps", "_max_episode_steps")]
    return next((limit for limit in known if limit), None)
