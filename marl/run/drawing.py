"""Who draws a match, as it is typed on a command line."""

from __future__ import annotations

from marl.drawer import Drawer
from marl.drawers.drawn import Drawn
from marl.env import Environment
from marl.errors import UserError
from marl.registry import DRAWERS, Component, Registry
from marl.run.players import parameters


def drawer_of(text: str, environment: Environment, registry: Registry) -> Drawer:
    """The drawer `"marl/state columns=8"` of this environment, or the environment itself where nothing is typed.

    Raises UserError for a drawer that there is not, for wrong parameters, and where it does not draw this environment.
    """
    if not text:
        return environment
    name, given = parameters(text)
    full = registry.find(DRAWERS, name).full_name
    drawn = Drawn(Component(full, registry.validate(DRAWERS, full, given)), environment, registry)
    if drawn.problem:
        raise UserError(f"--drawer: the matches are {drawn.problem}")
    return drawn
