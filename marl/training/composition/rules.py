"""What several channels are together, row by row.

- `sum`: where each may stand in for the others.
- `product`: each scales the others, and two losses make a gain; for parts that are not negative, such as shares.
- `geometric`: Kinesthetic Reward Combination: `sgn * (prod |r_i|) ** (1/n)`, where `sgn` is 1 if no part is negative,
  else -1. All must be good at once, as with a logical "and", and the result has the size of a part. It is farmed by
  nobody who is good at one of them only.
- `min`: the worst of them: what to work on next; of several models of one reward, what all agree upon.
- `cautious`: their mean less `caution` times their variance: for several models of one reward, which are trusted as far
  as they agree.

Source of `geometric`: Moschopoulos, Kyriakidis, Lazaridis, Vlahavas, "Lucy-SKG: learning to play Rocket League
efficiently using deep reinforcement learning", 2023 (arXiv:2305.15801), equation 2; where a part is 0, so is the
result, whatever the sign. The authors' code (`OffensivePotentialReward`) has 1 where all parts are at least 0, as here.
Source of `min` and `cautious` for ensembles: Coste, Anwar, Kirk, Krueger, "Reward model ensembles help mitigate
overoptimization", ICLR 2024 (arXiv:2310.02743), section 3 (worst-case and uncertainty-weighted optimization).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from marl.types import Floats


def geometric(parts: Sequence[Floats]) -> Floats:
    """Kinesthetic Reward Combination of n parts `float64[K]`."""
    size = np.ones_like(parts[0])
    for part in parts:
        size *= np.abs(part) ** (1.0 / len(parts))  # roots first: products of many small numbers would vanish
    bad = np.logical_or.reduce([part < 0 for part in parts])
    return np.where(bad & (size > 0), -size, size)


def cautious(parts: Sequence[Floats], caution: float = 1.0) -> Floats:
    """The mean of n parts `float64[K]` less `caution` times their variance (over n, not n - 1)."""
    stacked = np.stack(parts)
    return np.asarray(stacked.mean(axis=0) - caution * stacked.var(axis=0))


RULES: dict[str, Callable[[Sequence[Floats]], Floats]] = {
    "sum": lambda parts: np.add.reduce(list(parts)),
    "product": lambda parts: np.multiply.reduce(list(parts)),
    "geometric": geometric,
    "min": lambda parts: np.minimum.reduce(list(parts)),
    "cautious": cautious,
}


def combined(by: str, parts: Sequence[Floats], caution: float | None = None) -> Floats:
    """Channels `float64[K]` as one; `by` is one of `RULES`, `caution` that of `cautious`."""
    return RULES[by](parts) if caution is None else cautious(parts, caution)
