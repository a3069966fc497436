"""Episodic novelty: what an agent sees for the n-th time in a match pays `1 / sqrt(n)`.

Why: counts over all matches fade, and what is left pays for nothing; counts within a match pay for going somewhere else
in every match, for ever. Together (`combine: {by: product}`) they are the two time scales of Never Give Up.
A match is counted as far as an update has it: one that goes on over several updates begins anew in each, so give
updates more rows a lane than a match has turns.
Source: the count form of the episodic bonus: Badia et al., "Never give up: learning directed exploration strategies",
ICLR 2020 (arXiv:2002.06038), equation 2; Henaff et al., "Exploration via elliptical episodic bonuses", NeurIPS 2022
(arXiv:2210.05805), on episodic counts.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from marl.env import EnvSpec
from marl.reward import Channels, Window
from marl_rewards.cells import Cells
from marl_rewards.counts import Params


class Episodic:
    """One channel, from 1 (new in this match) down, for each agent by itself."""

    channels: ClassVar = {"new": "one over the root of how often the agent saw it in this match"}

    def __init__(self, spec: EnvSpec, params: Params | None = None) -> None:
        params = params or Params()
        self.cells = [Cells(group.observation, params.resolution) for group in spec.groups]

    def __call__(self, window: Window) -> Channels:
        """`new`, `float64[K]`; 0 where nothing was seen afterwards."""
        rows = window.rows
        cell = self.cells[rows.group](window.next_observation)
        life = rows.lives()
        order = np.lexsort((rows.tick, cell, life))
        sorted_life, sorted_cell = life[order], cell[order]
        same = (sorted_life[1:] == sorted_life[:-1]) & (sorted_cell[1:] == sorted_cell[:-1])
        place = np.arange(len(order))
        start = np.maximum.accumulate(np.where(np.append(False, same)[: len(order)], 0, place))
        visits = np.empty(len(order))
        visits[order] = place - start + 1.0
        return {"new": np.where(window.followed, 1 / np.sqrt(visits), 0.0)}
