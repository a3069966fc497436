"""Dynamic routing: travellers choose a road at every crossing, and a road takes longer the more are on it.

Each trip, from an origin to a destination, is a population; all share the roads. A state is a link (or an origin) and
how many steps one still is on it; at 0 one is at its end and chooses the next. How long a link takes follows from how
many are on it when one has joined it, to fractions of a step in the mean: of travellers who join, some take the whole
steps below, and some one more. Time is what it costs, until one arrives, or else what the rest of the way takes on
empty roads.

Source: Cabannes et al., Solving N-player dynamic routing games with congestion: a mean-field approach, AAMAS 2022
(arXiv:2110.11943); Sioux Falls: LeBlanc, Morlok, Pierskalla, An efficient approach to solving the road network
equilibrium traffic assignment problem, Transportation Research 9, 1975, whose `t0 + b v^4` is `t0 (1 + b / t0 v^4)`
here (OpenSpiel multiplies by t0 once more).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from marl.errors import UserError
from marl.registry.ranges import above, at_least
from marl.types import Bools, Floats, Ints
from marl_meanfield.games.roads import Roads, roads, successors


@dataclass
class Params:
    """Of dynamic routing."""

    network: str = "sioux_falls"
    """sioux_falls, braess, pigou, or the path of a CSV file with columns from, to, time, factor."""
    trips: list[str] = field(default_factory=lambda: ["1-19", "19-1"])
    """Origin and destination of each population, with a hyphen between."""
    vehicles: float = 12000.0
    """How many make each trip, in the unit of the network's volumes."""
    horizon: int = 60
    """Steps."""
    step: float = 0.5
    """How long a step is, in the unit of the network's times."""
    departures: int = 10
    """Over how many steps travellers leave, evenly."""
    longest: int = 40
    """Steps that a link takes at most, however full it is."""

    def __post_init__(self) -> None:
        at_least(self, 1, "horizon", "departures", "longest")
        above(self, 0, "step", "vehicles")
        if not self.trips or len(set(self.trips)) < len(self.trips):
            raise ValueError(f"trips must be one trip or more, each once, not {self.trips}")
        if wrong := [trip for trip in self.trips if trip.count("-") != 1 or trip.startswith("-") or trip.endswith("-")]:
            raise ValueError(f"trips: {wrong[0]!r} is no trip; '1-19' is one from node 1 to node 19")


class Routing:
    """Places are the L links, then the origin of each trip: E in all. `roads`; `volumes` says how full links are.

    States are `[E + 1, longest + 1]` flattened; the last row is who has arrived, of which the first state is used.
    """

    def __init__(self, params: Params | None = None) -> None:
        self.params = params = params or Params()
        self.roads: Roads = roads(params.network)
        ends = [trip.split("-") for trip in params.trips]
        origins, self._goals = (np.array([self.roads.number(pair[side]) for pair in ends]) for side in (0, 1))
        self.populations, self.horizon = tuple(params.trips), params.horizon
        at = np.concatenate([self.roads.head, origins])  # the node at the end of each place
        self._links, self._places, self._waits = len(self.roads.time), len(at), max(params.longest, params.departures)
        self._next, self.actions = successors(self.roads, at)
        self.layout: tuple[int, ...] = (self._places + 1, self._waits + 1)
        self._end = self._places * (self._waits + 1)  # the state of who has arrived
        self.states = self._end + self._waits + 1
        self._arrives = at[None, :] == self._goals[:, None]  # [P, E]
        self.initial = self._started()
        self.legal: Bools | None = self._allowed()
        self._ways = np.where(self._next >= 0, self._next, self._links).T.reshape(-1)  # [A * E], L: nowhere
        self._cost, self._last = self._paid(at)

    def rewards(self, times: slice, flow: Floats) -> Floats:
        """See `MeanFieldGame`: a step costs its time, until one is there."""
        return self._cost

    def final(self, distribution: Floats) -> Floats:
        """See `MeanFieldGame`: the rest of the way, on empty roads."""
        return self._last

    def push(self, time: int, mass: Floats, distribution: Floats) -> Floats:
        """See `MeanFieldGame`."""
        count = len(self.populations)
        moved = mass[..., : self._end].reshape(count, self.actions, self._places, -1)
        everybody = moved.sum(axis=1)
        after = np.zeros((count, self._places, self._waits + 1))
        after[..., :-1] = everybody[..., 1:]
        arrived = mass[..., self._end :].sum(axis=(1, 2)) + (everybody[..., 0] * self._arrives).sum(axis=1)
        going = np.where(self._arrives[:, None], 0.0, moved[..., 0]).reshape(count, -1)
        entering = np.zeros((count, self._links + 1))
        for row in range(count):
            entering[row] = np.bincount(self._ways, going[row], self._links + 1)
        volume = (after[:, : self._links].sum(axis=2) + entering[:, :-1]).sum(axis=0) * self.params.vehicles
        low, share = self._delay(volume)
        link = np.arange(self._links)
        after[:, link, low] += entering[:, :-1] * (1.0 - share)
        after[:, link, np.minimum(low + 1, self._waits)] += entering[:, :-1] * share
        return self._joined(after, arrived, moved)

    def pull(self, time: int, values: Floats, distribution: Floats, following: Floats) -> Floats:
        """See `MeanFieldGame`."""
        count = len(self.populations)
        there = values[:, : self._end].reshape(count, self._places, -1)
        volume = self.volumes(following)
        low, share = self._delay(volume)
        link = np.arange(self._links)
        entered = (1.0 - share) * there[:, link, low] + share * there[:, link, np.minimum(low + 1, self._waits)]
        found = np.empty((count, self.actions, self._places, self._waits + 1))
        found[..., 1:] = there[:, None, :, :-1]
        on = entered[:, np.minimum(self._ways, self._links - 1)].reshape(count, self.actions, self._places)
        stays = (self._next < 0).T[None] & np.ones((count, 1, 1), dtype=bool)
        on = np.where(stays, there[:, None, :, 0], on)
        found[..., 0] = np.where(self._arrives[:, None], values[:, self._end][:, None, None], on)
        result = np.empty((count, self.actions, self.states))
        result[..., : self._end] = found.reshape(count, self.actions, -1)
        result[..., self._end :] = values[:, self._end][:, None, None]
        return result

    def volumes(self, distribution: Floats) -> Floats:
        """How many are on each link, `[L]`, in the network's unit, from a distribution `[P, S]`."""
        places = distribution[:, : self._end].reshape(len(self.populations), self._places, -1)
        return np.asarray(places[:, : self._links].sum(axis=(0, 2)) * self.params.vehicles)

    def _delay(self, volume: Floats) -> tuple[Ints, Floats]:
        """Steps that one who joins still has to go after this one, `[L]`: whole ones, and the chance of one more."""
        steps = np.clip(self.roads.times(volume) / self.params.step - 1.0, 0.0, self.params.longest)
        low = steps.astype(np.int64)
        return low, steps - low

    def _joined(self, after: Floats, arrived: Floats, moved: Floats) -> Floats:
        """A distribution `[P, S]`; who is at a dead end stays where it is."""
        dead = (self._next < 0).all(axis=1)
        if dead.any():
            kept = np.where(dead[None, :] & ~self._arrives, moved[..., 0].sum(axis=1), 0.0)
            after[..., 0] += kept
        result = np.zeros((len(arrived), self.states))
        result[:, : self._end] = after.reshape(len(arrived), -1)
        result[:, self._end] = arrived
        return result

    def _started(self) -> Floats:
        initial = np.zeros((len(self.populations), self._places, self._waits + 1))
        for row in range(len(self.populations)):
            initial[row, self._links + row, : self.params.departures] = 1.0 / self.params.departures
        end = np.zeros((len(initial), self._waits + 1))
        return np.concatenate([initial.reshape(len(initial), -1), end], axis=1)

    def _allowed(self) -> Bools:
        """At a crossing the roads that go on from it; on a road, and where one arrives, the first action."""
        legal = np.zeros((1, len(self.populations), self.actions, self._places, self._waits + 1), dtype=bool)
        legal[:, :, 0] = True
        choice = (self._next >= 0).T  # [A, E]
        crossing = np.where(self._arrives[:, None], False, choice[None])
        legal[0, ..., 0] |= crossing
        whole = legal.reshape(1, len(self.populations), self.actions, -1)
        end = np.zeros((*whole.shape[:3], self._waits + 1), dtype=bool)
        end[:, :, 0] = True
        return np.concatenate([whole, end], axis=-1)

    def _paid(self, at: Ints) -> tuple[Floats, Floats]:
        """What a step costs, `[1, P, 1, S]`, and what is paid at the end, `[P, S]`."""
        going = np.ones((len(self.populations), self._places, self._waits + 1))
        going[..., 0] = ~self._arrives
        rest = np.stack([self.roads.to_go(goal) for goal in self._goals.tolist()])
        origin = rest[np.arange(len(rest)), at[self._links :]]
        if np.isinf(origin).any():
            trip = self.populations[int(np.argmax(origin))]
            raise UserError(f"trips: there is no way from the origin to the destination of {trip}")
        rest = np.where(np.isinf(rest), self.params.step * self.horizon, rest)
        waits = np.arange(self._waits + 1) * self.params.step
        last = -(rest[:, at][..., None] + waits)
        end = np.zeros((len(going), self._waits + 1))
        cost = np.concatenate([-self.params.step * going.reshape(len(going), -1), end], axis=1)
        return cost[None, :, None, :], np.concatenate([last.reshape(len(going), -1), end], axis=1)
