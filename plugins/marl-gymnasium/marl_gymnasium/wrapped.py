"""Any Gymnasium environment behind marl's batched face, one environment a lane."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any, cast

import gymnasium
import numpy as np
from gymnasium.utils import seeding

from marl import rng, tree
from marl.adapters import action_mask, unmasked
from marl.env import Actions, Frame, Lanes, LanesFailed, Searchable, Step, Turn
from marl.errors import RunError, UserError
from marl.games import OneAgent, one_agent_spec
from marl.space import mask_width, zeros
from marl.types import Array, ArrayTree, Bools, Floats, Ints, Keys
from marl_gymnasium.picture import svg
from marl_gymnasium.spaces import action_space, observation_space, read_action, visible, write_observation


class GymnasiumEnvironment(OneAgent):
    """Wraps what `make()` makes: see `Environment` and `Forkable`. Every lane has its own.

    `limit`: the ticks after which a match is truncated, if it has not ended by then. `name` is for messages. `fresh`:
    make a new one for each match, rather than keep it from match to match.
    """

    def __init__(
        self,
        make: Callable[[], gymnasium.Env[Any, Any]],
        lanes: int,
        limit: int,
        name: str = "",
        fresh: bool = False,
    ) -> None:
        self.make = make
        self.fresh = fresh
        first = make()
        self.name = name or (first.spec.id if first.spec is not None else type(first.unwrapped).__name__)
        seen, acts = visible(first.observation_space), first.action_space
        self.games: list[gymnasium.Env[Any, Any] | None] = [first, *[None] * (lanes - 1)]
        self._write, self._read = write_observation(seen, self.name), read_action(acts, self.name)
        super().__init__(
            one_agent_spec(observation_space(seen, self.name), action_space(acts, self.name), limit), lanes
        )
        self._seen: ArrayTree = zeros(self.spec.groups[0].observation, lanes)
        self._log: list[list[Any]] = [[] for _ in range(lanes)]  # an action as plain numbers, or {"seed": ...}
        self._masks: list[Bools | None] = [None] * lanes
        self._errors: dict[int, Exception] = {}  # of this call, by lane

    def fields(self) -> dict[str, Any]:
        return {}

    def reset(self, lanes: Lanes, seeds: Keys, tasks: Ints | None = None) -> Turn:
        """See `Environment.reset`. Raises LanesFailed where Gymnasium itself fails."""
        self._errors = {}
        turn = super().reset(lanes, seeds, tasks)
        if not self._errors:
            return turn
        self.over[list(self._errors)] = True
        raise LanesFailed(self._errors, self.turn(lanes))

    def step(self, lanes: Lanes, actions: Actions) -> Step:
        """See `Environment.step`. Raises LanesFailed where Gymnasium itself fails."""
        self._errors = {}
        step = super().step(lanes, actions)
        if not self._errors:
            return step
        raise LanesFailed(self._errors, step.of(lanes[~np.isin(lanes, list(self._errors))]))

    def begin(self, lanes: Lanes) -> None:
        """Start matches; see `OneAgent.begin`. Gymnasium gets the low 31 bits of the seeds."""
        for lane, seed in zip(lanes.tolist(), self.seed[lanes].tolist(), strict=True):
            self._log[lane] = []
            try:
                game = self._game(lane, self.fresh)
                seen, info = game.reset(seed=gymnasium_seed(seed))
                self._show(lane, seen, info)
            except Exception as error:
                self._failed(lane, error)

    def play(self, lanes: Lanes, actions: Array) -> tuple[Floats, Bools, Bools]:
        """One tick of each lane's own environment; see `OneAgent.play`. One that raises ends its match."""
        rewards = np.zeros(len(lanes))
        terminated, truncated = np.zeros(len(lanes), np.bool_), np.zeros(len(lanes), np.bool_)
        for row, lane in enumerate(lanes.tolist()):
            try:
                rewards[row], terminated[row], truncated[row] = self._play(lane, actions[row])
            except Exception as error:
                self._failed(lane, error)
                terminated[row] = True
        return rewards, terminated, truncated & ~terminated

    def observe(self, lanes: Lanes) -> ArrayTree:
        """See `OneAgent.observe`."""
        return tree.take(self._seen, lanes)

    def masks(self, lanes: Lanes) -> Bools | None:
        """The `action_mask` of the observations or the infos, where the environment gives one."""
        shown, width = [self._masks[lane] for lane in lanes.tolist()], mask_width(self.spec.groups[0].action)
        if width is None or all(mask is None for mask in shown):
            return None
        return np.array([np.ones(width, np.bool_) if mask is None else mask for mask in shown])

    def render(self, lane: int) -> Frame:
        """What the environment draws in the render mode it was made with: text, or pixels as a picture in an SVG."""
        game = self.games[lane]
        words = f"{self.name}, tick {self.tick[lane]}"
        if game is None or game.render_mode not in ("ansi", "rgb_array"):
            numbers = {name or "observation": leaf[lane] for name, leaf in tree.leaves(self._seen)}
            shown = ", ".join(f"{name} {np.array2string(leaf, threshold=16)}" for name, leaf in numbers.items())
            return Frame(f"{words}: {shown}", "")
        drawn: Any = game.render()
        if isinstance(drawn, np.ndarray):
            return Frame(words, svg(drawn))
        return Frame(f"{words}\n{_COLOURS.sub('', str(drawn))}", "")

    def save(self, lanes: Lanes) -> bytes:
        """The seeds and actions of `lanes` as JSON; see `Forkable`."""
        rows = zip(lanes.tolist(), self.seed[lanes].tolist(), self.over[lanes].tolist(), strict=True)
        matches = [{"seed": seed, "log": self._log[lane], "over": over} for lane, seed, over in rows]
        return json.dumps({"game": self.name, "matches": matches}).encode()

    def load(self, lanes: Lanes, blob: bytes, seeds: Keys | None = None) -> Turn:
        """Play saved matches again, in `lanes`; see `Forkable`. `seeds` replace the environments' random generators.

        Takes as many ticks as the matches are old. Raises UserError where `blob` does not hold such matches.
        """
        try:
            saved = json.loads(blob)
            game, matches = saved["game"], saved["matches"]
        except (ValueError, KeyError, TypeError) as error:
            raise UserError(f"this blob holds no saved matches of {self.name}") from error
        if game != self.name or len(matches) != len(lanes):
            raise UserError(f"this blob holds {len(matches)} matches of {game}, not {len(lanes)} of {self.name}")
        self._errors = {}
        for lane, match in zip(lanes.tolist(), matches, strict=True):
            self._replay(lane, match)
        if self._errors:
            self.over[list(self._errors)] = True
            raise LanesFailed(self._errors, self.turn(lanes))
        for lane, seed in zip(lanes.tolist(), [] if seeds is None else rng.as_keys(seeds).tolist(), strict=False):
            self._reseed(lane, seed)
        return self.turn(lanes)

    def sized(self, lanes: int) -> GymnasiumEnvironment:
        """See `Searchable.sized`: other environments, made alike."""
        return GymnasiumEnvironment(self.make, lanes, self.spec.max_length, self.name, self.fresh)

    def copy_from(self, other: Searchable, source: Lanes, lanes: Lanes) -> None:
        """See `Searchable.copy_from`: every copy is played again, which takes as many ticks as the match is old."""
        self.load(lanes, cast(GymnasiumEnvironment, other).save(source))

    def _game(self, lane: int, fresh: bool = False) -> gymnasium.Env[Any, Any]:
        game = self.games[lane]
        if fresh and game is not None:
            game.close()  # type: ignore[no-untyped-call]
            game = None
        if game is None:
            game = self.games[lane] = self.make()
        return game

    def _play(self, lane: int, action: Any) -> tuple[float, bool, bool]:
        """One tick of one lane, with a legal action of marl's."""
        self._log[lane].append(action.tolist())
        seen, reward, terminated, truncated, info = self._game(lane).step(self._read(action))
        self._show(lane, seen, info)
        if isinstance(reward, tuple | list):
            raise ValueError(
                f"it pays each of {len(reward)} agents, and one agent plays here; play it as pettingzoo/any with "
                f"target: 'gymnasium:make' and parameters: {{id: ...}}"
            )
        value = float(reward)
        if not np.isfinite(value):
            raise ValueError(f"it gives a reward of {value}")
        return value, bool(terminated), bool(truncated)

    def _show(self, lane: int, seen: Any, info: dict[str, Any]) -> None:
        self._write(self._seen, lane, unmasked(seen))
        mask = _shown_mask(seen, info)
        self._masks[lane] = None if mask is None else action_mask(self.spec.groups[0].action, mask)

    def _replay(self, lane: int, match: dict[str, Any]) -> None:
        here = np.array([lane])
        self.restart(here, rng.as_keys(match["seed"]))
        self.begin(here)
        for entry in match["log"]:
            if lane in self._errors:
                return
            if isinstance(entry, dict):
                self._reseed(lane, entry["seed"])
            else:
                dtype = zeros(self.spec.groups[0].action, 0).dtype
                self.play(here, np.array([entry], dtype=dtype))
                self.tick[lane] += 1
        self.over[lane] = match["over"]

    def _reseed(self, lane: int, seed: int) -> None:
        self._game(lane).unwrapped.np_random = seeding.np_random(gymnasium_seed(seed))[0]
        self._log[lane].append({"seed": seed})

    def _failed(self, lane: int, error: Exception) -> None:
        """Put an error aside that `reset`, `step` or `load` raises, and let go of the environment that raised it."""
        seed = gymnasium_seed(int(self.seed[lane]))
        self._errors[lane] = RunError(
            f"Gymnasium's {self.name} failed at tick {self.tick[lane]} of the match that began with "
            f"reset(seed={seed}): {_said(error)}"
        )
        game, self.games[lane] = self.games[lane], None
        if game is not None:
            with suppress(Exception):  # it may be in any state
                game.close()  # type: ignore[no-untyped-call]


def gymnasium_seed(seed: int) -> int:
    """The seed that Gymnasium gets for a match: the low 31 bits, which every environment's generator can take."""
    return seed & 0x7FFFFFFF


def _shown_mask(seen: Any, info: dict[str, Any]) -> Any:
    shown = seen.get("action_mask") if isinstance(seen, dict) else None
    return info.get("action_mask") if shown is None else shown


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
