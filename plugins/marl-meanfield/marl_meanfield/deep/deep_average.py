"""D-AFP: fictitious play with two networks, one that responds and one that learns the average of all responses.

Source: Lauriere et al., Scalable deep reinforcement learning algorithms for mean field games, ICML 2022
(arXiv:2203.11973), algorithm D-AFP; Vitter, Random sampling with a reservoir, 1985.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from marl import rng
from marl.types import Floats, Ints
from marl_meanfield import exact
from marl_meanfield.deep.network import Learner, Sight, batches, network, size_of
from marl_meanfield.deep.params import AverageParams
from marl_meanfield.deep.sampling import lived
from marl_meanfield.deep.values import Task, Worth, fit
from marl_meanfield.finite.chances import Chances
from marl_meanfield.game import MeanFieldGame
from marl_meanfield.solver import State


class DeepAverage:
    """A network responds to the flow of another, which learns what all responses did."""

    def __init__(self, params: AverageParams | None = None) -> None:
        self.params = params or AverageParams()

    def start(self, game: MeanFieldGame) -> State:
        """See `Solver`. Besides the policy: both networks, and the reservoir."""
        sight, empty = Sight(game), np.zeros(0, dtype=np.int32)
        learners = {**self._values(sight, None).arrays(), **self._average(sight, None).arrays()}
        reservoir = {"rows": empty, "actions": empty, "offered": np.zeros(1, dtype=np.int64)}
        return {"policy": exact.uniform(game), **reservoir, **learners}

    def step(self, game: MeanFieldGame, state: State, along: Floats, number: int) -> None:
        """See `Solver`."""
        params, sight, chances = self.params, Sight(game), Chances(game)
        values, average = self._values(sight, state), self._average(sight, state)
        response = self._greedy(sight, values)
        mixed = (1 - params.exploration) * response + params.exploration * exact.uniform(game)
        lives = lived(game, chances, mixed, along, params.agents, rng.mix(params.seed, number, 0))
        fit(values, sight, Task(lives, 0.0, size_of(game)), self._best(sight), params, number, 1)
        ours = lived(game, chances, self._greedy(sight, values), along, params.agents, rng.mix(params.seed, number, 1))
        self._keep(state, ours.row.reshape(-1), ours.action.reshape(-1))
        rows, actions = (torch.from_numpy(state[name].astype(np.int64)) for name in ("rows", "actions"))
        for drawn in batches(params.seed, number, 2, len(rows), params.batch, params.average_steps):
            logits = sight.logits(average.net(sight.seen[rows[drawn]]), rows[drawn])
            average.fit(torch.nn.functional.cross_entropy(logits, actions[drawn]))
        with torch.no_grad():
            state["policy"][...] = sight.table(sight.logits(average.net(sight.seen)).softmax(dim=1))
        state.update(values.arrays(), **average.arrays())

    def _greedy(self, sight: Sight, values: Learner) -> Floats:
        with torch.no_grad():
            return exact.greedy(sight.table(sight.logits(values.net(sight.seen))))

    def _best(self, sight: Sight) -> Worth:
        def worth(values: Tensor, rows: Tensor) -> Tensor:
            return sight.logits(values, rows).max(dim=1).values

        return worth

    def _keep(self, state: State, rows: Ints, actions: Ints) -> None:
        """Offer rows to the reservoir, which holds an even sample of all that it was offered."""
        offered, capacity = int(state["offered"][0]), self.params.capacity
        room = max(0, min(capacity - len(state["rows"]), len(rows)))
        kept = {
            name: np.concatenate([state[name], new[:room].astype(np.int32)])
            for name, new in (("rows", rows), ("actions", actions))
        }
        order = np.arange(offered + room, offered + len(rows))
        place = rng.integers(rng.mix(self.params.seed, 0x5E5, order), order + 1)
        for index in np.flatnonzero(place < capacity):  # in order: a later one may take the place of an earlier
            kept["rows"][place[index]], kept["actions"][place[index]] = rows[room + index], actions[room + index]
        state.update(kept, offered=np.array([offered + len(rows)]))

    def _values(self, sight: Sight, state: State | None) -> Learner:
        params, size = self.params, (sight.seen.shape[1], sight.shape[3])
        return Learner("values", lambda: network(*size, params.width, params.seed, 0), params.rate, state)

    def _average(self, sight: Sight, state: State | None) -> Learner:
        params, size = self.params, (sight.seen.shape[1], sight.shape[3])
        return Learner("average", lambda: network(*size, params.width, params.seed, 1), params.rate, state)
