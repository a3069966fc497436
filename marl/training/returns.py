"""Targets: what a value of now should have been, by rewards that followed and by values further on.

Sources: Sutton and Barto, "Reinforcement learning", 2nd edition, 2018: n-step returns (7.1), lambda-returns (12.2),
here with the greatest values in place of those of what was played, which is Peng's Q(lambda) (Peng and Williams,
"Incremental multi-step Q-learning", 1996; no correction for actions that were not the best).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class Steps:
    """What followed each of T steps, all of one shape `[..., T]`.

    `reward`: until the next step. `discount`: of what follows. `value`: of the next step, by who knows it; `known`:
    whether anybody does (who has no turn at it has none: what follows it counts then). `on`: whether there is a next
    step, and not only the end.
    """

    reward: Tensor
    discount: Tensor
    value: Tensor
    known: Tensor
    on: Tensor


def of_team(reward: Tensor, discount: Tensor, value: Tensor, valid: Tensor) -> Steps:
    """The steps `[E, T]` of a team, whose value is known at all of them. `valid`: which there are."""
    return Steps(reward, discount, value, torch.ones_like(valid), F.pad(valid, (0, 1))[..., 1:])


def returns(steps: Steps, n_step: int = 1, trace: float = 0.0) -> Tensor:
    """The target of every step, `[..., T]`.

    With `trace`: `G_t = r_t + d_t ((1 - trace) v_t + trace G_(t+1))`. Without: `n_step` rewards, then a value; fewer
    where a match is over before.
    """
    on = steps.on
    if trace:
        return _back(steps, steps.value, on * torch.where(steps.known, trace, 1.0))
    skip = on & ~steps.known
    result = _back(steps, steps.value, skip.float())
    for _ in range(n_step - 1):
        following = torch.where(on & steps.known, F.pad(result, (0, 1))[..., 1:], steps.value)
        result = _back(steps, following, skip.float())
    return result


def _back(steps: Steps, value: Tensor, keep: Tensor) -> Tensor:
    """`G_t = r_t + d_t ((1 - k_t) v_t + k_t G_(t+1))`, from the last step to the first."""
    base = torch.addcmul(steps.reward, steps.discount * (1 - keep), value)
    if not keep.any():
        return base
    passed, result = (steps.discount * keep).unbind(-1), list(base.unbind(-1))
    for step in range(len(result) - 2, -1, -1):
        result[step] = torch.addcmul(result[step], passed[step], result[step + 1])
    return torch.stack(result, -1)
