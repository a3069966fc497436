"""How channels become one reward: what a scenario may say of them, and what becomes of the numbers."""

from marl.training.composition.config import GAME, TOTAL, Combination, RewardConfig, Schedule
from marl.training.composition.constraint import Constraint
from marl.training.composition.rules import combined
from marl.training.composition.zero_sum import balanced, check_zero_sum

__all__ = [
    "GAME",
    "TOTAL",
    "Combination",
    "Constraint",
    "RewardConfig",
    "Schedule",
    "balanced",
    "check_zero_sum",
    "combined",
]
