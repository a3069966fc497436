"""Hindsight PRIOR: a preference model whose reward goes to the turns that mattered for how a segment went on.

Why: that a segment is better does not say which of its turns made it so. A world model with attention learns to predict
what is seen next from all turns so far; how much it attends to a turn at the end of a segment is how important that
turn was, in hindsight. Beside what the judge says, the predicted return of a segment is shared out among its turns by
importance, and each turn's reward is drawn towards its share:

    importance_t = mean over layers of (attention of the last turn to what was seen at t + to what was done at t)
    loss = cross-entropy + prior * mean of (reward_t - importance_t * sum of rewards)^2

It is a prior: where what is decisive is not what the future depends on, it misleads.
Source: Verma, Metcalf, "Hindsight PRIORs for reward learning from human preferences", ICLR 2024 (arXiv:2404.08828); the
formulas as in a public re-implementation, for the paper itself could not be had. From it this differs: the return is
held fixed where it is shared out, attention has one head, and the world model goes by squared errors: by absolute ones,
as there, it does not come to attend to what is rare.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from marl.env import EnvSpec, Group
from marl.types import Array
from marl_rewards.encode import width
from marl_rewards.preferences.model import Fitted, Pairs
from marl_rewards.preferences.played import Played, Studying, StudyingModel, StudyParams
from marl_rewards.preferences.segments import size


@dataclass(kw_only=True)
class HindsightPriorParams(StudyParams):
    """Whom to ask, how often, and how to learn from it and from what was played."""

    prior: float = 1.0
    """What it weighs that rewards are as important as turns, beside what the judge says."""
    layers: int = 1
    """Layers of attention of the world model."""
    width: int = 32
    """Their width."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.prior < 0:
            raise ValueError(f"prior must not be negative, but it is {self.prior}")
        if min(self.layers, self.width) < 1:
            raise ValueError(f"layers and width must be at least 1, not {self.layers} and {self.width}")


class HindsightPrior(Studying):
    """See `BradleyTerry`; `studied` is the mean error of the world models."""

    def __init__(self, spec: EnvSpec, params: HindsightPriorParams | None = None) -> None:
        super().__init__(spec, params or HindsightPriorParams())

    def model(self, group: Group, seed: int) -> PriorModel:
        """A new model."""
        return PriorModel(size(group), width(group.observation), cast(HindsightPriorParams, self.params), seed)


class Layer(nn.Module):
    """Attention to what is not later, then a dense layer, each added to what was there (one head)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(width, 1, batch_first=True)
        self.before, self.between = nn.LayerNorm(width), nn.LayerNorm(width)
        self.dense = nn.Sequential(nn.Linear(width, 2 * width), nn.ReLU(), nn.Linear(2 * width, width))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Of `[B, L, E]`: the same again, and who attended to whom, `[B, L, L]`."""
        later = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).triu(1)
        normed = self.before(x)
        found, weights = self.attention(normed, normed, normed, attn_mask=later)
        x = x + found
        return x + self.dense(self.between(x)), weights


class WorldModel(nn.Module):
    """What is seen next, from all that was seen and done in a segment of T turns at most. Of a turn, `seen` first."""

    def __init__(self, size: int, seen: int, length: int, params: HindsightPriorParams) -> None:
        super().__init__()
        self.seen = seen
        self.state, self.action = nn.Linear(seen, params.width), nn.Linear(size - seen, params.width)
        self.place = nn.Parameter(0.02 * torch.randn(length, 1, params.width))
        self.layers = nn.ModuleList(Layer(params.width) for _ in range(params.layers))
        self.head = nn.Linear(params.width, seen)

    def forward(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Of segments `[B, T, D]`: what comes next, `[B, T, S]`, and what each turn attends to, `[B, T, T]`."""
        batch, turns = inputs.shape[:2]
        parts = [self.state(inputs[..., : self.seen]), self.action(inputs[..., self.seen :])]
        x, told = (torch.stack(parts, 2) + self.place[:turns]).flatten(1, 2), []  # [B, 2T, E]: seen, done, seen, ...
        for layer in self.layers:
            x, weights = layer(x)
            told.append(weights[:, 1::2].reshape(batch, turns, turns, 2).sum(3))
        return self.head(x[:, 1::2]), torch.stack(told).mean(0)


class PriorModel(StudyingModel):
    """The model of preferences, and the world model that says what is important.

    `size` numbers a turn; the first `seen` of them are what was seen.
    """

    def __init__(self, size: int, seen: int, params: HindsightPriorParams, seed: int) -> None:
        super().__init__(size, params.hidden, params.lr, seed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed % (1 << 63))
            self.world = Fitted(WorldModel(size, seen, params.segment, params), params.lr)
        self.params = params

    def study(self, played: Played) -> float:
        """One step of the world model; its mean squared error before, 0 where nothing is followed by anything."""
        inputs, _, following, known = played.tensors
        if not known.any():
            return 0.0
        said, _ = self.world.network(inputs)
        return self.world.step((said - following)[known].square().mean())

    def importance(self, inputs: Tensor, valid: Tensor) -> Tensor:
        """How important each turn was for how the segment went on, `[B, T]`; of each segment it sums up to 1."""
        with torch.no_grad():
            _, attention = self.world.network(inputs)
        return cast(Tensor, attention[torch.arange(len(inputs)), valid.sum(1) - 1])

    def besides(self, pairs: Pairs, rewards: Tensor) -> Tensor | float:
        """The distance of rewards from the shares of what is important."""
        inputs, valid = torch.from_numpy(pairs.inputs).flatten(0, 1), torch.from_numpy(pairs.valid).flatten(0, 1)
        mine = rewards.flatten(0, 1)
        share = self.importance(inputs, valid) * mine.detach().sum(1, keepdim=True)
        return self.params.prior * (mine - share)[valid].square().mean()

    def save(self) -> dict[str, Array]:
        """Both, by name."""
        return {**super().save(), **{f"world.{name}": array for name, array in self.world.save().items()}}

    def load(self, state: Mapping[str, Array]) -> None:
        """Go on from `save`."""
        super().load({name: array for name, array in state.items() if not name.startswith("world.")})
        self.world.load({name.removeprefix("world."): a for name, a in state.items() if name.startswith("world.")})
