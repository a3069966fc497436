"""Bodies: what a network is below its heads. Each kind of model is a descriptor of the hook `marl_models`."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields

from torch import nn

from marl.errors import RunError
from marl.registry import MODELS, load_registry
from marl.registry.blame import wrong
from marl.space import Space
from marl.training.model import ConvolutionParams, DenseParams, MemoryParams, ModelConfig
from marl.training.networks.encoder import Encoder
from marl.training.networks.recurrent import Recurrent

ASKED = "target(observation, params)"


@dataclass(frozen=True)
class Body:
    """`encoder`: a module with the attribute `size`, from an observation tree `[B, ...]` to features `[B, size]`.

    `core`: a memory behind it, or None; a module like `marl.training.networks.recurrent.Recurrent`, with `size`,
    `memory_size`, `forward(x [S, T, in], memory [S, M])` and `unroll(x, memory, first [S, T])`.
    """

    encoder: nn.Module
    core: nn.Module | None = None


def body(observation: Space, model: ModelConfig) -> Body:
    """What `model.kind` names. RunError, with the plugin's name, where a plugin's is no body."""
    registry = load_registry()
    if not model.ours:
        made = registry.make(MODELS, model.full_kind, model.params, observation=observation)
        return _held(made, described(model))
    schema = registry.schema(registry.find(MODELS, model.full_kind))
    own = {one.name: getattr(model, one.name) for one in fields(schema)} if schema else {}
    found: Body = registry.make(MODELS, model.full_kind, own, observation=observation)
    return found


def described(model: ModelConfig) -> str:
    """A plugin's kind in sentences: "model 'lab/gated' (plugin 'lab' of marl-lab 0.1)". "" for ours."""
    return "" if model.ours else load_registry().describe(MODELS, model.full_kind)


def dense(observation: Space, params: DenseParams) -> Body:
    """`mlp`."""
    return Body(Encoder(observation, ModelConfig(kind="mlp", **asdict(params))))


def cnn(observation: Space, params: ConvolutionParams) -> Body:
    """Convolutions over images, then dense layers."""
    return Body(Encoder(observation, ModelConfig(kind="cnn", **asdict(params))))


def gru(observation: Space, params: MemoryParams) -> Body:
    """Dense layers, then a gated recurrent unit."""
    encoder = Encoder(observation, ModelConfig(kind="gru", **asdict(params)))
    return Body(encoder, Recurrent(encoder.size, params.memory, "gru"))


def lstm(observation: Space, params: MemoryParams) -> Body:
    """Dense layers, then a long short-term memory."""
    encoder = Encoder(observation, ModelConfig(kind="lstm", **asdict(params)))
    return Body(encoder, Recurrent(encoder.size, params.memory, "lstm"))


def _held(made: object, subject: str) -> Body:
    """The same, held to what a body has: RLlib would say of a wrong one that a class is deprecated."""
    if not isinstance(made, Body):
        raise wrong(subject, ASKED, made and type(made), f"a {Body.__module__}.Body(encoder, core)")
    if not isinstance(made.encoder, nn.Module):
        raise wrong(subject, f"the encoder of {ASKED}", type(made.encoder), "a torch module")
    _sized(made.encoder, "encoder", subject, "size")
    if made.core is not None:
        if not isinstance(made.core, nn.Module):
            raise wrong(subject, f"the core of {ASKED}", type(made.core), "a torch module, or None,")
        _sized(made.core, "core", subject, "size", "memory_size")
        if not callable(getattr(made.core, "unroll", None)):
            raise RunError(f"{subject}: its core has no method unroll(x, memory, first); see {Body.__module__}.Body")
    return made


def _sized(module: nn.Module, called: str, subject: str, *names: str) -> None:
    for name in names:
        size = getattr(module, name, None)
        if not isinstance(size, int) or isinstance(size, bool) or size < 1:
            found = "is missing" if size is None else f"is {size!r:.60}"
            raise RunError(f"{subject}: `{name}` of its {called} {found}; how many numbers it gives for a row is right")
