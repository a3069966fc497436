"""What a network looks like."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class ModelConfig:
    """The shape of a network. `channels`, `kernels`, `strides`, `layout` are for `cnn`, `memory` for `gru`, `lstm`."""

    kind: str = "mlp"
    """mlp: dense layers. cnn: convolutions, then these. gru, lstm: these, then a memory. A plugin's: plugin/name."""
    params: dict[str, Any] = field(default_factory=dict)
    """Parameters of a plugin's kind."""
    hidden: list[int] = field(default_factory=lambda: [64, 64])
    """The widths of the dense layers."""
    activation: Literal["tanh", "relu", "silu"] = "tanh"
    """What stands between the layers."""
    identity: bool = False
    """Whether a network is told (one-hot) which agent of the group it plays for; shared ones often need it."""
    memory: int = 64
    """The size of the recurrent state."""
    separate_value: bool = False
    """Whether the value has layers of its own, or shares those of the policy. Not with a memory."""
    normalise_observations: bool = False
    """Whether numbers (not images, not bytes) are seen in units of those so far: mean 0, deviation 1, clipped at 10."""
    normalise_returns: bool = False
    """Whether rewards are learned in units of the deviation of discounted returns so far, clipped at 10."""
    channels: list[int] = field(default_factory=lambda: [32, 64])
    """The output channels of each convolution."""
    kernels: list[int] = field(default_factory=lambda: [3, 3])
    """The side of each convolution's kernel; images are padded by half of it."""
    strides: list[int] = field(default_factory=lambda: [1, 1])
    """The stride of each convolution."""
    layout: Literal["chw", "hwc"] = "chw"
    """How image-like observations are laid out: channels first or last."""

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

    @property
    def full_kind(self) -> str:
        """The kind as plugin/name."""
        return self.kind if "/" in self.kind else f"marl/{self.kind}"

    def plain(self) -> dict[str, Any]:
        """As JSON; `params` only where there are some, so that snapshots from before there were any are equal."""
        known = asdict(self)
        return known if self.params else {name: value for name, value in known.items() if name != "params"}

    @property
    def recurrent(self) -> bool:
        """Whether the network has one of our memories."""
        return self.kind in ("gru", "lstm")
