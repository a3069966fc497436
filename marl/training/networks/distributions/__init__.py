"""Action distributions: one per kind of action space, with a torch side for learning and a numpy side for playing."""

from typing import cast

from marl.errors import UserError
from marl.space import Box, Discrete, MultiDiscrete, Space
from marl.training.networks.distributions.base import Distribution
from marl.training.networks.distributions.categorical import Categorical
from marl.training.networks.distributions.gaussian import Gaussian
from marl.training.networks.distributions.greedy import Greedy
from marl.training.networks.distributions.multi_categorical import MultiCategorical
from marl.training.networks.distributions.squashed import Squashed
from marl.training.networks.heads import Heads

__all__ = ["Categorical", "Distribution", "Gaussian", "MultiCategorical", "Squashed", "distribution"]


def distribution(action: Space, heads: Heads | None = None) -> Distribution:
    """The distribution for an action space (with these heads). Raises UserError where there is none."""
    policy = (heads or Heads()).policy
    if policy in ("values", "duelling"):
        if not isinstance(action, Discrete):
            raise UserError(f"an algorithm that values actions needs Discrete ones, and these are {action}")
        return cast(Distribution, Greedy(Categorical(action.n)))
    if policy == "squashed" and isinstance(action, Box) and action.dtype in ("float32", "float64"):
        return Squashed(action)
    match action:
        case Discrete(n):
            return Categorical(n)
        case MultiDiscrete(nvec):
            return MultiCategorical(nvec)
        case Box(dtype="float32" | "float64"):
            return Gaussian(action)
        case _:
            raise UserError(f"networks act in Discrete, MultiDiscrete and real Box spaces, and this one is {action}")
