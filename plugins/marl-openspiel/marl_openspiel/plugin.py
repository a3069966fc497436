"""What the plugin registers: one environment a game, and `openspiel/game` for any other game string."""

from __future__ import annotations

from collections.abc import Iterable

from marl.registry import Descriptor, hookimpl
from marl_openspiel.catalogue import listed

MARL_API = ">=2,<3"
_SOURCE = "OpenSpiel (arXiv:1908.09453)"


@hookimpl
def marl_environments() -> Iterable[Descriptor]:
    """One descriptor for each game of the checked-in catalogue; OpenSpiel itself is not imported."""
    for game in listed():
        yield Descriptor(
            game.name,
            f"marl_openspiel.games:{game.name if game.name.isidentifier() else '_' + game.name}",
            game.summary,
            params="marl_openspiel.params:GameParams",
            source=_SOURCE,
            tags=game.tags,
        )
    yield Descriptor(
        "game",
        "marl_openspiel.games:any_game",
        "Any OpenSpiel game by its game string, such as 'misere(game=tic_tac_toe())'",
        params="marl_openspiel.params:AnyGameParams",
        source=_SOURCE,
    )


@hookimpl
def marl_policies() -> Iterable[Descriptor]:
    """Search, as a scale for what was learned."""
    yield Descriptor(
        "mcts",
        "marl_openspiel.mcts:MCTS",
        "Monte Carlo tree search with random playouts, for Connect Four",
        params="marl_openspiel.mcts:MCTSParams",
        source="Kocsis and Szepesvari, Bandit based Monte-Carlo planning, ECML 2006",
        tags=("scripted", "search"),
    )
