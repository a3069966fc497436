"""One attribute a game: `marl_openspiel.games:kuhn_poker` makes Kuhn poker (and `_2048` makes 2048).

Any other game string: `any_game`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from marl_openspiel.environment import OpenSpielEnvironment
from marl_openspiel.params import load, load_string


def make(
    name: str, /, lanes: int, parameters: Mapping[str, Any] | None = None, observation: str = "auto"
) -> OpenSpielEnvironment:
    """The game called `name` with OpenSpiel's own `parameters`; raises UserError for what OpenSpiel cannot load."""
    return OpenSpielEnvironment(load(name, parameters or {}), lanes, observation)


def any_game(lanes: int, game: str = "tic_tac_toe()", observation: str = "auto") -> OpenSpielEnvironment:
    """The game of an OpenSpiel game string, such as `"misere(game=tic_tac_toe())"`."""
    return OpenSpielEnvironment(load_string(game), lanes, observation)


def __getattr__(name: str) -> Callable[..., OpenSpielEnvironment]:
    if name.startswith("__"):
        raise AttributeError(name)
    return partial(make, name.removeprefix("_"))
