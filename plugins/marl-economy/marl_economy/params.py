"""The parameters of the algorithm; who reads a scenario imports no torch."""

from __future__ import annotations

from dataclasses import dataclass

from marl.training.hyper import linear, not_negative, share
from marl_rllib.params import PPOParams


@dataclass(kw_only=True)
class TwoLevelParams(PPOParams):
    """Hyper-parameters of PPO for two levels: what stands here without `leader` is for everybody else."""

    leader: str = "planner"
    """The group that leads: it learns later, and on a schedule of its own."""
    leader_start: float = 0.3
    """The part of the horizon in which it does not learn: it plays as its first network does, nearly at random."""
    leader_lr: float = 1e-4
    """Adam's learning rate of the leader, from then on."""
    leader_entropy: float = 0.5
    """The weight of the leader's entropy bonus, when it begins to learn."""
    leader_entropy_end: float = 0.01
    """Where that goes, in a straight line over the rest of the horizon."""

    def __post_init__(self) -> None:
        super().__post_init__()
        share(self, "leader_start")
        not_negative(self, "leader_lr", "leader_entropy", "leader_entropy_end")

    def coefficients(self, progress: float) -> dict[str, float]:
        """What there is besides, `leader_lr` and `leader_entropy_weight`."""
        gone = (progress - self.leader_start) / max(1.0 - self.leader_start, 1e-9)
        weight = linear(self.leader_entropy, self.leader_entropy_end, min(max(gone, 0.0), 1.0))
        rate = self.leader_lr if progress >= self.leader_start and self.leader_start < 1 else 0.0
        return {**super().coefficients(progress), "leader_lr": rate, "leader_entropy_weight": weight}
