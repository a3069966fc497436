"""One match of a PettingZoo environment, whichever API it has.

A match collects what a tick did in plain Python: what happens here happens for every lane at every tick.

An agent's part ends when PettingZoo removes it: an AEC agent whose termination is flagged still collects rewards until
its turn comes, and its last observation is taken there. An agent that was not there from the start may come later
(its slot waits), but none lives twice.
"""

from __future__ import annotations

import abc
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from marl.adapters import unmasked
from marl.errors import RunError


class Match(abc.ABC):
    """A match in progress.

    `acting`: the agents that must act, ascending; `views` and `masks`: what they see and may do (no mask: anything).
    After `play`: `rewards` `[N]` of the tick, `ended`: the agents whose part ended, and whether by truncation, with
    their last observations in `final` (None where there was none), and `late`: remarks about what came too late to be
    played.
    """

    def __init__(self, env: Any, names: Sequence[str], prepare: Callable[[Any, bool], None] | None = None) -> None:
        self.env = env
        self.names = names
        self.index = {name: agent for agent, name in enumerate(names)}
        self.prepare = prepare
        self.over = True
        self.seed = self.reset_seed = self.ticks = self.limit = 0
        self.acting: list[int] = []
        self.views: dict[int, Any] = {}
        self.masks: dict[int, Any] = {}

    def start(self, seed: int, reset_seed: int, limit: int) -> None:
        """Begin the match of `seed`; it is cut short after `limit` ticks."""
        count = len(self.names)
        self.seed, self.reset_seed, self.limit = seed, reset_seed, limit
        self.ticks, self.over = 0, False
        self.alive = set(range(count))
        self.unseen = set(range(count))
        self.totals = [0.0] * count
        self.back: set[int] = set()
        self.log: list[dict[int, Any]] = []
        self._clear()
        try:
            if self.prepare is not None:
                self.prepare(self.env, True)
            self._reset(reset_seed)
        except Exception as error:
            raise self._failed("while it was reset", error) from error
        if not self.acting:
            raise RunError(f"{self.env} starts without anybody who could act (reset(seed={reset_seed}))")

    def play(self, actions: Mapping[int, Any]) -> None:
        """Play one legal action for each of `acting`."""
        self._clear()
        self.log.append(dict(actions))
        self.ticks += 1
        try:
            if self.prepare is not None:
                self.prepare(self.env, False)
            self._step(actions)
        except RunError:
            raise
        except Exception as error:
            raise self._failed(f"at tick {self.ticks} with the actions {self._said(actions)}", error) from error
        for agent, reward in enumerate(self.rewards):
            if reward and agent not in self.alive:
                self.late.append(f"{self.env} pays agents whose part has ended, and that is left out")
                self.rewards[agent] = reward = 0.0
            self.totals[agent] += reward
            if not math.isfinite(reward):
                raise RunError(f"{self.env} gives {self.names[agent]!r} a reward of {reward} ({self._origin()})")
        self.alive.difference_update(self.ended)
        if not self.acting:
            self._finish(truncated=False)
        elif self.ticks >= self.limit:
            self._finish(truncated=True)

    def forfeit(self, offender: int, rewards: Sequence[float]) -> None:
        """End the match, because `offender` broke the rules; `rewards` are everybody's."""
        self._clear()
        self.ticks += 1
        self.log.append({-1: offender})
        self.rewards = list(rewards)
        self._finish(truncated=False)

    def _finish(self, truncated: bool) -> None:
        for agent in self.alive:
            self.ended[agent] = truncated
            self.final[agent] = self.views[agent] if agent in self.views else self._look(agent)
        self.alive, self.acting, self.over = set(), [], True

    def _clear(self) -> None:
        self.rewards = [0.0] * len(self.names)
        self.ended: dict[int, bool] = {}
        self.final: dict[int, Any] = {}
        self.late: list[str] = []

    def _show(self, agent: int, observation: Any, info: Any) -> None:
        """Let `agent` act next."""
        mask = None
        if isinstance(observation, dict) and "action_mask" in observation:
            mask, observation = observation["action_mask"], unmasked(observation)
        elif info and "action_mask" in info:
            mask = info["action_mask"]
        if observation is None:
            raise RunError(f"{self.env} gave {self.names[agent]!r} nothing to see at tick {self.ticks}")
        self.acting.append(agent)
        self.views[agent] = observation
        if mask is not None:
            self.masks[agent] = mask

    def _failed(self, when: str, error: Exception) -> RunError:
        reason = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        if self.back:
            names = ", ".join(repr(self.names[agent]) for agent in sorted(self.back))
            reason += f" ({names} came back after their part had ended, and are given no actions)"
        return RunError(f"{self.env} failed {when}, in the match of seed {self.seed} ({self._origin()}): {reason}")

    def _origin(self) -> str:
        return f"reset(seed={self.reset_seed})"

    def _said(self, actions: Mapping[int, Any]) -> str:
        return ", ".join(f"{self.names[agent]}: {value}" for agent, value in actions.items())

    @abc.abstractmethod
    def _reset(self, seed: int) -> None: ...

    @abc.abstractmethod
    def _step(self, actions: Mapping[int, Any]) -> None: ...

    @abc.abstractmethod
    def _look(self, agent: int) -> Any:
        """What `agent` sees now, or saw last, or None."""


class AECMatch(Match):
    """An AEC environment; `cycles`: all agents act at one tick, one after the other, before anybody looks again."""

    def __init__(self, env: Any, names: Sequence[str], prepare: Any = None, *, cycles: bool = False) -> None:
        super().__init__(env, names, prepare)
        self.cycles = cycles

    def _reset(self, seed: int) -> None:
        self.env.reset(seed=seed)
        self._bury_and_look()

    def _step(self, actions: Mapping[int, Any]) -> None:
        env, names = self.env, self.names
        pending = {names[agent]: action for agent, action in actions.items()}
        while env.agents:
            agent = env.agent_selection
            if env.terminations[agent] or env.truncations[agent]:
                self._bury(agent)
            elif agent in pending:
                env.step(pending.pop(agent))
                self._collect()
            else:
                break
        left = [name for name in pending if name in env.agents and not _flagged(env, name)]
        if left:
            raise RunError(
                f"{env} asks {env.agent_selection!r} again before {left[0]!r} has acted, so its agents cannot act "
                "together; use its AEC constructor, with one agent at a time"
            )
        self._bury_and_look()

    def _bury_and_look(self) -> None:
        env = self.env
        while env.agents and _flagged(env, env.agent_selection):
            self._bury(env.agent_selection)
        self.acting, self.views, self.masks = [], {}, {}
        if not env.agents:
            return
        if self.cycles:
            agents = sorted(self.index[name] for name in env.agents if not _flagged(env, name))
        else:
            agents = [self.index[env.agent_selection]]
        for agent in agents:
            name = self.names[agent]
            if agent not in self.alive or agent in self.ended:
                raise RunError(
                    f"{env} asks {name!r} to act again after its part had ended: an agent's part ends once in a match"
                )
            self._show(agent, env.observe(name), env.infos.get(name))

    def _bury(self, name: str) -> None:
        """Let a dead agent take its last look and leave."""
        env, agent, before = self.env, self.index[name], len(self.env.agents)
        self.ended[agent] = not env.terminations[name]
        self.final[agent] = unmasked(env.observe(name))
        env.step(None)
        if len(env.agents) >= before:
            raise RunError(f"{env} did not remove {name!r}, who was dead and stepped None, in {self._origin()}")
        self._collect()

    def _collect(self) -> None:
        """Rewards belong to the agents even when it is not their turn; `env.rewards` are those of the last step."""
        rewards, index = self.rewards, self.index
        for name, reward in self.env.rewards.items():
            if reward:
                rewards[index[name]] += float(reward)

    def _look(self, agent: int) -> Any:
        try:
            return unmasked(self.env.observe(self.names[agent]))
        except Exception:  # it was never there, or is gone already: environments answer this in many ways
            return None


class ParallelMatch(Match):
    """An environment of the Parallel API."""

    def _reset(self, seed: int) -> None:
        observations, infos = self.env.reset(seed=seed)
        self._seen = dict(observations)
        self._look_around(observations, infos)

    def _step(self, actions: Mapping[int, Any]) -> None:
        env, names, alive = self.env, self.names, self.alive
        observations, rewards, terminations, truncations, infos = env.step(
            {names[agent]: action for agent, action in actions.items()}
        )
        self._seen.update(observations)
        for name, reward in rewards.items():
            self.rewards[self.index[name]] += float(reward)
        for flags, cut in ((truncations, True), (terminations, False)):  # an agent that is both counts as terminated
            for name, flag in flags.items():
                if flag and self.index[name] in alive:
                    self.ended[self.index[name]] = cut
        for agent in self.ended:
            self.final[agent] = unmasked(self._seen.get(names[agent]))
        self._look_around(observations, infos)

    def _look_around(self, observations: Mapping[str, Any], infos: Mapping[str, Any]) -> None:
        self.acting, self.views, self.masks = [], {}, {}
        alive, ended, back = self.alive, self.ended, self.back
        self.back = set()
        for agent in sorted([self.index[name] for name in self.env.agents]):
            if agent in alive and agent not in ended:
                name = self.names[agent]
                self._show(agent, observations.get(name), infos.get(name))
            elif agent not in ended:
                self.back.add(agent)
                if agent not in back:
                    self.late.append(f"{self.env} brings agents back whose part has ended, and they do not act again")

    def _look(self, agent: int) -> Any:
        return unmasked(self._seen.get(self.names[agent]))


def _flagged(env: Any, name: str) -> bool:
    return bool(env.terminations[name] or env.truncations[name])
