"""What is logged of channels: their means, what they add to the sum, and whose its variance is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from marl.reward import LOGGED
from marl.training.composition.config import TOTAL
from marl.types import Floats


def logged(
    raw: Sequence[Mapping[str, Floats]], terms: Sequence[Mapping[str, Floats]], totals: Sequence[Floats]
) -> dict[str, float]:
    """What is logged of an update: the mean of every channel as it is made; of every term of the sum, its mean
    (`paid`) and which share of the variance of the sum is its own (`share`); and the mean of what was paid.

    A share is `cov(term, sum) / var(sum)`: shares add up to 1, and one is negative where a term works against the sum.
    """
    means = {name: float(np.concatenate([one[name] for one in raw]).mean()) for name in raw[0]}
    whole = {name: np.concatenate([one[name] for one in terms]) for name in terms[0]}
    total = np.concatenate(totals)
    added = sum(whole.values(), np.zeros(len(total)))
    apart = added - added.mean()
    variance = float(apart @ apart)
    stats = {f"{LOGGED}{name}": mean for name, mean in {**means, TOTAL: float(total.mean())}.items()}
    for name, term in whole.items():
        mean = float(term.mean())
        stats[f"{LOGGED}{name}.paid"] = mean
        stats[f"{LOGGED}{name}.share"] = float((term - mean) @ apart) / variance if variance > 0 else 0.0
    return stats
