"""Cybersecurity: computers are defended or not, and infected or not; hackers attack them, and they infect each other.

Defence costs, infection costs; whoever wants the other level of defence gets it after a while. Time is continuous in
the model; here it goes in small steps, in each of which one thing happens at most.

Source: Kolokoltsov and Bensoussan, Mean-field-game model for botnet defense in cyber-security, Applied Mathematics and
Optimization 74, 2016.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from marl.registry.ranges import above, at_least
from marl.types import Floats
from marl_meanfield.games.mixing import Mixing

DEFENDED = np.array([True, True, False, False])
INFECTED = np.array([True, False, True, False])


@dataclass
class Params:
    """Of cybersecurity. Rates are per unit of time."""

    horizon: int = 100
    """Steps."""
    step: float = 0.1
    """How long a step is."""
    change: float = 0.8
    """The rate at which a computer gets the level of defence that its owner wants."""
    hackers: float = 0.6
    """How hard hackers try."""
    attack_defended: float = 0.4
    """The rate at which they infect who is defended, times how hard they try."""
    attack_undefended: float = 0.5
    """The same for who is not defended."""
    spread_defended: float = 0.3
    """The rate at which infected computers infect defended ones, if all are infected."""
    spread_undefended: float = 0.4
    """The same for those that are not defended."""
    recovery_defended: float = 0.5
    """The rate at which defended ones recover."""
    recovery_undefended: float = 0.4
    """The same for those that are not defended."""
    defence: float = 0.3
    """What defence costs."""
    infection: float = 0.5
    """What being infected costs."""

    def __post_init__(self) -> None:
        at_least(self, 1, "horizon")
        above(self, 0, "step")
        at_least(self, 0, *(name for name in vars(self) if name not in ("horizon", "step")))
        fastest = self.change + max(
            self.hackers * max(self.attack_defended, self.attack_undefended)
            + max(self.spread_defended, self.spread_undefended),
            self.recovery_defended,
            self.recovery_undefended,
        )
        if self.step * fastest > 1:
            raise ValueError(
                f"step must be at most {1 / fastest:.3g} for these rates, not {self.step}: one thing happens in a step"
            )


class Cybersecurity(Mixing):
    """States: defended and infected, defended, undefended and infected, undefended. Actions: leave it so, change it."""

    def __init__(self, params: Params | None = None) -> None:
        self.params = params = params or Params()
        super().__init__(("computers",), 4, 2, params.horizon, np.full((1, 4), 0.25))
        self._paid = -params.step * (params.defence * DEFENDED + params.infection * INFECTED)[None, None, None]

    def rewards(self, times: slice, flow: Floats) -> Floats:
        """See `MeanFieldGame`."""
        return self._paid

    def chances(self, distribution: Floats) -> Floats:
        """Where actions lead from each state, while people are spread so: `[A, S, S]`."""
        p, infected = self.params, float(distribution[INFECTED].sum())
        fall_ill = np.where(
            DEFENDED,
            p.hackers * p.attack_defended + p.spread_defended * infected,
            p.hackers * p.attack_undefended + p.spread_undefended * infected,
        )
        recover = np.where(DEFENDED, p.recovery_defended, p.recovery_undefended)
        rates = np.zeros((2, 4, 4))
        here, other_health, other_defence = np.arange(4), np.array([1, 0, 3, 2]), np.array([2, 3, 0, 1])
        rates[:, here, other_health] = np.where(INFECTED, recover, fall_ill)
        rates[1, here, other_defence] = p.change
        chances = p.step * rates
        chances[:, here, here] = 1.0 - chances.sum(axis=-1)
        return np.asarray(chances)
