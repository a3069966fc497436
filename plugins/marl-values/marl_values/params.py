"""Hyper-parameters of value decomposition. They stand apart from losses: reading a scenario imports no torch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from marl.registry.ranges import at_least
from marl.training.hyper import EpisodesHyper, FreshEpisodesHyper, GreedyHyper, Hyper, at_least_one, not_negative, share
from marl.training.model import ModelConfig


@dataclass(kw_only=True)
class ReturnsParams(GreedyHyper):
    """What targets can be told."""

    n_step: int = 1
    """Rewards of so many steps count before a value stands in for what follows."""
    trace: float = 0.0
    """TD's lambda: the later of two estimates counts so much, to the end of a match. 0: `n_step` alone counts."""

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least_one(self, "n_step")
        share(self, "trace")
        if self.trace and self.n_step > 1:
            raise ValueError(
                f"n_step: {self.n_step} and trace: {self.trace} are two ways to look ahead; leave one of them out"
            )


@dataclass(kw_only=True)
class ValuesParams(EpisodesHyper, ReturnsParams):
    """Hyper-parameters of all value decomposition that learns from a replay."""

    lr: float = 5e-4
    """Adam's learning rate."""
    double: bool = True
    """Whether the networks of now choose the next actions that the target networks value."""
    target_rate: float = 0.01
    """How far the target networks go towards those of now after every gradient step."""

    def __post_init__(self) -> None:
        super().__post_init__()
        share(self, "target_rate")


@dataclass(kw_only=True)
class IQLParams(ValuesParams):
    """Hyper-parameters of IQL."""


@dataclass(kw_only=True)
class VDNParams(ValuesParams):
    """Hyper-parameters of VDN."""


@dataclass(kw_only=True)
class MixerParams(Hyper):
    """What QMIX's mixer can be told."""

    mixer: int = 32
    """The width of the mixer's hidden layer."""
    hypernetwork: int = 64
    """The width of the networks that make the mixer's weights from the state; 0 makes them linear."""

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(self, 1, "mixer")
        at_least(self, 0, "hypernetwork")


@dataclass(kw_only=True)
class QMIXParams(ValuesParams, MixerParams):
    """Hyper-parameters of QMIX."""


@dataclass(kw_only=True)
class QPLEXParams(ValuesParams):
    """Hyper-parameters of QPLEX."""

    heads: int = 4
    """How many weights of each agent's loss are added up."""
    hypernetwork: int = 64
    """The width of the networks that make the weights."""

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least_one(self, "heads", "hypernetwork")


@dataclass(kw_only=True)
class WeightedQMIXParams(QMIXParams):
    """Hyper-parameters of weighted QMIX."""

    alpha: float = 0.1
    """What the error of other joint actions counts."""
    central: int = 64
    """The width of the mixer that has no limit."""

    def __post_init__(self) -> None:
        super().__post_init__()
        share(self, "alpha")
        at_least_one(self, "central")


@dataclass(kw_only=True)
class QTRANParams(ValuesParams):
    """Hyper-parameters of QTRAN."""

    joint: int = 64
    """The width of the networks of the joint value, and of the state's."""
    best_weight: float = 1.0
    """What the error at what the agents think best counts (lambda_opt)."""
    other_weight: float = 1.0
    """What it counts where the sum is too low at other choices (lambda_nopt)."""

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least_one(self, "joint")
        not_negative(self, "best_weight", "other_weight")


@dataclass(kw_only=True)
class PQNVDNParams(FreshEpisodesHyper, ReturnsParams):
    """Hyper-parameters of PQN-VDN."""

    model: ModelConfig = field(default_factory=lambda: ModelConfig(kind="values/normed", identity=True))
    """The shape of the networks; by default with layers that normalise."""
    lanes: int = 64
    """Matches that are sampled in lockstep."""
    rows: int = 4096
    """Rows (own turns of learning agents) per update, at least: matches are whole."""
    trace: float = 0.65
    """TD's lambda: the later of two estimates counts so much, to the end of a match. 0: `n_step` alone counts."""
    minibatch: int = 16
    """Episodes (matches of one team) per gradient step."""


@dataclass(kw_only=True)
class PQNQMIXParams(PQNVDNParams, MixerParams):
    """Hyper-parameters of PQN-QMIX."""


@dataclass(kw_only=True)
class GMAHParams(QMIXParams):
    """Hyper-parameters of GMAH. `trace` and `n_step` are for values of actions."""

    model: ModelConfig = field(default_factory=lambda: ModelConfig(kind="values/goals", identity=True))
    """The shape of the networks, which choose sub-goals."""
    trace: float = 0.6
    """TD's lambda, for values of actions: the later of two estimates counts so much, to the end of a match."""


@dataclass(frozen=True)
class GoalsParams:
    """Parameters of `goals`."""

    hidden: list[int] = field(default_factory=lambda: [64, 64])
    """The widths of the dense layers."""
    activation: Literal["tanh", "relu", "silu"] = "relu"
    """What stands between the layers."""
    goals: int = 16
    """How many sub-goals there are."""
    every: int = 5
    """For how many turns of an agent a sub-goal lasts."""
    share: float = 0.05
    """How likely a sub-goal must be to be chosen, as a share of the most likely one."""
    wander: float = 0.5
    """How often, while it learns, any likely sub-goal is taken instead of the best one: this, times epsilon."""

    def __post_init__(self) -> None:
        at_least(self, 2, "goals")
        at_least(self, 1, "every")
        share(self, "share", "wander")
        if not self.share:
            raise ValueError("share must be above 0; a small one allows nearly all sub-goals")


@dataclass(frozen=True)
class NormedParams:
    """Parameters of `normed`."""

    hidden: list[int] = field(default_factory=lambda: [64, 64])
    """The widths of the dense layers."""
    activation: Literal["tanh", "relu", "silu"] = "relu"
    """What stands behind every normalisation."""
    memory: int = 0
    """The size of a GRU behind the layers; 0: none."""
