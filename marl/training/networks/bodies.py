"""Bodies: what a network is below its heads. Each kind of model is a descriptor of the hook `marl_models`."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from marl.registry import MODELS, load_registry
from marl.space import Space
from marl.training.networks.config import ModelConfig
from marl.training.networks.encoder import Encoder
from marl.training.networks.normaliser import Normaliser
from marl.training.networks.recurrent import Recurrent


@dataclass(frozen=True)
class Body:
    """`encoder`: a module with the attribute `size`, from an observation tree `[B, ...]` to features `[B, size]`.

    `core`: a memory behind it, or None; a module like `marl.training.networks.recurrent.Recurrent`, with `size`,
    `memory_size`, `forward(x [S, T, in], memory [S, M])` and `unroll(x, memory, first [S, T])`.
    """

    encoder: nn.Module
    core: nn.Module | None = None


def body(observation: Space, model: ModelConfig, normaliser: Normaliser | None) -> Body:
    """What `model.kind` names: one of ours by its short name, one of a plugin by its full name."""
    made: Body = load_registry().make(
        MODELS, model.full_kind, model.params, observation=observation, model=model, normaliser=normaliser
    )
    return made


def dense(observation: Space, model: ModelConfig, normaliser: Normaliser | None) -> Body:
    """`mlp` and `cnn`."""
    return Body(Encoder(observation, model, normaliser))


def gru(observation: Space, model: ModelConfig, normaliser: Normaliser | None) -> Body:
    """Dense layers, then a gated recurrent unit."""
    encoder = Encoder(observation, model, normaliser)
    return Body(encoder, Recurrent(encoder.size, model.memory, "gru"))


def lstm(observation: Space, model: ModelConfig, normaliser: Normaliser | None) -> Body:
    """Dense layers, then a long short-term memory."""
    encoder = Encoder(observation, model, normaliser)
    return Body(encoder, Recurrent(encoder.size, model.memory, "lstm"))
