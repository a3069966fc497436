"""REED: a preference model whose encoder also learns what comes next, from all that was played.

Why: a judge says little, and what was played is plenty. An encoder of state and action that can say what is seen next
holds turns to be alike that lead to the same, so what was said of one of them counts for the other. Before every fit to
the judge's answers the encoder learns to predict how its own state encoder, held fixed, sees the next observation:
`distillation` by the cosine between both, behind a small head (as in SimSiam), `contrastive` by telling it from those
of the other turns of a minibatch (as in SimCLR). Reward and dynamics share the encoder; the rest is thrown away.
Source: Metcalf, Sarabia, Theobald, "Rewards encoding environment dynamics improves preference-based reinforcement
learning", 2022 (arXiv:2211.06527), and Metcalf et al., CoRL 2023 (arXiv:2402.17975); read in the authors' code
(github.com/apple/ml-reed), from which this differs: two hidden layers above the encoders instead of three, what is
projected is normalised by the minibatch (as in SimSiam itself), and the newest segments instead of all transitions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from marl.env import EnvSpec, Group
from marl.types import Array
from marl_rewards.encode import width
from marl_rewards.preferences.model import Fitted
from marl_rewards.preferences.played import Played, Studying, StudyingModel, StudyParams


@dataclass(kw_only=True)
class REEDParams(StudyParams):
    """Whom to ask, how often, and how to learn from it and from what was played."""

    objective: Literal["distillation", "contrastive"] = "distillation"
    """How the encoder learns what comes next."""
    temperature: float = 0.5
    """Of the contrastive objective: small ones care for the most alike."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.temperature > 0:
            raise ValueError(f"temperature must be above 0, not {self.temperature}")


class REED(Studying):
    """See `BradleyTerry`; `studied` is the mean loss of the dynamics."""

    def __init__(self, spec: EnvSpec, params: REEDParams | None = None) -> None:
        super().__init__(spec, params or REEDParams())

    def model(self, group: Group, seed: int) -> REEDModel:
        """A new model."""
        return REEDModel(width(group.observation), width(group.action), cast(REEDParams, self.params), seed)


TURNS = 256  # of one gradient step of the dynamics, at most


class Encoder(nn.Module):
    """Of what was seen, and of that and what was done together: `[..., H]` each."""

    def __init__(self, seen: int, did: int, hidden: int) -> None:
        super().__init__()
        self.seen = seen
        self.state = nn.Sequential(nn.Linear(seen, hidden), nn.LeakyReLU())
        self.action = nn.Sequential(nn.Linear(did, hidden), nn.LeakyReLU())
        layers = [nn.Linear(2 * hidden, hidden), nn.LeakyReLU(), nn.Linear(hidden, hidden), nn.LeakyReLU()]
        self.both = nn.Sequential(*layers)

    def forward(self, inputs: Tensor) -> Tensor:
        """Of state and action side by side."""
        parts = [self.state(inputs[..., : self.seen]), self.action(inputs[..., self.seen :])]
        return cast(Tensor, self.both(torch.cat(parts, -1)))


class Dynamics(nn.Module):
    """What the encoder says comes next, and what its state encoder makes of that: two `[K, H]` to be compared."""

    def __init__(self, encoder: Encoder, hidden: int, head: bool) -> None:
        super().__init__()
        self.encoder = encoder
        self.next = nn.Linear(hidden, hidden)
        self.projector = nn.Sequential(nn.Linear(hidden, hidden, bias=False), _normed(hidden))
        layers = [nn.Linear(hidden, hidden, bias=False), _normed(hidden), nn.ReLU(), nn.Linear(hidden, hidden)]
        self.head = nn.Sequential(*layers) if head else None

    def forward(self, inputs: Tensor, following: Tensor) -> tuple[Tensor, Tensor]:
        """Of turns `[K, D]` and what followed `[K, S]`."""
        said = self.projector(self.next(self.encoder(inputs)))
        with torch.no_grad():
            true = self.projector(self.encoder.state(following))
        return said if self.head is None else self.head(said), true


def _normed(hidden: int) -> nn.Module:
    """By the minibatch at hand: without it what is projected is soon alike for all turns, and says nothing."""
    return nn.BatchNorm1d(hidden, affine=False, track_running_stats=False)


class REEDModel(StudyingModel):
    """Encoder and reward, and the dynamics that share the encoder; `seen` and `did`: how many numbers a turn has."""

    def __init__(self, seen: int, did: int, params: REEDParams, seed: int) -> None:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed % (1 << 63))
            encoder = Encoder(seen, did, params.hidden)
            network = nn.Sequential(encoder, nn.Linear(params.hidden, 1), nn.Tanh())
            dynamics = Dynamics(encoder, params.hidden, head=params.objective == "distillation")
        super().__init__(seen + did, params.hidden, params.lr, seed, network)
        self.params, self.dynamics = params, Fitted(dynamics, params.lr)

    def study(self, played: Played) -> float:
        """One step of the dynamics; the loss before it. Nothing where fewer than two turns are followed by anything."""
        inputs, _, following, known = played.tensors
        if known.sum() < 2:
            return 0.0
        said, true = self.dynamics.network(inputs[known][:TURNS], following[known][:TURNS])
        if self.params.objective == "distillation":
            return self.dynamics.step(-F.cosine_similarity(said, true).mean())
        return self.dynamics.step(contrast(said, true, self.params.temperature))

    def save(self) -> dict[str, Array]:
        """Both, by name."""
        return {**super().save(), **{f"dynamics.{name}": array for name, array in self.dynamics.save().items()}}

    def load(self, state: Mapping[str, Array]) -> None:
        """Go on from `save`."""
        super().load({name: array for name, array in state.items() if not name.startswith("dynamics.")})
        mine = {name.removeprefix("dynamics."): a for name, a in state.items() if name.startswith("dynamics.")}
        self.dynamics.load(mine)


def contrast(first: Tensor, second: Tensor, temperature: float) -> Tensor:
    """The cross-entropy of finding each row's counterpart among all other rows of both, `[K, H]` each (NT-Xent).

    Source: Chen et al., "A simple framework for contrastive learning of visual representations", ICML 2020.
    """
    rows = F.normalize(torch.cat([first, second]), dim=1)
    alike = rows @ rows.T / temperature
    alike.fill_diagonal_(-torch.inf)
    count = len(first)
    return F.cross_entropy(alike, torch.arange(2 * count).roll(count))
