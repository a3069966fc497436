"""Action distributions: one per kind of action space, with a torch side for learning and a numpy side for playing."""

from marl.errors import UserError
from marl.space import Box, Discrete, MultiDiscrete, Space
from marl.training.networks.distributions.base import Distribution
from marl.training.networks.distributions.categorical import Categorical
from marl.training.networks.distributions.gaussian import Gaussian
from marl.training.networks.distributions.multi_categorical import MultiCategorical

__all__ = ["Categorical", "Distribution", "Gaussian", "MultiCategorical", "distribution"]


def distribution(action: Space) -> Distribution:
    """The distribution for an action space. Raises UserError where there is none."""
    match action:
        case Discrete(n):
            return Categorical(n)
        case MultiDiscrete(nvec):
            return MultiCategorical(nvec)
        case Box(dtype="float32" | "float64"):
            return Gaussian(action)
        case _:
            raise UserError(f"networks act in Discrete, MultiDiscrete and real Box spaces, and this one is {action}")
