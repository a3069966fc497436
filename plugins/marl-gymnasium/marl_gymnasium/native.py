"""Physics as arrays: the lanes of one system, whose only chance is where a match starts."""

from __future__ import annotations

import abc
import io

import numpy as np

from marl import rng
from marl.env import EnvSpec, Lanes, Turn
from marl.errors import UserError
from marl.types import Array, Bools, Floats, Keys
from marl_gymnasium.one_agent import OneAgent

CHANCE = 0x6A11  # sets chance apart from the player's keys, which are mixed from the same seed


class Native(OneAgent):
    """A deterministic system with `size` numbers of state, `float64[lanes, size]`, between random `bounds[size]`."""

    bounds: tuple[float, ...]
    """A match starts uniformly in `[-bounds, bounds)`."""

    def __init__(self, spec: EnvSpec, lanes: int) -> None:
        super().__init__(spec, lanes)
        self.system = np.zeros((lanes, len(self.bounds)))

    @abc.abstractmethod
    def move(self, lanes: Lanes, actions: Array) -> tuple[Floats, Bools]:
        """Move `self.system[lanes]` on by one tick: rewards `[L]` and what terminated `[L]`."""

    def begin(self, lanes: Lanes, seeds: Keys) -> None:
        """Draw where matches start; see `OneAgent.begin`."""
        keys = rng.mix(seeds, CHANCE)
        for column, bound in enumerate(self.bounds):
            self.system[lanes, column] = bound * (2 * rng.uniform(keys, column) - 1)

    def advance(self, lanes: Lanes, actions: Array) -> tuple[Floats, Bools, Bools]:
        """One tick; truncates at `spec.max_length`. See `OneAgent.advance`."""
        rewards, terminated = self.move(lanes, actions)
        return rewards, terminated, ~terminated & (self.tick[lanes] + 1 >= self.spec.max_length)

    def save(self, lanes: Lanes) -> bytes:
        """The matches of `lanes` as an .npz file; see `Forkable`."""
        blob = io.BytesIO()
        np.savez(blob, system=self.system[lanes], tick=self.tick[lanes], over=self.over[lanes])
        return blob.getvalue()

    def load(self, lanes: Lanes, blob: bytes, seeds: Keys | None = None) -> Turn:
        """Put saved matches into `lanes`; see `Forkable`. Seeds change nothing: chance has decided all it decides."""
        try:
            with np.load(io.BytesIO(blob), allow_pickle=False) as saved:
                system, tick, over = saved["system"], saved["tick"], saved["over"]
        except (ValueError, KeyError, OSError, EOFError) as error:
            raise UserError(f"this blob holds no saved matches of {type(self).__name__}: {error}") from error
        if system.shape != (len(lanes), self.system.shape[1]):
            raise UserError(f"this blob holds {system.shape} numbers, not those of {len(lanes)} matches")
        self.system[lanes], self.tick[lanes], self.over[lanes] = system, tick, over
        return self.turn(lanes)


def checked_limit(max_steps: int) -> int:
    """`max_steps`, or a UserError where no match could be that long."""
    if max_steps < 1:
        raise UserError(f"max_steps is {max_steps}, but a match has 1 tick or more")
    return max_steps
