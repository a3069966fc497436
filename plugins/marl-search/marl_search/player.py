"""The player that AlphaZero leaves: its network, alone or with a search behind it."""

from __future__ import annotations

import numpy as np

from marl import rng
from marl.env import Environment, EnvSpec, Rows
from marl.errors import UserError
from marl.policy import Acts
from marl.snapshot import Snapshot
from marl.training.networks import saved
from marl.types import Array, Keys
from marl_search.game import searchable
from marl_search.networks import NetworkJudge, ZeroSum
from marl_search.params import PlayerParams
from marl_search.rules import PUCT
from marl_search.search import Search

NAME = "search/alphazero"


class AlphaZeroPlayer:
    """Plays a snapshot of AlphaZero. Positions that its search proves are played perfectly.

    Source: Silver et al., "A general reinforcement learning algorithm that masters chess, shogi, and Go through
    self-play", Science 2018.
    """

    def __init__(self, spec: EnvSpec, snapshot: Snapshot | None = None, params: PlayerParams | None = None) -> None:
        if snapshot is None or not snapshot.arrays:
            raise UserError(
                f"policy {NAME!r} needs a snapshot: name a run that trained one, or its file (search/mcts needs none)"
            )
        params, facts = params or PlayerParams(), ZeroSum(spec, NAME)
        networks, _ = saved.load(spec, Snapshot(saved.NAME, snapshot.arrays, snapshot.meta))
        self._judge, self._greedy = NetworkJudge(facts, networks), params.greedy
        rule = PUCT(params.exploration)
        self._search = Search(facts, rule, self._judge, params.simulations, prove=True) if params.simulations else None

    def memory(self, rows: int) -> None:
        """It remembers nothing."""
        return None

    def act(self, rows: Rows, memory: Array | None, keys: Keys) -> Acts:
        """The network alone, for each of K rows."""
        priors, value = self._judge.opinion(rows)
        action = priors.argmax(axis=1) if self._greedy else rng.choose(keys, priors)
        return Acts(action, np.log(priors[np.arange(len(rows)), action].astype(np.float64)), value)

    def search(self, rows: Rows, matches: Environment, keys: Keys) -> Acts:
        """Search for each of K rows, where there are simulations; what is proven is not left to chance."""
        if self._search is None:
            return self.act(rows, None, keys)
        found = self._search(rows, searchable(matches, NAME), keys)
        action = found.action
        if not self._greedy:
            drawn = rng.choose(keys, found.visits)
            action = np.where(found.certain, action, drawn)
        return Acts(action, np.zeros(len(rows)), found.value)
