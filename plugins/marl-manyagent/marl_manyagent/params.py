"""The parameters of the algorithms and networks; who reads a scenario imports no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from marl.training.hyper import EntropyHyper, RecordedHyper, ReplayHyper, linear, not_negative, positive, share
from marl.training.model import DenseParams


@dataclass(kw_only=True)
class MFQParams(ReplayHyper):
    """Hyper-parameters of MF-Q. Rewards are in units of the temperature: what is worth so much more is e times as
    likely."""

    lanes: int = 4
    """Matches that are sampled in lockstep."""
    rows: int = 2048
    """Rows (own turns of learning agents) that are played per update."""
    updates: int = 8
    """Gradient steps per update."""
    minibatch: int = 256
    """Rows per gradient step."""
    capacity: int = 100_000
    """How many rows of each network are kept: the newest. They are part of every checkpoint."""
    learning_starts: int = 2048
    """How many rows a network must have before its first gradient step."""
    lr: float = 1e-3
    """Adam's learning rate."""
    discount: float = 0.95
    """Per own turn of an agent."""
    temperature: float = 1.0
    """Of the Boltzmann policy while gathering, at first: differences of values count in units of it."""
    temperature_end: float = 0.1
    """And from `cooling` on. Snapshots play at this temperature."""
    cooling: float = 0.5
    """The part of the horizon over which the temperature falls, in a straight line."""
    target_rate: float = 0.01
    """How far the target network goes towards the network of now after every gradient step."""
    mean: Literal["same", "before"] = "same"
    """Which tick's mean action is valued with an action: that of the same tick, as the paper says, or that of the tick
    before, by which the action was chosen, as its published code does."""

    def __post_init__(self) -> None:
        super().__post_init__()
        positive(self, "temperature", "temperature_end")
        share(self, "cooling", "target_rate")
        if self.n_step != 1:
            raise ValueError(
                f"n_step must be 1, not {self.n_step}: what the neighbours did is in the observation that follows"
            )

    def coefficients(self, progress: float) -> dict[str, float]:
        """What there is besides, and `heat`: the temperature of now over the last one."""
        gone = min(1.0, progress / self.cooling) if self.cooling else 1.0
        now = linear(self.temperature, self.temperature_end, gone)
        return {**super().coefficients(progress), "heat": now / self.temperature_end}


@dataclass(kw_only=True)
class MFACParams(EntropyHyper, RecordedHyper):
    """Hyper-parameters of MF-AC."""

    lanes: int = 4
    """Matches that are sampled in lockstep."""
    rows: int = 4096
    """Rows (own turns of learning agents) per update; each is used once."""
    minibatch: int = 512
    """Rows per gradient step."""
    lr: float = 1e-3
    """Adam's learning rate, of the policy and the critic."""
    discount: float = 0.95
    """Per own turn of an agent."""
    critic_coefficient: float = 0.5
    """The weight of the critic's loss."""
    target_rate: float = 0.05
    """How far the target critic goes towards the critic of now after every gradient step."""

    def __post_init__(self) -> None:
        super().__post_init__()
        not_negative(self, "critic_coefficient", "entropy")
        share(self, "target_rate")


@dataclass(frozen=True)
class IndependentParams(DenseParams):
    """Parameters of `manyagent/independent`."""


@dataclass(frozen=True)
class EntitiesParams(DenseParams):
    """Parameters of `manyagent/entities`; `hidden` are the layers behind all its parts."""

    tiles: int = 64
    """The width of the layer that sees the tiles."""
    entity: int = 16
    """The width of the layer that sees each entity."""
    mean_action: bool = True
    """Whether it sees what neighbours did on average, where the environment shows it."""

    def __post_init__(self) -> None:
        for name in ("tiles", "entity"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, not {getattr(self, name)}")
