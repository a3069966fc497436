"""What agents of a team tell one another, and remember: the team model of MARDPG.

Each agent has a memory, of what it saw and heard. With every turn it gives all teammates a few real numbers, which they
hear at their next turn; whoever has no turn leaves standing what it said last. Gradients go through all of it.
Source: Feng et al., "Learning to collaborate: multi-scenario ranking via multi-agent reinforcement learning", WWW 2018
(a recurrent component that all actors share passes the messages). There one agent acts at a time, and what it did is
part of its message; here a message follows from what is seen and heard.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from marl.registry.ranges import at_least
from marl.training.networks.dense import Dense
from marl.training.networks.recurrent import Recurrent
from marl.training.networks.team_model import TeamSize


@dataclass(kw_only=True)
class MessagesParams:
    """Parameters of `ctde/messages`."""

    message: int = 4
    """How many numbers each agent tells all its teammates; 0: none, and each remembers by itself."""

    def __post_init__(self) -> None:
        at_least(self, 0, "message")


class Messages(nn.Module):
    """See `TeamModel`. What a team remembers: `[B, n (F + m)]`, each agent's memory and its last message."""

    def __init__(self, size: TeamSize, features: int, params: MessagesParams) -> None:
        super().__init__()
        self.agents, self.features, self.message = size.agents, features, params.message
        self.memory_size = self.agents * (features + self.message)
        self.core = Recurrent(features + self.agents * (self.message + 1), features, "gru")
        self.voice = Dense(features, self.message, gain=1.0) if self.message else None

    def look(self, features: Tensor, acts: Tensor, memory: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """What each remembers afterwards is what its head goes by, `[B, n, F]`."""
        assert memory is not None
        known = memory.reshape(len(memory), self.agents, -1)
        before, said = known[..., : self.features], known[..., self.features :]
        own = torch.eye(self.agents, device=features.device)
        heard = (said[:, None] * (1 - own)[..., None]).flatten(2)  # [B, n, n m], nothing of what it said itself
        x = torch.cat([features, heard, own.expand(len(features), -1, -1)], 2).flatten(0, 1)
        _, after = self.core(x[:, None], before.reshape(-1, self.features))
        now = after.reshape(before.shape)
        if self.voice is not None:
            now = torch.cat([now, torch.tanh(self.voice(now))], 2)
        now = torch.where(acts[..., None], now, known)
        return now[..., : self.features], now.flatten(1)

    def stages(self, looked: Tensor, acts: Tensor) -> Tensor:
        """All at once: messages are heard a turn later."""
        return torch.zeros_like(acts, dtype=torch.int64)

    def decide(self, looked: Tensor, chosen: Tensor) -> Tensor:
        """Nothing of what teammates choose now is known."""
        return looked
