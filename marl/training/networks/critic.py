"""Critics: values of actions, for the loss alone. They are no part of what plays."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from marl.errors import UserError
from marl.space import Box, Discrete
from marl.training.networks.dense import MLP, Dense
from marl.training.networks.encoder import Encoder
from marl.training.networks.features import TensorTree
from marl.training.networks.network import Network


class Critics(nn.Module):
    """Several networks that value actions, each of the shape of a policy's network (`model`) and with its own weights.

    `forward(observation, action)`: what they say of actions `[B, D]` (real ones, in units of their box), `[N, B]`; of
    discrete ones all at once, `[N, B, A]`, and `action` is left out. Observations are normalised as the network's.
    """

    def __init__(self, network: Network, count: int = 2) -> None:
        super().__init__()
        action = network.action
        if not isinstance(action, (Discrete, Box)):
            raise UserError(f"critics value Discrete and Box actions, and these are {action}")
        self._discrete = isinstance(action, Discrete)
        self._normaliser = (network.normaliser,)  # in a tuple, for it is the network's, and is saved once
        outputs = action.n if isinstance(action, Discrete) else 1
        beside = 0 if isinstance(action, Discrete) else int(np.prod(action.shape))
        config = replace(network.config, hidden=[])
        self.encoders, self.bodies, self.heads = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        for _ in range(count):
            encoder = Encoder(network.observation, config)
            body = MLP(encoder.size + beside, network.config.hidden, network.config.activation)
            self.encoders.append(encoder)
            self.bodies.append(body)
            self.heads.append(Dense(body.size, outputs, gain=1.0))

    def forward(self, observation: TensorTree, action: Tensor | None = None) -> Tensor:
        """See above."""
        normaliser, answers = self._normaliser[0], []
        observation = observation if normaliser is None else normaliser(observation)
        for encoder, body, head in zip(self.encoders, self.bodies, self.heads, strict=True):
            seen = cast(Tensor, encoder(observation))
            answers.append(head(body(seen if action is None else torch.cat([seen, action], 1))))
        said = torch.stack(answers)
        return said if self._discrete else said[..., 0]


class Temperature(nn.Module):
    """One positive number that is learned: its logarithm is a weight."""

    def __init__(self, start: float) -> None:
        super().__init__()
        self.log = nn.Parameter(torch.tensor([start]).log())
