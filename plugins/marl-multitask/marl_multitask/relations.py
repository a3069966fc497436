"""Networks that play games of any number of agents, in one of several modes: those of MRA.

What is seen is that of a `PopulationGame`. An agent attends to the others; by what, is its mode's own (the game's
specific knowledge); what it learns of them, and what it then does, all modes share (what games have in common). The
mode is drawn for a whole match, by the agent's lot and by chances that follow from the number of agents. So a network
is a set of policies, with one mixture of them for each number of agents, seen or not.

Source: Zhang, Shen and Han, "Learning meta representations for agents in multi-agent reinforcement learning", 2021,
after the authors' code: attention heads that the latent chooses, and an encoder of the number of agents.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from marl.errors import UserError
from marl.space import Box, Space, Tree
from marl.training.networks.bodies import Body
from marl.training.networks.dense import MLP, Dense
from marl.training.networks.features import TensorTree
from marl_multitask.params import RelationsParams
from marl_multitask.population import LOT, OTHERS, OWN, SIZE

RELATIONS = "relations"  # begins the names of the weights that are each mode's own
_ABSENT = -1e9


class Relations(nn.Module):
    """How much an agent attends to each other one, in each mode."""

    def __init__(self, own: int, other: int, modes: int, width: int) -> None:
        super().__init__()
        self.shape = (modes, width)
        self.query = Dense(own, modes * width, gain=1.0)
        self.key = Dense(other, modes * width, gain=1.0)

    def forward(self, own: Tensor, others: Tensor, mode: Tensor) -> Tensor:
        """`[B, own]`, `[B, J, other]`, `int64[B]` -> `[B, J]`. They sum to less than 1: the rest is paid to nobody."""
        rows = torch.arange(len(own), device=own.device)
        query = self.query(own).reshape(-1, *self.shape)[rows, mode]
        weight = self.key.weight.reshape(*self.shape, -1)[mode]  # the keys of this mode alone: [B, W, other]
        asked = torch.einsum("bw,bwf->bf", query, weight)
        score = torch.einsum("bf,bjf->bj", asked, others) / self.shape[1] ** 0.5
        score = score.masked_fill(others[..., 0] == 0, _ABSENT)
        attention: Tensor = nn.functional.pad(score, (0, 1)).softmax(1)  # nobody's score is 0
        return attention[:, :-1]


class RelationsEncoder(nn.Module):
    """See above. `size`: how many numbers it gives for a row."""

    def __init__(self, observation: Space, params: RelationsParams) -> None:
        super().__init__()
        fields = observation.fields if isinstance(observation, Tree) else {}
        if {SIZE, LOT, OWN, OTHERS} - set(fields):
            raise UserError(
                f"model.kind: multitask/relations needs to see {SIZE}, {LOT}, {OWN} and {OTHERS}, as in games of any "
                f"number of agents (marl_multitask.population), and not {observation}"
            )
        own, others = cast(Box, fields[OWN]).shape[0], cast(Box, fields[OTHERS]).shape
        width, self.modes, self.told = params.width, params.modes, params.told
        self.relations = Relations(own + 1, others[1], params.modes, width)
        self.chances = nn.Linear(1, params.modes)
        nn.init.zeros_(self.chances.weight)
        nn.init.zeros_(self.chances.bias)
        self.each = MLP(others[1], [width], "tanh")
        self.all = MLP(own + 1 + width, [width, width], "tanh")
        self._largest = torch.tensor(float(others[0] + 1)).log().item()
        self.size = width

    def log_chances(self, size: Tensor) -> Tensor:
        """How probable each mode is among so many agents, as logarithms: `[B, 1]` -> `[B, modes]`."""
        chances: Tensor = self.chances(self._measured(size))
        return chances.log_softmax(1)

    def mode(self, seen: dict[str, Tensor]) -> Tensor:
        """The mode of each row, `int64[B]`: by its lot; or the one that its lot names, see `named`."""
        lot = seen[LOT][:, 0]
        bounds = self.log_chances(seen[SIZE]).exp().cumsum(1)[:, :-1]
        drawn = (lot[:, None] >= bounds).sum(1)
        return torch.where(lot < 1, drawn, lot.long() - 1)

    def forward(self, observation: TensorTree) -> Tensor:
        """A tree of `[B, ...]` -> `[B, size]`."""
        seen = cast(dict[str, Tensor], observation)
        size = self._measured(seen[SIZE])
        own = torch.cat([seen[OWN], size if self.told else torch.zeros_like(size)], 1)
        attention = self.relations(own, seen[OTHERS], self.mode(seen))
        each = self.each(seen[OTHERS].flatten(0, 1)).unflatten(0, seen[OTHERS].shape[:2])
        heard = torch.einsum("bj,bjw->bw", attention, each)
        return cast(Tensor, self.all(torch.cat([own, heard], 1)))

    def _measured(self, size: Tensor) -> Tensor:
        """The logarithm of the number of agents, from -1 for one to 1 for as many as there can be."""
        return 2 * size.log() / self._largest - 1


def named(observation: TensorTree, mode: Tensor | int) -> TensorTree:
    """The same, seen in this mode: its lots stand for it."""
    seen = cast(dict[str, Tensor], observation)
    lot = torch.full_like(seen[LOT], 1.0 + mode) if isinstance(mode, int) else 1.0 + mode[:, None].to(seen[LOT].dtype)
    return {**seen, LOT: lot}


def relations(observation: Space, params: RelationsParams) -> Body:
    """See `RelationsParams`."""
    return Body(RelationsEncoder(observation, params))
