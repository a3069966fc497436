"""What the plugin registers. Importing this file imports neither numpy nor torch."""

from __future__ import annotations

from collections.abc import Iterable

from marl.registry import Descriptor, hookimpl

MARL_API = ">=2,<3"


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
