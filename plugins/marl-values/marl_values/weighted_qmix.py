"""Weighted QMIX: QMIX that fits what may be the best joint action more closely than the rest.

QMIX cannot represent every game, and where it cannot, the many bad joint actions may hide the best one. Here a second
value without any limit, of networks of its own, learns what joint actions are worth, and gives the targets of both.
QMIX's own error then counts fully where a joint action may be the best, and `alpha` elsewhere. Source: Rashid et al.,
"Weighted QMIX: Expanding monotonic value function factorisation", NeurIPS 2020: the weightings of section 4, and the
architecture, losses and practical central weighting of section 5.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from marl.training.learner import Stats, Tensors
from marl.training.networks import Network
from marl.training.team_choice import Choice, TeamShape
from marl_values.learner import MixedByState, played, told
from marl_values.mixers.joint import Unrestricted
from marl_values.params import WeightedQMIXParams
from marl_values.qmix import QMIXLearner

_CENTRAL = "central"  # the mixer, and the agents' networks below it


class WeightedQMIXLearner(QMIXLearner):
    """Two values of a team, and their two errors; `weighed` says which errors count fully."""

    hyper: WeightedQMIXParams

    def make_team_critics(self, shape: TeamShape) -> dict[str, nn.Module]:
        """QMIX's, and `Unrestricted`."""
        return {**super().make_team_critics(shape), _CENTRAL: Unrestricted(shape, self.hyper.central)}

    def make_critics(self, module_id: str, network: Network) -> dict[str, nn.Module]:
        """The mixers, and another network of each module's shape, below the one without a limit."""
        own = Network(network.observation, network.action, network.config, network.heads)
        return {**super().make_critics(module_id, network), _CENTRAL: own}

    def loss(self, module_id: str, batch: Tensors, inputs: Tensor, value: Tensor) -> tuple[Tensor, Stats]:
        """The mean weighted squared error of QMIX's value, and the squared error of the other."""
        valid, chosen = batch["valid"], played(batch, inputs)
        central = self.central(module_id, learns=True)
        everything = self.mixed(module_id, played(batch, central), name=_CENTRAL)
        later = Choice(
            self.central(module_id, target=True)[:, 1:],
            inputs.detach().argmax(3)[:, 1:],
            batch["acts"][:, 1:],
            batch["state"][:, 1:],
        )
        target = self.looked_ahead(batch, self.mixed(module_id, later, target=True, name=_CENTRAL).detach())
        known = self.mixed(module_id, chosen)
        error, other = (known - target)[valid], (everything - target)[valid]
        full = self.weighed(module_id, chosen, Choice(central.detach()[:, :-1], *_rest(chosen)), known, target)[valid]
        weight = torch.where(full, 1.0, self.hyper.alpha)
        loss = (weight * error.square()).mean() + other.square().mean()
        return loss, {**told(batch, known, error), "central_error": other.detach().abs().mean()}

    def central(self, module_id: str, target: bool = False, learns: bool = False) -> Tensor:
        """What the networks below the mixer without a limit say to each agent, `[E, T + 1, n, A]`."""
        weights = {
            name: self.target(name, _CENTRAL) if target else dict(self.critics[name][_CENTRAL].named_parameters())
            for name in self.members(module_id)
        }
        return self.inputs_of(module_id, weights, learns)

    def weighed(self, team: str, chosen: Choice, central: Choice, known: Tensor, target: Tensor) -> Tensor:
        """Whose error counts fully, `bool[E, T]`: where the team's value is too low (optimistic weighting)."""
        return known.detach() < target

    def stepped(self, module_id: str) -> None:
        """All target networks follow."""
        super().stepped(module_id)
        for name in self.members(module_id):
            self.follow(name, self.hyper.target_rate, _CENTRAL)


class CentrallyWeightedLearner(WeightedQMIXLearner):
    """Errors count fully where the target is above the value of what QMIX thinks best, or that was chosen."""

    def weighed(self, team: str, chosen: Choice, central: Choice, known: Tensor, target: Tensor) -> Tensor:
        """`bool[E, T]`."""
        best = chosen.inputs.detach().argmax(-1)
        with torch.no_grad():
            value = self.mixed(team, central.instead(best), name=_CENTRAL)
        same = ((best == chosen.action) | ~chosen.acts).all(-1)
        return (target > value) | same


def _rest(choice: Choice) -> tuple[Tensor, Tensor, Tensor]:
    return choice.action, choice.acts, choice.state


class OWQMIX(MixedByState):
    """See `WeightedQMIXParams`."""

    parameters = WeightedQMIXParams
    learner = WeightedQMIXLearner


class CWQMIX(MixedByState):
    """See `WeightedQMIXParams`."""

    parameters = WeightedQMIXParams
    learner = CentrallyWeightedLearner
