"""The network: from what an agent sees to the inputs of its action distribution, and to a value."""

from __future__ import annotations

from typing import NamedTuple, cast

import numpy as np
import torch
from torch import Tensor, nn

from marl.errors import UserError
from marl.registry.blame import blamed
from marl.space import Space
from marl.training.model import ModelConfig
from marl.training.networks.bodies import body, described
from marl.training.networks.dense import Dense, uniform
from marl.training.networks.distributions import distribution
from marl.training.networks.encoder import Encoder, flat_leaves
from marl.training.networks.features import TensorTree, at, is_number, map_tensors
from marl.training.networks.heads import Heads
from marl.training.networks.moments import Seen
from marl.training.networks.normaliser import Normaliser, ReturnScale
from marl.training.networks.recurrent import Recurrent
from marl.training.networks.team_model import TeamSize, team_model
from marl.types import Array, ArrayTree, Floats


class Output(NamedTuple):
    """`inputs`: `[B, D]` for the distribution. `value`: `[B]`, or `[B, C]` with one for each of C rewards. `memory`:
    `[B, M]` afterwards, or None. `features`: `[B, F]`, what the heads stand on.

    With `normalise_returns`, values are in units of `Network.value_scale`. None where the heads have none of states.
    """

    inputs: Tensor
    value: Tensor | None
    memory: Tensor | None
    features: Tensor


class Network(nn.Module):
    """Policy and value of the agents of one group, or what else `heads` say.

    Layers are orthogonal at the start, with gain 0.01 at the policy's head and 1 at the value's (Huang et al., "The 37
    implementation details of PPO", 2022), unless `heads` say otherwise of those below, or a plugin made these.
    `memory_size` is 0 for networks without a memory. `team`: the size of the team whose model it keeps, where its heads
    stand behind one; networks of such teams are asked together (`TeamNetworks`).
    """

    def __init__(
        self,
        observation: Space,
        action: Space,
        config: ModelConfig,
        heads: Heads | None = None,
        team: TeamSize | None = None,
    ) -> None:
        super().__init__()
        self.observation, self.action, self.config, self.heads = observation, action, config, heads or Heads()
        self.distribution = distribution(action, self.heads)
        self.normaliser = _normaliser(observation, config) if config.normalise_observations else None
        self.returns = ReturnScale(self.heads.critics) if config.normalise_returns else None
        made = body(observation, config)
        self._blamed = described(config)  # who is to blame for what goes wrong in its body; "": nobody but us
        self.encoder, self.recurrent = cast(Encoder, made.encoder), cast(Recurrent | None, made.core)
        size = self.encoder.size if self.recurrent is None else self.recurrent.size
        if self.recurrent is not None and config.separate_value:
            raise UserError(f"separate_value cannot go with kind {config.kind!r}: policy and value share one memory")
        again = body(observation, config).encoder if config.separate_value else None
        self.value_encoder = cast(Encoder | None, again)
        for part in (self.encoder, self.value_encoder) if self.heads.start == "uniform" and config.ours else ():
            uniform(part)
        self.policy_head = Dense(size, self.distribution.outputs, gain=1.0 if self.heads.estimates else 0.01)
        self.value_head: Dense | None = None
        if self.heads.value or self.heads.policy == "duelling":
            inputs = self.encoder.size if self.value_encoder else size
            self.value_head = Dense(inputs, self.heads.critics or 1, gain=1.0)
        self.free = nn.Parameter(torch.zeros(self.distribution.free)) if self.distribution.free else None
        self.team = self._team(team)

    @property
    def memory_size(self) -> int:
        """M, the size of one row's memory; 0 without one."""
        return 0 if self.recurrent is None else self.recurrent.memory_size

    @property
    def value_scale(self) -> np.float32 | Array:
        """The unit of its values, in units of the game's rewards; `float32[C]` with a value for each of C rewards."""
        return np.float32(1.0) if self.returns is None else self.returns.scale

    @property
    def fresh(self) -> bool:
        """Whether it normalises, and has nothing yet to go by."""
        return any(part is not None and part.fresh for part in (self.normaliser, self.returns))

    def numbers(self, observation: ArrayTree) -> Floats:
        """The numbers in what it sees of K rows, `float64[K, F]`, as its normaliser knows them."""
        leaves = [leaf for leaf in flat_leaves(self.observation, self.config) if is_number(leaf[1])]
        parts = [np.asarray(at(observation, path), dtype=np.float64) for path, _ in leaves]
        return np.concatenate([part.reshape(len(part), -1) for part in parts], axis=1)

    def absorb(self, seen: Seen) -> None:
        """Take what further rows were like into account, in what it normalises."""
        if self.normaliser is not None and seen.observation is not None:
            self.normaliser.absorb(seen.observation)
        if self.returns is not None and seen.returns is not None:
            self.returns.absorb(seen.returns)

    @property
    def stackable(self) -> bool:
        """Whether it can be stacked: dense layers shared by policy and value, and frozen."""
        plain = self.config.kind == "mlp" and not self.config.separate_value and self.heads == Heads()
        return plain and not any(parameter.requires_grad for parameter in self.parameters())

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.policy_head.weight.device

    def forward(self, observation: TensorTree, mask: Tensor | None = None, memory: Tensor | None = None) -> Output:
        """One step: a tree of `[B, ...]`, `bool[B, W]` and `[B, M]` (None: cleared). Illegal logits become -1e9."""
        observation = self.shown(observation)
        x = self._encoded(self.encoder, observation)
        if self.recurrent is not None:
            memory = self._blank(len(x), x) if memory is None else memory
            out, memory = self.recurrent(x[:, None], memory)
            x = out[:, 0]
        return self._heads(x, observation, mask, memory)

    def unroll(
        self, observation: TensorTree, mask: Tensor | None, memory: Tensor | None, first: Tensor | None
    ) -> Output:
        """Sequences: a tree of `[S, T, ...]`, `bool[S, T, W]`, `[S, M]` at their start (None: cleared), `bool[S, T]`.

        Memory is cleared where `first`. The output is `[S, T, ...]`, and its `memory` `[S, M]` is that of the end.
        """
        sequences, steps = _leading(observation)
        flat = self.shown(map_tensors(lambda leaf: leaf.flatten(0, 1), observation))
        x = self._encoded(self.encoder, flat)
        if self.recurrent is not None:
            memory = self._blank(sequences, x) if memory is None else memory
            first = x.new_zeros((sequences, steps), dtype=torch.bool) if first is None else first
            x, memory = self.recurrent.unroll(x.reshape(sequences, steps, -1), memory, first)
            x = x.flatten(0, 1)
        out = self._heads(x, flat, None if mask is None else mask.flatten(0, 1), memory)
        value = None if out.value is None else out.value.reshape(sequences, steps, *out.value.shape[1:])
        inputs, features = (part.reshape(sequences, steps, -1) for part in (out.inputs, out.features))
        return Output(inputs, value, out.memory, features)

    def encoded(self, observation: TensorTree) -> Tensor:
        """Features `[B, F]` for the team model."""
        return self._encoded(self.encoder, self.shown(observation))

    def decided(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """The inputs `[B, D]` of the distribution, from features `[B, F]` of the team model."""
        return self.distribution.masked(self._widened(self.policy_head(x)), mask)

    def _widened(self, inputs: Tensor) -> Tensor:
        """With the parameters of the distribution that no observation has a say in."""
        return inputs if self.free is None else torch.cat([inputs, self.free.expand(inputs.shape[0], -1)], 1)

    def _team(self, size: TeamSize | None) -> nn.Module | None:
        part = self.heads.team
        if part is None:
            return None
        if self.recurrent is not None:
            raise UserError(
                f"model.kind: {self.config.kind}: what a team remembers is its team model's ({part.kind}), not that of "
                "each agent's network: use mlp or cnn"
            )
        return None if size is None else team_model(part, size, self.encoder.size)

    def _heads(self, x: Tensor, observation: TensorTree, mask: Tensor | None, memory: Tensor | None) -> Output:
        inputs = self._widened(self.policy_head(x))
        value = None
        if self.value_head is not None:
            apart = None if self.value_encoder is None else self._encoded(self.value_encoder, observation)
            value = self.value_head(x if apart is None else apart)
            value = value if self.heads.critics else value[:, 0]
        if self.heads.policy == "duelling" and value is not None:
            inputs = inputs + (value[:, None] - inputs.mean(1, keepdim=True))
        inputs = self.distribution.masked(inputs, mask)
        memory = memory if self.recurrent is not None else None
        return Output(inputs, value if self.heads.value else None, memory, x)

    def shown(self, observation: TensorTree) -> TensorTree:
        """What encoders are shown of an observation: normalised, where the model says so."""
        if self.normaliser is None:
            return observation
        return cast(TensorTree, self.normaliser(observation))

    def _encoded(self, encoder: nn.Module, observation: TensorTree) -> Tensor:
        if not self._blamed:
            return cast(Tensor, encoder(observation))
        with blamed(self._blamed, "forward(observation)"):
            return cast(Tensor, encoder(observation))

    def _blank(self, rows: int, like: Tensor) -> Tensor:
        return like.new_zeros((rows, self.memory_size))


def _normaliser(observation: Space, config: ModelConfig) -> Normaliser | None:
    """What normalises the columns of these observations; None where there is no number among them."""
    leaves = flat_leaves(observation, config)
    return Normaliser(leaves) if any(is_number(space) for _, space in leaves) else None


def _leading(observation: TensorTree) -> tuple[int, int]:
    while isinstance(observation, dict):
        observation = next(iter(observation.values()))
    return observation.shape[0], observation.shape[1]
