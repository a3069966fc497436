"""Kuramoto's oscillators, who keep their places on the torus: each has a frequency of its own, and must fall into step.

A tick is `angle += spread * w + coupling * (mean of sin of the angles near less its own) + turn + noise * normal`,
where `w`, drawn once a match for each, is standard Cauchy. Without turning and noise, where everybody sees all and
ticks are short (all of it is far below 1), this is Kuramoto's model: for many oscillators there is no order below a
coupling of `2 * spread`, and `sqrt(1 - 2 * spread / coupling)` above it.

Source: Kuramoto, "Self-entrainment of a population of coupled non-linear oscillators", 1975; the order of Cauchy
frequencies is from Strogatz, "From Kuramoto to Crawford", Physica D 143 (2000).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from marl import rng
from marl.env import Frame, Lanes
from marl.games.drawing import BLUE, GREY, INK, svg, text
from marl.registry.ranges import at_least
from marl.types import Floats, Keys
from marl_swarm.swarm import Swarm, SwarmParams

_FREQUENCY = 4  # what a random number is for, beside those of `swarm`


@dataclass(kw_only=True)
class KuramotoParams(SwarmParams):
    """Parameters of Kuramoto's oscillators."""

    spread: float = 0.05
    """Half of the width at half maximum of the distribution of frequencies (Cauchy), in radians per tick."""
    coupling: float = 0.0
    """How strongly oscillators are drawn to those near them by themselves, in radians per tick."""
    noise: float = 0.05
    """The standard deviation of what chance adds to each angle in a tick, in radians."""

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(self, 0, "spread", "noise")


class Kuramoto(Swarm):
    """See `Swarm` and above. An oscillator does not see its own frequency."""

    what = "oscillator"
    params: KuramotoParams
    frequency: Floats
    """Radians per tick, `float64[lanes, N]`."""

    def __init__(self, lanes: int, params: KuramotoParams | None = None) -> None:
        super().__init__(lanes, params or KuramotoParams())

    def fields(self) -> dict[str, Any]:
        """Those of all swarms, and frequencies."""
        return super().fields() | {"frequency": np.zeros(self.params.agents)}

    def begin(self, lanes: Lanes) -> None:
        """Draw frequencies too."""
        drawn = rng.uniform(self.keys(lanes, _FREQUENCY)).reshape(len(lanes), -1)
        self.frequency[lanes] = self.params.spread * np.tan(np.pi * (drawn - 0.5))
        super().begin(lanes)

    def move(self, lanes: Lanes, turn: Floats, drawn: Keys) -> None:
        """See above."""
        params = self.params
        change = self.frequency[lanes] + turn
        if params.coupling:
            change += params.coupling * self.field_around(lanes, self.near(lanes))[1]
        if params.noise:
            change += params.noise * rng.normal(drawn).reshape(change.shape)
        self.angle[lanes] += change

    def render(self, lane: int) -> Frame:
        """Oscillators on their circle, and the order parameter as an arrow from its middle."""
        angle, order = self.angle[lane], float(self.order(np.array([lane]))[0])
        said = f"tick {self.tick[lane]}, order {order:.2f}"
        counts = np.bincount((angle / (2 * np.pi) * 24).astype(np.int64) % 24, minlength=24)
        bars = "".join(" .:-=+*#%@"[min(9, int(np.ceil(9 * count / max(1, counts.max()))))] for count in counts)
        mean = np.angle(np.exp(1j * angle).mean())
        tip = 150 + 110 * order * np.cos(mean), 160 - 110 * order * np.sin(mean)
        parts = [f'<circle cx="150" cy="160" r="110" fill="none" stroke="{GREY}"/>']
        parts += [
            f'<circle cx="{150 + 110 * np.cos(one):.1f}" cy="{160 - 110 * np.sin(one):.1f}" r="4" fill="{BLUE}" '
            f'fill-opacity="0.6"/>'
            for one in angle
        ]
        parts.append(f'<path d="M150 160L{tip[0]:.1f} {tip[1]:.1f}" stroke="{INK}" stroke-width="3"/>')
        return Frame(f"{said}\n|{bars}| phases", svg(300, 290, [*parts, text(150, 24, said, 14)]))
