"""The Ising model as a game: agents on a torus choose their spins, and each earns the energy that it saves.

All spins are chosen at once. On a torus whose sides are even, a spin of one colour of the chequerboard looks at spins
of the other colour only. So the matches fall apart into two chains that never meet: (black of t - 1, white of t) and
(white of t - 1, black of t). Where every agent plays its Boltzmann policy of the local energy at temperature `tau`,
each chain is exactly the chequerboard Gibbs sampler of the Ising model at the temperature `T = 2 tau`, since an agent
earns half of what its bonds are worth. The chains may order in opposite directions, and then all spins blink: from a
mean spin that is not 0 at the start, they do not. The transition (Onsager, Physical Review 65, 1944) is at
`T = 2 J / ln(1 + sqrt 2) = 2.269 J`, so at `tau = 1.135 J`.

Source: Yang et al., "Mean field multi-agent reinforcement learning", ICML 2018, section 5 (rewards, order parameter).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from marl import rng
from marl.env import EnvSpec, Frame, Group, Lanes
from marl.games import SimultaneousGame
from marl.games.drawing import BLUE, PAPER, rect, svg
from marl.space import Box, Discrete, Tree
from marl.types import Array, ArrayTree, Bools, Floats, Ints
from marl_manyagent.neighbours import MEAN, lattice_mean


@dataclass
class IsingParams:
    """Parameters of the Ising model."""

    size: int = 20
    """Agents along a side of the torus; an even number."""
    coupling: float = 1.0
    """J: what two neighbours of the same spin are worth, above 0 for magnets."""
    field: float = 0.0
    """What every upward spin earns besides, and every downward spin loses."""
    magnetisation: float = 0.0
    """The mean spin at the start, from -1 to 1: spins are drawn for themselves; 1 is all up."""
    max_length: int = 100
    """Ticks of a match."""

    def __post_init__(self) -> None:
        if self.size < 2 or self.size % 2:
            raise ValueError(f"size must be an even number from 2 on, not {self.size}")
        if not -1 <= self.magnetisation <= 1:
            raise ValueError(f"magnetisation must be between -1 and 1, not {self.magnetisation}")
        if self.max_length < 1:
            raise ValueError(f"max_length must be at least 1, not {self.max_length}")


class Ising(SimultaneousGame):
    """`size**2` agents, one side. Action 1 is a spin up, 0 a spin down.

    An agent sees its own last spin, and the mean of those of its four neighbours. It earns
    `field * a + coupling / 2 * sum of a * b over neighbours b`, with the spins of the same tick.
    """

    spin: Array
    """Up is 1, `int8[lanes, N]`."""
    before: Array
    """The spins of a tick earlier."""

    def __init__(self, lanes: int, params: IsingParams | None = None) -> None:
        self.params = params = params or IsingParams()
        count = params.size**2
        least = params.max_length * count * (2 * abs(params.coupling) + abs(params.field))
        view = Tree({"spin": Discrete(2), MEAN: Box((2,), 0.0, 1.0)})
        spec = EnvSpec(
            agents=tuple(f"spin_{number}" for number in range(count)),
            groups=(Group("spins", tuple(range(count)), view, Discrete(2)),),
            sides=(tuple(range(count)),),
            dynamics="simultaneous",
            max_length=params.max_length,
            returns=(-least, least),
            state=Box((params.size, params.size), 0, 1, "int8"),
            info={
                "order": "the order parameter, |mean spin| of a whole lattice, mean over the two chains",
                "energy": "the energy of a spin (without the field), mean over the two chains",
            },
        )
        super().__init__(spec, lanes)
        row, column = np.divmod(np.arange(count), params.size)
        self._white: Bools = (row + column) % 2 == 0

    def fields(self) -> dict[str, Any]:
        """The spins of now and of a tick earlier."""
        spins = np.zeros(self.params.size**2, dtype=np.int8)
        return {"spin": spins, "before": spins}

    def begin(self, lanes: Lanes) -> None:
        """Draw all spins."""
        count = self.spin.shape[1]
        drawn = rng.uniform(rng.mix(self.seed[lanes][:, None], np.arange(count)[None]).ravel())
        up = (drawn < (1 + self.params.magnetisation) / 2).reshape(len(lanes), count)
        self.spin[lanes] = self.before[lanes] = up

    def play(self, lanes: Lanes, actions: list[Array]) -> tuple[Floats, Bools]:
        """Everybody takes its spin, and looks at those of the others."""
        self.before[lanes] = self.spin[lanes]
        self.spin[lanes] = actions[0]
        mine = 2.0 * self.spin[lanes] - 1
        rewards = self.params.field * mine + 0.5 * self.params.coupling * mine * self._around(self.spin[lanes])
        return rewards, np.asarray(self.tick[lanes] >= self.params.max_length)

    def cut(self, lanes: Lanes) -> Bools | bool:
        """Matches have no end of their own."""
        return True

    def observe(self, lanes: Lanes, agents: Ints) -> ArrayTree:
        """See the class. `agents` are all of them, lane by lane."""
        some = lanes.reshape(-1, self.spin.shape[1])[:, 0]
        side = self.params.size
        mean = lattice_mean(self.spin[some].reshape(-1, side, side), 2)
        return {"spin": self.spin[lanes, agents].astype(np.int64), MEAN: mean.reshape(-1, 2)}

    def forfeit(self, lanes: Lanes, agent: Ints) -> Floats:
        """The least that its spin can earn, for the agent alone."""
        rewards = np.zeros((len(lanes), self.spin.shape[1]))
        rewards[np.arange(len(lanes)), agent] = -(2 * abs(self.params.coupling) + abs(self.params.field))
        return rewards

    def info(self, lanes: Lanes) -> Mapping[str, Array]:
        """Order and energy."""
        now, before = 2.0 * self.spin[lanes] - 1, 2.0 * self.before[lanes] - 1
        white = np.where(self._white, now, before).mean(axis=1)
        black = np.where(self._white, before, now).mean(axis=1)
        energy = -0.5 * self.params.coupling * (now * self._around(self.before[lanes])).mean(axis=1)
        return {"order": 0.5 * (np.abs(white) + np.abs(black)), "energy": energy}

    def state(self, lanes: Lanes) -> Array:
        """All spins, `int8[L, size, size]`."""
        side = self.params.size
        return self.spin[lanes].reshape(-1, side, side).copy()

    def render(self, lane: int) -> Frame:
        """Up is # (blue), down is . (white)."""
        side = self.params.size
        spins = self.spin[lane].reshape(side, side)
        column = self.info(np.array([lane]))
        said = f"tick {self.tick[lane]}, order {column['order'][0]:.2f}, energy {column['energy'][0]:.2f}"
        lines = ["".join("#" if spin else "." for spin in row) for row in spins]
        cell = max(4, 320 // side)
        parts = [rect(0, 0, side * cell, side * cell, "none")]
        parts += [
            f'<rect x="{x * cell}" y="{y * cell}" width="{cell}" height="{cell}" fill="{BLUE}"/>'
            for y, x in np.argwhere(spins).tolist()
        ]
        return Frame("\n".join([said, *lines]), svg(side * cell, side * cell, parts, PAPER))

    def _around(self, spins: Array) -> Floats:
        """The sum of the neighbours of each of `int8[L, N]` spins, -1 or 1 each: `float64[L, N]`."""
        side = self.params.size
        sign = 2.0 * spins.reshape(-1, side, side) - 1
        around = sum(np.roll(sign, shift, axis) for axis in (1, 2) for shift in (1, -1))
        return np.asarray(around).reshape(len(spins), -1)
