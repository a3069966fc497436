"""Whom to meet how often, by one's chances to win: the weightings of prioritised fictitious self-play.

Source: Vinyals et al., "Grandmaster level in StarCraft II using multi-agent reinforcement learning", Nature 575 (2019),
section "Prioritized fictitious self-play", and its pseudocode.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np

from marl.types import Floats

Weighting: TypeAlias = Literal["hard", "variance", "linear", "capped"]


def weights(weighting: Weighting, chance: Floats, power: float = 2.0) -> Floats:
    """What opponents weigh, `float64[n]`, by one's chances to beat them, `[n]`; they need not sum to 1.

    `hard`: `(1 - x)^power`; `variance`: `x (1 - x)`, who is as good as oneself; `linear`: `1 - x`; `capped`: that, but
    1/2 at most.
    """
    match weighting:
        case "hard":
            return np.asarray((1 - chance) ** power)
        case "variance":
            return np.asarray(chance * (1 - chance))
        case "linear":
            return np.asarray(1 - chance)
        case "capped":
            return np.asarray(np.minimum(0.5, 1 - chance))


def shares(weighting: Weighting, chance: Floats, power: float = 2.0) -> Floats:
    """The same as a distribution; uniform where nobody weighs anything."""
    given = weights(weighting, chance, power)
    return np.asarray(given / given.sum() if given.sum() > 1e-10 else np.full(len(given), 1.0 / len(given)))


def chances(returns: Floats, win: float) -> Floats:
    """Chances to win, 0 to 1, by mean returns from -win to win; 1/2 where nothing was played."""
    return np.clip((1 + np.nan_to_num(returns / win, nan=0.0)) / 2, 0.0, 1.0)
