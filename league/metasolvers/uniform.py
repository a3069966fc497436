"""The uniform mixture: every player counts alike, however strong.

With exact best responses, PSRO under it is fictitious play: the average of all best responses so far, repeated ones as
often as they came. Source: Brown, "Iterative solution of games by fictitious play", 1951; in extensive form Heinrich,
Lanctot and Silver, ICML 2015.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from league.payoffs import Payoffs
from marl.types import Floats


class Uniform:
    """Weighs the players of a side alike."""

    def __call__(self, payoffs: Payoffs) -> Sequence[Floats]:
        """`1 / n` for each of the n players of a side."""
        return [np.full(n, 1.0 / n) for n in payoffs.sizes]
