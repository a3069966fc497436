"""What the states of an OpenSpiel game pay, as a formula: its numbers are found by asking the game, then tested.

    constant + log_weight log(own + tiny) + linear . all + first m + second m^2

`own` is the share of the agent's population where it is, `all` that of every population everywhere, and `m` the mean
of the number of an agent's place. That is what the rewards of OpenSpiel's mean-field games are made of.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from marl import rng
from marl.errors import UserError
from marl.types import Floats
from marl_meanfield.openspiel.walk import Node, crowded, name_of, told

CLOSE = 1e-9  # how well the formula must say what the game says


@dataclass(frozen=True)
class Paid:
    """The formula of one state, see above. `linear`: over the support; None where only the own share counts, `near`."""

    constant: float
    log_weight: float = 0.0
    tiny: float = 1.0
    near: float = 0.0
    linear: Floats | None = None
    first: float = 0.0
    second: float = 0.0

    def __call__(self, shares: Floats, own: int) -> float:
        """What is paid where agents are distributed as `shares` says, over the support, of which `own` is one's own."""
        mean = float(np.arange(len(shares)) @ shares)
        value = self.constant + self.log_weight * np.log(shares[own] + self.tiny) + self.near * shares[own]
        value += 0.0 if self.linear is None else self.linear @ shares
        return float(value + self.first * mean + self.second * mean**2)


def formula(game: Any, node: Node) -> Paid:
    """What a node pays. Raises UserError where it is no such formula, or where moves depend on the distribution."""
    place = node.place
    if not node.moves:
        return Paid(place.paid)
    if not place.support:
        return Paid(place.paid + float(node.state.rewards()[place.population]))
    if place.bounds:
        return Paid(constant(game, node))
    asked = Asked(game, node)
    for fit in (asked.locally, asked.by_mean, asked.everywhere):
        found = fit()
        if all(abs(found(shares, asked.own) - asked(shares)) < CLOSE * asked.scale for shares in asked.tests):
            return found
    raise UserError(
        f"{game}: what {node.name} pays is no sum of a constant, a logarithm of the crowd around it, and terms "
        "that are linear in the crowd or quadratic in its mean; write it as a MeanFieldGame of your own"
    )


def constant(game: Any, node: Node) -> float:
    """What a node pays that follows for some shares of the crowd only. Raises UserError where it is not one number."""
    place = node.place
    shares = [0.0, *place.bounds, 1.0]
    states = [crowded(place, share) for share in shares]
    paid = {float(state.rewards()[place.population]) for state in states if name_of(state) == node.name}
    if len(paid) != 1:
        raise UserError(f"{game}: what {node.name} pays, and where it leads to, both depend on the distribution, which "
                        "the adapter cannot put into arrays; write it as a MeanFieldGame of your own")  # fmt: skip
    return place.paid + paid.pop()


class Asked:
    """A place whose rewards are asked for. `own`: its place in its support. `tests`: what formulas are tried on."""

    def __init__(self, game: Any, node: Node) -> None:
        self.place, self.own = node.place, node.place.support.index(node.place.name)
        self.count = len(self.place.support)
        self.tests = [self.drawn(number) for number in range(3)]
        self.scale = max(1.0, *(abs(self(shares)) for shares in self.tests))
        self.check_moves(game, node)

    def __call__(self, shares: Floats) -> float:
        """What is paid where agents are distributed so."""
        state = told(self.place, shares)
        return float(state.rewards()[self.place.population]) + self.place.paid

    def drawn(self, number: int) -> Floats:
        """A distribution without order, the same whenever it is asked for; the own share is no small one."""
        shares = rng.uniform(rng.mix(np.arange(self.count, dtype=np.uint64), number + 1)) ** 2 + 1e-3
        shares[self.own] += (number + 1) * shares.mean()
        return np.asarray(shares / shares.sum())

    def check_moves(self, game: Any, node: Node) -> None:
        """Raises UserError where what can be done, or where it leads, depends on the distribution."""
        ends = np.eye(self.count)[[0, -1]]  # as different as they can be
        first, second = (_moves(told(self.place, shares)) for shares in ends)
        if first != second or len(first) != len(node.moves):
            raise UserError(f"{game}: where agents go from {node.name} depends on the distribution, which the "
                            "adapter cannot put into arrays; write it as a MeanFieldGame of your own")  # fmt: skip

    def locally(self) -> Paid:
        """A constant, the logarithm of the own share, and the own share."""
        one = np.full(self.count, 0.5 / max(self.count - 1, 1))
        rows = []
        for share in (0.5, 0.1, 0.02):
            shares = one * (1 - share) / 0.5
            shares[self.own] = share
            rows.append((share, self(shares)))
        terms = [[1.0, np.log(share), share] for share, _ in rows]
        constant, weight, near = np.linalg.solve(np.array(terms), np.array([paid for _, paid in rows]))
        return self._with_tiny(float(constant), float(weight), near=float(near))

    def by_mean(self) -> Paid:
        """A constant, and the mean of the number of a place, up to its square."""
        if self.count < 3:
            return Paid(np.nan)
        places = (0, self.count // 2, self.count - 1)
        paid = [self(np.eye(self.count)[place]) for place in places]
        second, first, constant = np.polyfit(np.array(places, dtype=np.float64), paid, 2)
        return Paid(float(constant), first=float(first), second=float(second))

    def everywhere(self) -> Paid:
        """A constant, the logarithm of the own share, and every share of every population, one by one."""
        base = np.full(self.count, 1.0 / self.count)
        here = self(base)
        linear, step = np.zeros(self.count), 0.25 / self.count
        for place in range(self.count):
            if place != self.own:
                moved = base.copy()
                moved[place] += step
                linear[place] = (self(moved) - here) / step
        rows = []
        for share in (0.5, 0.1, 0.02):
            shares = base.copy()
            shares[self.own] = share
            rows.append((share, self(shares) - linear @ shares))
        terms = np.array([[1.0, np.log(share), share] for share, _ in rows])
        constant, weight, linear[self.own] = np.linalg.solve(terms, np.array([paid for _, paid in rows]))
        return self._with_tiny(float(constant), float(weight), linear=linear)

    def _with_tiny(self, constant: float, weight: float, near: float = 0.0, linear: Floats | None = None) -> Paid:
        """Find what is added inside the logarithm: what is paid where nobody is says it."""
        if abs(weight) < CLOSE * self.scale:
            return Paid(constant, near=near, linear=linear)
        nobody = np.full(self.count, 1.0 / max(self.count - 1, 1))
        nobody[self.own] = 0.0
        rest = constant + (0.0 if linear is None else float(linear @ nobody))
        return Paid(constant, weight, float(np.exp((self(nobody) - rest) / weight)), near, linear)


def _moves(state: Any) -> list[tuple[int, str]]:
    return [(int(action), str(state.child(action).observation_string(0))) for action in state.legal_actions()]
