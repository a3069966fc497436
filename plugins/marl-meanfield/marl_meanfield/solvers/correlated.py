"""Correlated equilibria by mean-field PSRO: nobody gains by another policy than the one that the device tells him.

Each step adds, for every policy that may be told, the best one instead of it. See `coarse_correlated`.

Source: Muller et al., Learning equilibria in mean-field games: introducing mean-field PSRO, AAMAS 2022
(arXiv:2111.08350), and Learning correlated equilibria in mean-field games, 2022 (arXiv:2208.10138).
"""

from __future__ import annotations

from marl_meanfield.solvers import coarse_correlated

Params = coarse_correlated.Params


class Correlated(coarse_correlated.CoarseCorrelated):
    """The same device, held to more: see the module."""

    gap_of = "CE gap"
    name = "meanfield/correlated"
    swaps = True
