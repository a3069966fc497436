"""QTRAN (base): a joint value without a limit is learned, and a sum of the agents' values is bound to its best choice.

At what the agents think best the sum must be the joint value, up to a term of the state, and nowhere may it be below:
then the best for each is the best for all, in any game in which that can be. Source: Son et al., "QTRAN: Learning to
factorize with transformation for cooperative multi-agent reinforcement learning", ICML 2019: theorem 1, and the losses
of section 3.3 (L_td, L_opt, L_nopt).
"""

from __future__ import annotations

from torch import Tensor, nn

from marl.training.learner import Stats, Tensors
from marl.training.team_choice import TeamShape
from marl_values.learner import MixedByState, ValuesLearner, played, told
from marl_values.mixers.joint import JointAction, StateValue
from marl_values.params import QTRANParams

_JOINT, _STATE = "joint", "state"


class QTRANLearner(ValuesLearner):
    """Three errors: of the joint value, and of the sum at what is best and at what was chosen."""

    hyper: QTRANParams

    def make_team_critics(self, shape: TeamShape) -> dict[str, nn.Module]:
        """See `JointAction` and `StateValue`; what agents act by is a sum."""
        return {_JOINT: JointAction(shape, self.hyper.joint), _STATE: StateValue(shape, self.hyper.joint)}

    def loss(self, module_id: str, batch: Tensors, inputs: Tensor, value: Tensor) -> tuple[Tensor, Stats]:
        """L_td + best_weight L_opt + other_weight L_nopt, means over steps."""
        valid, chosen = batch["valid"], played(batch, inputs)
        joint = self.mixed(module_id, chosen, name=_JOINT)
        later = self.mixed(module_id, self.following(module_id, batch, inputs), target=True, name=_JOINT)
        error = (joint - self.looked_ahead(batch, later.detach()))[valid]
        best = chosen.instead(chosen.inputs.detach().argmax(-1))
        offset = self.mixed(module_id, chosen, name=_STATE)
        at_best = best.values.sum(-1) - self.mixed(module_id, best, name=_JOINT).detach() + offset
        elsewhere = (chosen.values.sum(-1) - joint.detach() + offset).clamp(max=0)
        apart = at_best[valid].square().mean(), elsewhere[valid].square().mean()
        loss = error.square().mean() + self.hyper.best_weight * apart[0] + self.hyper.other_weight * apart[1]
        said = {"best_error": apart[0].detach(), "other_error": apart[1].detach()}
        return loss, {**told(batch, joint, error), **said}


class QTRAN(MixedByState):
    """See `QTRANParams`."""

    parameters = QTRANParams
    learner = QTRANLearner
