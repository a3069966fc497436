"""How NFSP gathers: in each match, each agent plays its best response (now and then) or its average policy."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from marl import rng
from marl.env import EnvSpec, Rows
from marl.policy import Acts
from marl.training.behaviour.epsilon_greedy import EpsilonGreedy
from marl.training.model import Sharing
from marl.training.networks import Network, NetworkPolicy
from marl.types import Array, Keys

_UNDECIDED, _BEST, _AVERAGE = np.float32(0), np.float32(1), np.float32(2)  # what an agent remembers in a match
_MODE = 3  # which number of a key decides it; the first ones are drawn by the policies


class NFSPPlayer(NetworkPolicy):
    """Two policies in one. `networks` are the average policy's: they are what its snapshots hold.

    `best`: networks that value actions, by the same ids. An agent plays these, epsilon-greedily, in a share `eta` of
    its matches: it decides at its first turn, and remembers it. What a best response thinks a state is worth goes with
    its actions; those of the average policy have no value (NaN), and so both can be told apart.
    """

    def __init__(
        self,
        spec: EnvSpec,
        networks: Mapping[str, Network],
        best: Mapping[str, Network],
        sharing: Sharing,
        eta: float,
    ) -> None:
        super().__init__(spec, networks, sharing)
        self.best, self.eta = NetworkPolicy(spec, best, sharing, EpsilonGreedy()), eta

    def memory(self, rows: int) -> Array:
        """Nothing is decided, `float32[rows, 1]`."""
        return np.full((rows, 1), _UNDECIDED, dtype=np.float32)

    def act(self, rows: Rows, memory: Array | None, keys: Keys) -> Acts:
        """See `Policy.act`. `memory`: `float32[K, 1]`."""
        assert memory is not None, "whoever asks it keeps its memory"
        drawn = np.where(rng.uniform(keys, _MODE) < self.eta, _BEST, _AVERAGE)
        mode = np.where(memory[:, 0] == _UNDECIDED, drawn, memory[:, 0])
        self.best.coefficients = self.coefficients
        modes = [(np.flatnonzero(mode == _BEST), self.best.act), (np.flatnonzero(mode == _AVERAGE), super().act)]
        parts = [(where, act(rows.take(where), None, keys[where])) for where, act in modes if len(where)]
        action = np.empty((len(rows),), dtype=parts[0][1].action.dtype)
        logp, value = np.empty(len(rows)), np.full(len(rows), np.nan)
        for where, acts in parts:
            action[where], logp[where] = acts.action, acts.logp
            if mode[where[0]] == _BEST:
                value[where] = acts.value
        return Acts(action, logp, value, mode[:, None].astype(np.float32))
