"""What all algorithms here are made of, but for the learner: recorded matches, own turn by own turn."""

from __future__ import annotations

from typing import ClassVar

from marl.training.algorithm import RLlibAlgorithm
from marl.training.experience import Experience
from marl.training.experience.transitions import Transitions
from marl.training.feasible import Data


class Offline(RLlibAlgorithm):
    """Each network learns from its agents' own logs; with `sharing: none`, each agent from its own alone."""

    experience: ClassVar[type[Experience]] = Transitions
    data: ClassVar[Data] = "recorded"
