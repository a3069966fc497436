"""Whispers: one agent sees a symbol, and the other has to say it at the next tick. Nothing the first does can be seen.

Known answers: a team whose agents tell each other something outside the game earns 1; any other, at best, guesses, and
earns one divided by the number of symbols. It is the smallest game of the kind of "speaker listener" of Lowe et al.,
"Multi-agent actor-critic for mixed cooperative-competitive environments", NeurIPS 2017.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from marl import rng
from marl.env import EnvSpec, Frame, Group, Lanes
from marl.games import SimultaneousGame
from marl.games.drawing import svg, text
from marl.registry.ranges import at_least
from marl.space import Box, Discrete
from marl.types import Array, Bools, Floats, Ints


@dataclass
class WhispersParams:
    """Parameters of `classic/whispers`."""

    symbols: int = 3
    """How many there are, and so how many things the listener can say."""

    def __post_init__(self) -> None:
        at_least(self, 2, "symbols")


class Whispers(SimultaneousGame):
    """An `Environment`. The speaker sees the symbol, one-hot, at the first tick, and then nothing; the listener sees
    the tick. What the speaker does (one of two actions) does not count."""

    symbol: Ints  # int64[lanes]

    def __init__(self, lanes: int, params: WhispersParams | None = None) -> None:
        self.params = params or WhispersParams()
        symbols = self.params.symbols
        groups = (
            Group("speakers", (0,), Box((symbols,), 0, 1), Discrete(2)),
            Group("listeners", (1,), Box((1,), 0, 1), Discrete(symbols)),
        )
        state = Box((symbols + 1,), 0, 1)
        names = ("speaker", "listener")
        spec = EnvSpec(names, groups, ((0, 1),), "simultaneous", max_length=2, returns=(0.0, 1.0), state=state)
        super().__init__(spec, lanes)

    def fields(self) -> dict[str, Any]:
        return {"symbol": np.int64(0)}

    def begin(self, lanes: Lanes) -> None:
        self.symbol[lanes] = rng.uniform(rng.mix(self.seed[lanes], 0)) * self.params.symbols

    def play(self, lanes: Lanes, actions: list[Array]) -> tuple[Floats, Bools]:
        over = self.tick[lanes] == 2
        paid = over & (actions[1][:, 0] == self.symbol[lanes])
        return np.repeat(paid[:, None] / 2, 2, axis=1), over

    def observe(self, lanes: Lanes, agents: Ints) -> Array:
        first = (self.tick[lanes] == 0)[:, None]
        if len(agents) and agents[0] == 1:
            return (~first).astype(np.float32)
        return (self._shown(lanes) & first).astype(np.float32)

    def state(self, lanes: Lanes) -> Array:
        return np.concatenate([self._shown(lanes), (self.tick[lanes] > 0)[:, None]], axis=1).astype(np.float32)

    def forfeit(self, lanes: Lanes, agent: Ints) -> Floats:
        return np.zeros((len(lanes), 2))

    def render(self, lane: int) -> Frame:
        words = f"the symbol is {self.symbol[lane]}; {'it is seen' if self.tick[lane] == 0 else 'which was it?'}"
        return Frame(words, svg(260, 40, [text(8, 26, words, 14, anchor="start")]))

    def _shown(self, lanes: Lanes) -> Bools:
        return np.asarray(self.symbol[lanes, None] == np.arange(self.params.symbols))
