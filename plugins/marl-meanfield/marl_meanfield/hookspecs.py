"""The hooks that the plugin adds to `marl`: games and solvers, of this plugin or of others. See docs/mean-field.md."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from marl.registry import Descriptor, Kind, hookspec

if TYPE_CHECKING:
    from marl_meanfield.game import MeanFieldGame
    from marl_meanfield.solver import Solver

GAMES: Kind[MeanFieldGame] = Kind("games", "marl_meanfield.game:MeanFieldGame")
SOLVERS: Kind[Solver] = Kind("solvers", "marl_meanfield.solver:Solver")


@hookspec
def meanfield_games() -> Iterable[Descriptor]:
    """Mean-field games.

    A target is called as `target(params: P)` and gives a `marl_meanfield.game.MeanFieldGame`.
    """
    return []


@hookspec
def meanfield_solvers() -> Iterable[Descriptor]:
    """Solvers of mean-field games.

    A target is called as `target(params: P)` and gives a `marl_meanfield.solver.Solver`.
    """
    return []
