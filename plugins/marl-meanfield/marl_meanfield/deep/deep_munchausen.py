"""D-MOMD: online mirror descent with a network, which holds the sum of all values so far without adding networks up.

The network learns `q + temperature * log(policy)` of the iteration before, in the life of an agent: so its softmax is
the next policy of mirror descent with the rate `1 / temperature`.

Source: Lauriere et al., Scalable deep reinforcement learning algorithms for mean field games, ICML 2022
(arXiv:2203.11973), algorithm D-MOMD; with the policy of the iteration before in the targets, as in its exact form.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from marl import rng
from marl.types import Floats
from marl_meanfield import exact
from marl_meanfield.deep.network import Learner, Sight, network
from marl_meanfield.deep.params import MunchausenParams
from marl_meanfield.deep.sampling import lived
from marl_meanfield.deep.values import Task, fit
from marl_meanfield.finite.chances import Chances
from marl_meanfield.game import MeanFieldGame
from marl_meanfield.solver import State


class DeepMunchausen:
    """Follow the softmax of a network that learns values plus the logarithm of the policy."""

    def __init__(self, params: MunchausenParams | None = None) -> None:
        self.params = params or MunchausenParams()

    def start(self, game: MeanFieldGame) -> State:
        """See `Solver`. Besides the policy: the network."""
        return {"policy": exact.uniform(game), **self._learner(Sight(game), None).arrays()}

    def step(self, game: MeanFieldGame, state: State, along: Floats, number: int) -> None:
        """See `Solver`."""
        params, sight, policy = self.params, Sight(game), state["policy"]
        learner = self._learner(sight, state)
        playing = (1 - params.exploration) * policy + params.exploration * exact.uniform(game)
        lives = lived(game, Chances(game), playing, along, params.agents, rng.mix(params.seed, number))
        before = torch.from_numpy(np.ascontiguousarray(policy.transpose(0, 1, 3, 2)).reshape(-1, game.actions)).float()
        bonus = params.temperature * before.clamp(min=1e-9).log()
        added = bonus[torch.from_numpy(lives.row.reshape(-1)), torch.from_numpy(lives.action.reshape(-1))]

        def worth(values: Tensor, rows: Tensor) -> Tensor:
            return (before[rows] * (values - bonus[rows])).sum(dim=1)

        fit(learner, sight, Task(lives, added, params.temperature), worth, params, number, 1)
        with torch.no_grad():
            state["policy"][...] = sight.table(sight.logits(learner.net(sight.seen)).softmax(dim=1))
        state.update(learner.arrays())

    def _learner(self, sight: Sight, state: State | None) -> Learner:
        params, size = self.params, (sight.seen.shape[1], sight.shape[3])
        return Learner("values", lambda: network(*size, params.width, params.seed, 0), params.rate, state)
