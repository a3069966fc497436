"""What networks look like, and who shares one: what a scenario says of them. Importing this imports no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields
from typing import Any, Literal, TypeAlias

from marl.errors import UserError
from marl.registry import MODELS
from marl.registry.params import Finder, ParameterError, filled_params, join

Sharing: TypeAlias = Literal["all", "side", "none"]
OURS = ("mlp", "cnn", "gru", "lstm")  # what short names mean, whatever plugins bring


@dataclass(frozen=True)
class DenseParams:
    """Parameters of `mlp`. In a scenario they stand beside `kind`, as those of our other kinds do."""

    hidden: list[int] = field(default_factory=lambda: [64, 64])
    """The widths of the dense layers."""
    activation: Literal["tanh", "relu", "silu"] = "tanh"
    """What stands between the layers."""


@dataclass(frozen=True)
class MemoryParams(DenseParams):
    """Parameters of `gru` and `lstm`."""

    memory: int = 64
    """The size of the recurrent state."""


@dataclass(frozen=True)
class ConvolutionParams(DenseParams):
    """Parameters of `cnn`."""

    channels: list[int] = field(default_factory=lambda: [32, 64])
    """The output channels of each convolution."""
    kernels: list[int] = field(default_factory=lambda: [3, 3])
    """The side of each convolution's kernel; images are padded by half of it."""
    strides: list[int] = field(default_factory=lambda: [1, 1])
    """The stride of each convolution."""
    layout: Literal["chw", "hwc"] = "chw"
    """How image-like observations are laid out: channels first or last."""


@dataclass(frozen=True)
class _Kind:
    kind: str = "mlp"
    """mlp: dense layers. cnn: convolutions, then these. gru, lstm: these, then a memory. Or a plugin's."""
    params: dict[str, Any] = field(default_factory=dict)
    """Parameters of a plugin's kind."""


@dataclass(frozen=True)
class ModelConfig(ConvolutionParams, MemoryParams, _Kind):
    """The kind of a network, its parameters, and what goes with every kind. `separate_value` not with a memory."""

    identity: bool = False
    """Whether a network is told (one-hot) which agent of the group it plays for; shared ones often need it."""
    separate_value: bool = False
    """Whether the value has layers of its own, or shares those of the policy. Not with a memory."""
    normalise_observations: bool = False
    """Whether numbers (not images, not bytes) are seen in units of those so far: mean 0, deviation 1, clipped at 10."""
    normalise_returns: bool = False
    """Whether rewards are learned in units of the deviation of discounted returns so far, clipped at 10."""

    def __post_init__(self) -> None:
        for name in ("hidden", "channels", "kernels", "strides"):
            if any(size < 1 for size in getattr(self, name)):
                raise ValueError(f"{name} must be positive, not {getattr(self, name)}")
        if self.memory < 1:
            raise ValueError(f"memory must be positive, not {self.memory}")
        if not len(self.channels) == len(self.kernels) == len(self.strides):
            raise ValueError("channels, kernels and strides must be equally many: one of each per convolution")
        if self.recurrent and self.separate_value:
            raise ValueError(f"separate_value cannot go with kind {self.kind!r}: policy and value share one memory")

    @classmethod
    def checked(cls, values: Mapping[str, Any], where: str, finder: Finder) -> dict[str, Any]:
        """The registry's look at them (see `marl.registry.params.fill`): the kind in full, its parameters right.

        These stay as they are written: jobs and snapshots are known by them. Raises ParameterError.
        """
        path, name, params = join(where, "kind"), values["kind"], values["params"]
        try:
            found = finder.find(MODELS.name, full_kind(name))
        except UserError as error:
            if finder.may_lack(f"{path}: {error}"):
                return dict(values)
            raise ParameterError(path, str(error)) from error
        if found.full_name == f"marl/{found.name}":
            for key in params:
                sentence = f"write what belongs to {found.name} beside `kind`"
                raise ParameterError(join(join(where, "params"), key), sentence)
            return {**values, "kind": found.name}
        filled_params(found, params, join(where, "params"), finder)
        for key in _differing(values):
            sentence = f"it has no effect on {found.full_name}, whose parameters are `params`: leave it out"
            if not finder.may_lack(f"{join(where, key)}: {sentence}"):
                raise ParameterError(join(where, key), sentence)
        return {**values, "kind": found.full_name}

    @property
    def full_kind(self) -> str:
        """The kind as plugin/name, or a plugin's short name."""
        return full_kind(self.kind)

    @property
    def ours(self) -> bool:
        """Whether it is one of the kinds that need no plugin."""
        return self.full_kind.startswith("marl/")

    def plain(self) -> dict[str, Any]:
        """As JSON; `params` only where there are some, so that snapshots from before there were any are equal."""
        known = asdict(self)
        return known if self.params else {name: value for name, value in known.items() if name != "params"}

    @property
    def recurrent(self) -> bool:
        """Whether the network has one of our memories."""
        return self.kind in ("gru", "lstm")


def full_kind(kind: str) -> str:
    """One of our kinds as marl/name; any other as it is."""
    return f"marl/{kind}" if kind in OURS else kind


def _differing(values: Mapping[str, Any]) -> list[str]:
    """The parameters of our kinds that are not what they are by default; resolved scenarios hold the defaults, too."""
    ours = {one.name: one for kind in (MemoryParams, ConvolutionParams) for one in fields(kind)}
    defaults = {
        name: one.default if one.default_factory is MISSING else one.default_factory() for name, one in ours.items()
    }
    return [name for name, default in defaults.items() if values[name] != default]
