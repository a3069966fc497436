"""What the plugin registers. Importing this file imports neither numpy nor torch."""

from __future__ import annotations

from collections.abc import Iterable

from marl.registry import Descriptor, hookimpl

MARL_API = ">=2,<3"


@hookimpl
def marl_algorithms() -> Iterable[Descriptor]:
    """Algorithms that learn by looking ahead."""
    yield Descriptor(
        "alphazero",
        "marl_search.alphazero:AlphaZero",
        "self-play whose searches teach the network that guides them, in games of two without chance and secrets",
        params="marl_search.params:AlphaZeroParams",
        source="Silver et al., Science 2018",
        tags=("networks", "replay", "search"),
    )


@hookimpl
def marl_policies() -> Iterable[Descriptor]:
    """Players that look ahead."""
    yield Descriptor(
        "mcts",
        "marl_search.mcts:MCTS",
        "Monte Carlo tree search: UCT with random playouts, in games without chance and secrets",
        params="marl_search.params:MCTSParams",
        source="Kocsis and Szepesvari, ECML 2006",
        tags=("search", "scripted"),
    )
    yield Descriptor(
        "alphazero",
        "marl_search.player:AlphaZeroPlayer",
        "what AlphaZero learned: its network, alone or with a search behind it",
        params="marl_search.params:PlayerParams",
        source="Silver et al., Science 2018",
        tags=("networks", "search"),
    )
