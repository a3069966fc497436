"""OpenSpiel's mean-field games: walked through once, then arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from marl.errors import UserError
from marl.types import Bools, Floats
from marl_meanfield.openspiel.arrivals import Arrivals
from marl_meanfield.openspiel.load import load
from marl_meanfield.openspiel.local import Paid, formula
from marl_meanfield.openspiel.places import places
from marl_meanfield.openspiel.walk import Walked, walk
from marl_meanfield.transitions import Table


@dataclass
class Params:
    """Of a game of OpenSpiel."""

    game: str
    """OpenSpiel's name with parameters, as in `mfg_crowd_modelling_2d(size=12,horizon=20)`."""


class OpenSpielGame:
    """A `MeanFieldGame` of a game of OpenSpiel's. `places`: the numbers of its states, by name."""

    def __init__(self, params: Params) -> None:
        game = load(params.game)
        walked = walk(game)
        self.places = places(walked)
        self.populations = tuple(
            "population" if len(walked.first) == 1 else f"population_{number}" for number in range(len(walked.first))
        )
        self.horizon, self.states = self.places.horizon, self.places.states
        self.actions = int(game.num_distinct_actions())
        self.layout = (self.states,)
        self.initial = self.places.initial(walked)
        self.legal: Bools | None = self._legal(walked)
        self._arrivals = [Arrivals(walked, self.places, time) for time in range(self.horizon + 1)]
        self._moves = Table(self._chances(walked))
        self._pay(game, walked)

    def rewards(self, times: slice, flow: Floats) -> Floats:
        """See `MeanFieldGame`."""
        paid = self._constant[times] + self._near[times] * flow
        if self._logarithmic:
            paid = paid + self._weight[times] * np.log(flow + self._tiny[times])
        if self._linear is not None:
            paid = paid + np.einsum("npsx,nx->nps", self._linear[times], flow.reshape(len(flow), -1))
        if self._mean is not None:
            mean = (flow @ np.arange(self.states))[..., None]
            paid = paid + self._mean[0][times] * mean + self._mean[1][times] * mean**2
        return np.asarray(paid[:, :, None, :])

    def final(self, distribution: Floats) -> Floats:
        """See `MeanFieldGame`."""
        return np.asarray(self._constant[-1])

    def push(self, time: int, mass: Floats, distribution: Floats) -> Floats:
        """See `MeanFieldGame`."""
        return self._arrivals[time + 1].settle(self._moves.push(time, mass))

    def pull(self, time: int, values: Floats, distribution: Floats, following: Floats) -> Floats:
        """See `MeanFieldGame`."""
        worth = self._arrivals[time + 1].spread(values, following)
        return self._moves.pull(time, worth).reshape(len(values), self.actions, self.states)

    def _legal(self, walked: Walked) -> Bools | None:
        """States that cannot be reached have their first action."""
        legal = np.zeros((self.horizon, len(self.populations), self.actions, self.states), dtype=bool)
        for time, population, number, node in self.places.of(walked):
            if time < self.horizon:
                legal[time, population, list(node.moves), number] = True
        if not legal.any(axis=2).all():
            legal[:, :, 0] |= ~legal.any(axis=2)
        return None if legal.all() else legal

    def _chances(self, walked: Walked) -> list[Any]:
        """A sparse matrix for each time, `[rows, P * A * S]`, to the rows of `Arrivals`."""
        populations, actions, states = len(self.populations), self.actions, self.states
        entries: list[list[tuple[int, int, float]]] = [[] for _ in range(self.horizon)]
        for time, population, number, node in self.places.of(walked):
            for action, chances in node.moves.items():
                column = (population * actions + action) * states + number
                for name, chance in chances.items():
                    entries[time].append((self._arrivals[time + 1].row[name], column, chance))
        made = []
        for time, found in enumerate(entries):
            rows, columns, odds = zip(*found, strict=True)
            shape = (self._arrivals[time + 1].rows, populations * actions * states)
            made.append(csr_array((np.array(odds), (np.array(rows), np.array(columns))), shape=shape))
        return made

    def _pay(self, game: Any, walked: Walked) -> None:
        """The numbers of the formula of every state, `[T + 1, P, S]`; see `local`."""
        shape = (self.horizon + 1, len(self.populations), self.states)
        self._constant, self._weight, self._near = np.zeros(shape), np.zeros(shape), np.zeros(shape)
        self._tiny, first, second = np.ones(shape), np.zeros(shape), np.zeros(shape)
        linear = None
        for time, population, number, node in self.places.of(walked):
            at, paid = (time, population, number), formula(game, node)
            self._constant[at], self._weight[at], self._tiny[at] = paid.constant, paid.log_weight, paid.tiny
            self._near[at], first[at], second[at] = paid.near, paid.first, paid.second
            if paid.linear is not None:
                linear = np.zeros((*shape, shape[1] * shape[2])) if linear is None else linear
                linear[at] = self._spread(paid, walked, node.place.support)
        self._logarithmic = bool(self._weight.any())
        self._linear = linear
        self._mean = (first, second) if first.any() or second.any() else None
        if self._mean is not None and (len(self.populations) > 1 or not self.places.aligned):
            raise UserError(f"{game} pays by the mean place, which is known for one population on a line only")

    def _spread(self, paid: Paid, walked: Walked, support: tuple[str, ...]) -> Floats:
        """From weights over a support to weights over all states of all populations; who cannot be there weighs 0."""
        weights = np.zeros(len(self.populations) * self.states)
        for name, weight in zip(support, paid.linear if paid.linear is not None else (), strict=True):
            if name in walked.places:
                weights[self._arrivals[walked.places[name].time].row[name]] = weight
        return weights
