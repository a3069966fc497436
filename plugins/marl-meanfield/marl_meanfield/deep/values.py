"""Deep Q-learning of what actions are worth in the life of one agent, while a population goes as a flow says."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Tensor

from marl_meanfield.deep.network import Learner, Sight, batches
from marl_meanfield.deep.params import QParams
from marl_meanfield.deep.sampling import Lives

Worth: TypeAlias = Callable[[Tensor, Tensor], Tensor]  # values `[n, A]` and rows `[n]` to what states are worth, `[n]`
CLOSER = 0.05  # how far the target network goes towards the other in a step


@dataclass(frozen=True)
class Task:
    """Fit values to `reward + worth(after)`; both `[n]` rows of lives, with what is added to each reward, `[n]`.

    `scale`: what the network's answers are multiplied by, so that they are of the size of 1.
    """

    lives: Lives
    added: Tensor | float
    scale: float


def fit(learner: Learner, sight: Sight, task: Task, worth: Worth, params: QParams, number: int, what: int) -> None:
    """So many steps of deep Q-learning, with a target network that follows slowly."""
    lives, target = task.lives, copy.deepcopy(learner.net).requires_grad_(False)
    row, after, action = (torch.from_numpy(one.reshape(-1)) for one in (lives.row, lives.after, lives.action))
    paid = (torch.from_numpy(lives.reward.reshape(-1)) + task.added).float()
    ends = torch.zeros(lives.row.shape, dtype=torch.bool)
    ends[-1] = True
    last = torch.zeros(lives.row.shape)
    last[-1] = torch.from_numpy(lives.last)
    ends, last = ends.reshape(-1), last.reshape(-1)
    for drawn in batches(params.seed, number, what, len(row), params.batch, params.steps):
        with torch.no_grad():
            values = target(sight.seen[after[drawn]]) * task.scale
            aim = paid[drawn] + torch.where(ends[drawn], last[drawn], worth(values, after[drawn]))
        said = learner.net(sight.seen[row[drawn]]).gather(1, action[drawn][:, None])[:, 0]
        learner.fit(torch.nn.functional.smooth_l1_loss(said, aim / task.scale))
        with torch.no_grad():
            for theirs, ours in zip(target.parameters(), learner.net.parameters(), strict=True):
                theirs.lerp_(ours, CLOSER)
