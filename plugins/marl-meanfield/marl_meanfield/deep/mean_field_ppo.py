"""Mean-field PPO: PPO against the flow of an iteration, held near the policy of the update and of the iteration before.

The population follows the policy of the iteration; an agent improves on it in a few updates by the clipped loss of PPO,
of which a share is clipped around the population's policy instead of the last update's: so that the population does not
jump.

Source: Algumaei et al., Regularization of the policy updates for stabilizing mean field games, PAKDD 2023, whose
equations could not be read: the loss follows its abstract and OpenSpiel's account of it. Schulman et al., Proximal
policy optimization algorithms, 2017; generalised advantages: Schulman et al., 2016.
"""

from __future__ import annotations

import numpy as np
import torch

from marl import rng
from marl.types import Floats
from marl_meanfield.deep.network import Learner, Sight, batches, network, size_of
from marl_meanfield.deep.params import PPOParams
from marl_meanfield.deep.sampling import Lives, lived
from marl_meanfield.finite.chances import Chances
from marl_meanfield.game import MeanFieldGame
from marl_meanfield.solver import State


class MeanFieldPPO:
    """An actor and a critic; see the module."""

    def __init__(self, params: PPOParams | None = None) -> None:
        self.params = params or PPOParams()

    def start(self, game: MeanFieldGame) -> State:
        """See `Solver`. Besides the policy: both networks."""
        sight = Sight(game)
        actor, critic = self._learners(sight, None)
        return {"policy": self._policy(sight, actor), **actor.arrays(), **critic.arrays()}

    def step(self, game: MeanFieldGame, state: State, along: Floats, number: int) -> None:
        """See `Solver`."""
        params, sight, chances = self.params, Sight(game), Chances(game)
        actor, critic = self._learners(sight, state)
        population = _logp(state["policy"])
        scale = size_of(game)
        for update in range(params.updates):
            policy = self._policy(sight, actor)
            lives = lived(game, chances, policy, along, params.agents, rng.mix(params.seed, number, update))
            self._update(
                sight, actor, critic, lives, _logp(policy), population, scale, number * params.updates + update
            )
        state["policy"][...] = self._policy(sight, actor)
        state.update(actor.arrays(), **critic.arrays())

    def _update(
        self, sight: Sight, actor: Learner, critic: Learner, lives: Lives, before: torch.Tensor,
        population: torch.Tensor, scale: float, number: int,
    ) -> None:  # fmt: skip
        params = self.params
        advantage, aim = self._advantages(sight, critic, lives, scale)
        row, action = (torch.from_numpy(one.reshape(-1)) for one in (lives.row, lives.action))
        for drawn in batches(params.seed, number, 3, len(row), params.batch, params.steps):
            rows, taken, gain = row[drawn], action[drawn], advantage[drawn]
            logits = sight.logits(actor.net(sight.seen[rows]), rows)
            known = torch.distributions.Categorical(logits=logits)
            said = known.log_prob(taken)
            loss = -params.entropy * known.entropy().mean()
            for share, old, clip in (
                (params.share, before, params.clip), (1 - params.share, population, params.iteration_clip),
            ):  # fmt: skip
                ratio = (said - old[rows, taken]).exp()
                loss = loss - share * torch.min(gain * ratio, gain * ratio.clamp(1 - clip, 1 + clip)).mean()
            actor.fit(loss)
            critic.fit(((critic.net(sight.seen[rows])[:, 0] - aim[drawn]) ** 2).mean())

    def _advantages(
        self, sight: Sight, critic: Learner, lives: Lives, scale: float
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Generalised advantages, of mean 0 and deviation 1, and what the critic should say, `[T n]` each."""
        with torch.no_grad():
            value = (critic.net(sight.seen)[:, 0] * scale).double().numpy()
        now, found = value[lives.row], np.empty(lives.row.shape)
        ahead, behind = lives.last, np.zeros(lives.row.shape[1])
        for time in range(len(found) - 1, -1, -1):
            behind = lives.reward[time] + ahead - now[time] + self.params.smoothing * behind
            found[time], ahead = behind, now[time]
        aim = torch.from_numpy(((found + now) / scale).reshape(-1)).float()
        advantage = (found - found.mean()) / (found.std() + 1e-8)
        return torch.from_numpy(advantage.reshape(-1)).float(), aim

    def _policy(self, sight: Sight, actor: Learner) -> Floats:
        with torch.no_grad():
            return sight.table(sight.logits(actor.net(sight.seen)).softmax(dim=1))

    def _learners(self, sight: Sight, state: State | None) -> tuple[Learner, Learner]:
        params, seen = self.params, sight.seen.shape[1]
        actor = Learner(
            "actor", lambda: network(seen, sight.shape[3], params.width, params.seed, 0), params.rate, state
        )
        critic = Learner("critic", lambda: network(seen, 1, params.width, params.seed, 1), params.rate, state)
        return actor, critic


def _logp(policy: Floats) -> torch.Tensor:
    """Logarithms of a policy by row, `[T * P * S, A]`."""
    flat = np.ascontiguousarray(policy.transpose(0, 1, 3, 2)).reshape(-1, policy.shape[2])
    return torch.from_numpy(np.log(np.maximum(flat, 1e-9))).float()
