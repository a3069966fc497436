"""The base of games whose actions are all legal, and which pay nothing when they are over."""

from __future__ import annotations

import numpy as np

from marl.types import Bools, Floats


class Plain:
    """The sizes of a game. `layout`: how states lie in a picture, a line unless said otherwise."""

    def __init__(
        self,
        populations: tuple[str, ...],
        states: int,
        actions: int,
        horizon: int,
        initial: Floats,
        layout: tuple[int, ...] | None = None,
    ) -> None:
        self.populations, self.states, self.actions, self.horizon = populations, states, actions, horizon
        self.initial, self.layout = initial, layout or (states,)
        self.legal: Bools | None = None

    def final(self, distribution: Floats) -> Floats:
        """Nothing."""
        return np.zeros_like(distribution)
