"""Monte Carlo tree search as a policy: plain UCT with random playouts, for any number of sides."""

from __future__ import annotations

import numpy as np

from marl.env import Environment, EnvSpec, Rows
from marl.errors import UserError
from marl.policy import Acts
from marl.snapshot import Snapshot
from marl.types import Array, Keys
from marl_search.game import Facts, searchable
from marl_search.params import MCTSParams
from marl_search.playouts import Playouts
from marl_search.rules import UCT
from marl_search.search import Search

NAME = "search/mcts"


class MCTS:
    """Searches anew for every move, and plays what it tried most often; what is proven is played perfectly.

    Each side wants most for itself, whatever others get (max^n). Source: Kocsis and Szepesvari, ECML 2006; Browne et
    al., "A survey of Monte Carlo tree search methods", 2012.
    """

    def __init__(self, spec: EnvSpec, snapshot: Snapshot | None = None, params: MCTSParams | None = None) -> None:
        params, facts = params or MCTSParams(), Facts(spec, NAME)
        self._search = Search(facts, UCT(params.exploration), Playouts(facts), params.simulations, prove=True)

    def memory(self, rows: int) -> None:
        """It remembers nothing."""
        return None

    def act(self, rows: Rows, memory: Array | None, keys: Keys) -> Acts:
        """Raises UserError: what it sees of a match is not enough to search it."""
        raise UserError(f"{NAME} searches the match itself, and was shown no more than a player sees of it")

    def search(self, rows: Rows, matches: Environment, keys: Keys) -> Acts:
        """Search for each of K rows; the playouts of a row follow from its key. `logp` is 0: a search has none."""
        found = self._search(rows, searchable(matches, NAME), keys)
        return Acts(found.action, np.zeros(len(rows)), found.value)
