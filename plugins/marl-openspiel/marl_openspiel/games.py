"""One attribute a game: `marl_openspiel.games:kuhn_poker` makes Kuhn poker (and `_2048` makes 2048).

Any other game string: `any_game`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from marl_openspiel.environment import OpenSpielEnvironment
from marl_openspiel.params import AnyGameParams, GameParams, load, load_string


def make(name: str, /, lanes: int, params: GameParams | None = None) -> OpenSpielEnvironment:
    """The game called `name`; raises UserError for what OpenSpiel cannot load."""
    params = params or GameParams()
    return OpenSpielEnvironment(load(name, params.parameters), lanes, params.observation)


def any_game(lanes: int, params: AnyGameParams | None = None) -> OpenSpielEnvironment:
    """The game of an OpenSpiel game string, such as `"misere(game=tic_tac_toe())"`."""
    params = params or AnyGameParams()
    return OpenSpielEnvironment(load_string(params.game), lanes, params.observation)


def __getattr__(name: str) -> Callable[..., OpenSpielEnvironment]:
    if name.startswith("__"):
        raise AttributeError(name)
    return partial(make, name.removeprefix("_"))
