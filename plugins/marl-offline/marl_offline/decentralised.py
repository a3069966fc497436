"""Decentralised Q-learning from logs: each agent learns from its own, and expects others to do their part.

In an agent's own log, what comes of a choice depends on what the others did then, who play otherwise once they have
learned. So the outcomes of a choice, what was paid and what was seen next, are weighed anew. *Transition normalisation*
counts all outcomes that ever came of it alike, however often they did: `1 / P(outcome | s, a)`. *Value deviation* makes
those more probable that turned out better than expected: `1 + clip((y - E y) / |E y|, -value_deviation,
value_deviation)`, with `y = r + discount V(s')`, and `E y` the mean of `y` over outcomes that count alike. The weights
are those of the squared errors of conservative Q-learning, whose minimum is then the mean under the altered
probabilities. They need no joint actions, no state, and no log of anybody else.

`P` is counted: outcomes are told apart by what is seen and paid, rounded, in hashed tables that are part of every
checkpoint. Where nothing is ever seen twice, all outcomes count alike already.

Source: Jiang and Lu, "Offline decentralized multi-agent reinforcement learning", arXiv:2108.01832, for the two weights.
How they are estimated is of this file: the counts, that rewards are a part of the outcome, and a critic for `E y`.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from marl import rng
from marl.training.learner import Stats, Tensors
from marl.training.networks import Network
from marl.training.networks.critic import Critics
from marl_offline.cql import CQL, CQLLearner
from marl_offline.params import DecentralisedParams


class DecentralisedLearner(CQLLearner):
    """Conservative Q-learning whose transitions are weighed."""

    hyper: DecentralisedParams

    def make_critics(self, module_id: str, network: Network) -> dict[str, nn.Module]:
        """What is expected of each choice, outcomes counting alike."""
        return {"expected": Critics(network, 1)}

    def prepare(self, module_id: str, columns: Tensors) -> Tensors:
        """The weight of each row, `[K]`, what came of it, and how rare that is."""
        outcome, action = self._outcome(module_id, columns), columns["action"].long()[:, None]
        rare = self._rareness(module_id, columns) if self.hyper.transition_normalisation else torch.ones_like(outcome)
        with torch.no_grad():
            expected = self.critics[module_id]["expected"](columns["observation"])[0].gather(1, action)[:, 0]
            deviation = (outcome - expected) / expected.abs().clamp(min=1e-6)
        most = self.hyper.value_deviation
        return {"weight": rare * (1 + deviation.clamp(-most, most)), "outcome": outcome, "rare": rare}

    def loss(self, module_id: str, batch: Tensors, inputs: Tensor, value: Tensor) -> tuple[Tensor, Stats]:
        """All columns `[K]`."""
        loss, stats = super().loss(module_id, batch, inputs, value)
        said = self.critics[module_id]["expected"](batch["observation"])[0]
        error = said.gather(1, batch["action"].long()[:, None])[:, 0] - batch["outcome"]
        return loss + 0.5 * (batch["rare"] * error.square()).mean(), {**stats, "weight": batch["weight"].mean()}

    def _outcome(self, module_id: str, columns: Tensors) -> Tensor:
        """What came of each row: what was paid, and what the best that could follow is worth, `[K]`."""
        following = {"observation": columns["next_observation"], "mask": columns.get("next_mask")}
        later = self.inputs(module_id, following, self.target(module_id)).amax(1)
        result: Tensor = columns["reward"] + columns["discount"] * later
        return result

    def _rareness(self, module_id: str, columns: Tensors) -> Tensor:
        """`1 / P(outcome | s, a)`, over its mean: so that all outcomes of a choice count alike, `[K]`."""
        size, past = self.hyper.buckets, self.past.setdefault(module_id, {})
        tables = [past.setdefault(name, torch.zeros(size, device=self._device)) for name in _TABLES]
        choices, outcomes, kinds = tables
        choice = self._hashed(columns["observation"], columns["action"])
        after = self._hashed(columns["next_observation"], columns["reward"], columns["discount"])
        outcome = rng.mix(choice, after)
        one, other = (torch.from_numpy((key % np.uint64(size)).astype(np.int64)) for key in (choice, outcome))
        first = torch.from_numpy(np.unique(other.numpy(), return_index=True)[1])
        new = first[outcomes[other[first]] == 0]
        kinds.index_add_(0, one[new], torch.ones(len(new)))
        for table, key in ((choices, one), (outcomes, other)):
            table.index_add_(0, key, torch.ones(len(key)))
        return choices[one] / (outcomes[other] * kinds[one])

    def _hashed(self, *parts: object) -> np.ndarray:
        """A key for each row, equal where all numbers are equal after rounding, `uint64[K]`."""
        keys = []
        for leaf in (leaf for part in parts for leaf in _leaves(part)):
            numbers = np.round(leaf.reshape(len(leaf), -1).astype(np.float64) / self.hyper.resolution).astype(np.int64)
            places = rng.mix(len(keys), np.arange(numbers.shape[1])).view(np.int64)
            with np.errstate(over="ignore"):
                keys.append((numbers * places).sum(axis=1).view(np.uint64))
        return rng.mix(*keys)


_TABLES = ("choices", "outcomes", "kinds")  # how often: a choice, an outcome of it; and how many outcomes it has


def _leaves(part: object) -> list[np.ndarray]:
    """The arrays of a tree of tensors."""
    if isinstance(part, dict):
        return [leaf for key in sorted(part) for leaf in _leaves(part[key])]
    assert isinstance(part, Tensor)
    return [part.cpu().numpy()]


class Decentralised(CQL):
    """See `DecentralisedParams`."""

    parameters = DecentralisedParams
    learner = DecentralisedLearner
