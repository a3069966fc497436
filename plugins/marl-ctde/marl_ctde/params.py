"""Hyper-parameters of actor-critics for teams. They stand apart from losses: reading a scenario imports no torch."""

from __future__ import annotations

from dataclasses import dataclass, field

from marl.registry.ranges import at_least
from marl.training.hyper import (
    EntropyHyper,
    EpisodesHyper,
    FreshEpisodesHyper,
    GreedyHyper,
    at_least_one,
    not_negative,
    positive,
    share,
)
from marl.training.model import Sharing


def widths(params: object, *names: str) -> None:
    """Raises ValueError unless each of these parameters is a list of positive numbers."""
    for name in names:
        if any(size < 1 for size in getattr(params, name)):
            raise ValueError(f"{name} must be positive, not {getattr(params, name)}")


@dataclass(kw_only=True)
class AdvantageParams(FreshEpisodesHyper, EntropyHyper):
    """Hyper-parameters of algorithms with a critic of states, and advantages of it."""

    lanes: int = 64
    """Matches that are sampled in lockstep."""
    rows: int = 4096
    """Rows (own turns of learning agents) per update, at least: matches are whole."""
    lr: float = 5e-4
    """Adam's learning rate, of policies and of the critic."""
    epochs: int = 5
    """How often each match is used."""
    max_grad_norm: float | None = 0.5
    """Clips the global norm of each module's gradients."""
    critic: list[int] = field(default_factory=lambda: [64, 64])
    """The widths of the critic's dense layers."""
    value_clip: float | None = 0.2
    """How far a value may go from the one before the update, in deviations of what is to be learned (see below)."""
    normalise_values: bool = True
    """Whether the critic learns in units of the mean and the deviation of its targets so far."""
    trace: float = 0.95
    """GAE's lambda: 0 trusts the values, 1 the returns."""

    def __post_init__(self) -> None:
        super().__post_init__()
        positive(self, "value_clip")
        share(self, "trace")
        widths(self, "critic")


@dataclass(kw_only=True)
class ClippedParams(AdvantageParams):
    """Hyper-parameters of algorithms with PPO's clipped objective."""

    clip: float = 0.2
    """How far a probability ratio may go from 1 before its gradient is cut."""

    def __post_init__(self) -> None:
        super().__post_init__()
        positive(self, "clip")


@dataclass(kw_only=True)
class MAPPOParams(ClippedParams):
    """Hyper-parameters of MAPPO."""


@dataclass(kw_only=True)
class IPPOParams(ClippedParams):
    """Hyper-parameters of IPPO."""


@dataclass(kw_only=True)
class MATParams(ClippedParams):
    """Hyper-parameters of MAT."""

    critic: list[int] = field(default_factory=list)
    """The widths of the critic's dense layers behind the encoder."""
    blocks: int = 1
    """Of the encoder, and of the decoder. Their width is the last of `model.hidden`."""
    attention_heads: int = 1
    """Of each attention. They share out the width, which must be a multiple of them."""

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least_one(self, "blocks", "attention_heads")


@dataclass(kw_only=True)
class BNACParams(ClippedParams):
    """Hyper-parameters of the context-aware Bayesian-network actor-critic."""

    edges_until: float = 0.3
    """The part of the horizon for which all edges may stay."""
    edges_gone: float = 0.7
    """The part of the horizon after which there are none; in between, what is left falls in a straight line."""
    edge_cost: float = 0.001
    """What an edge costs, so that there are few where they bring nothing."""

    def __post_init__(self) -> None:
        super().__post_init__()
        share(self, "edges_until", "edges_gone")
        not_negative(self, "edge_cost")
        if self.edges_until >= self.edges_gone:
            raise ValueError(f"edges_gone must be above edges_until ({self.edges_until}), not {self.edges_gone}")

    def coefficients(self, progress: float) -> dict[str, float]:
        """What there is besides, and the share of edges that is left (`edges_left`)."""
        gone = (progress - self.edges_until) / (self.edges_gone - self.edges_until)
        return {**super().coefficients(progress), "edges_left": 1 - min(1.0, max(0.0, gone))}


@dataclass(kw_only=True)
class OneByOneParams(AdvantageParams):
    """Hyper-parameters of algorithms that update agents one after the other."""

    sharing: Sharing = "none"
    """Each agent has a network of its own; anything else is refused."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.sharing != "none":
            raise ValueError(f"sharing: {self.sharing}: agents are updated one after the other, so leave it at none")


@dataclass(kw_only=True)
class HAPPOParams(OneByOneParams, ClippedParams):
    """Hyper-parameters of HAPPO."""


@dataclass(kw_only=True)
class HATRPOParams(OneByOneParams):
    """Hyper-parameters of HATRPO."""

    minibatch: int = 100_000
    """Episodes (matches of one team) per step, of agents (which make one for each) and of the critic: all there are."""
    kl: float = 0.01
    """How far, as a mean divergence, an agent's policy may go in one step."""
    damping: float = 0.1
    """What is added to the curvature of the divergence."""
    iterations: int = 10
    """Of conjugate gradients."""

    def __post_init__(self) -> None:
        super().__post_init__()
        positive(self, "kl")
        not_negative(self, "damping")
        at_least_one(self, "iterations")


@dataclass(kw_only=True)
class COMAParams(FreshEpisodesHyper, GreedyHyper, EntropyHyper):
    """Hyper-parameters of COMA."""

    lanes: int = 32
    """Matches that are sampled in lockstep."""
    rows: int = 1024
    """Rows (own turns of learning agents) per update, at least: matches are whole."""
    lr: float = 5e-4
    """Adam's learning rate, of policies and of the critic."""
    epochs: int = 4
    """How often the critic uses each match; policies use it once."""
    max_grad_norm: float | None = 0.5
    """Clips the global norm of each module's gradients."""
    critic: list[int] = field(default_factory=lambda: [64, 64])
    """The widths of the critic's dense layers."""
    epsilon: float = 0.5
    """How far policies are from what their networks say while they gather, towards any action, at first."""
    epsilon_end: float = 0.02
    """And from `exploration` on."""
    trace: float = 0.8
    """TD's lambda: the later of two estimates counts so much, to the end of a match."""
    target_rate: float = 0.01
    """How far the target critic goes towards the critic of now after every gradient step of it."""

    def __post_init__(self) -> None:
        super().__post_init__()
        share(self, "trace", "target_rate")
        widths(self, "critic")


@dataclass(kw_only=True)
class JointParams(EpisodesHyper):
    """Hyper-parameters of algorithms with a critic of joint actions and a replay."""

    lanes: int = 16
    """Matches that are sampled in lockstep."""
    lr: float = 5e-4
    """Adam's learning rate, of policies and of the critic."""
    critic: list[int] = field(default_factory=lambda: [64, 64])
    """The widths of the critic's dense layers."""
    target_rate: float = 0.01
    """How far target networks go towards those of now after every gradient step."""

    def __post_init__(self) -> None:
        super().__post_init__()
        share(self, "target_rate")
        widths(self, "critic")


@dataclass(kw_only=True)
class DeterministicParams(JointParams):
    """Hyper-parameters of those whose policies are deterministic, but for what they try."""

    decay: float = 1e-3
    """What the mean square of what policies' networks say costs: it keeps choices from being sure of themselves."""

    def __post_init__(self) -> None:
        super().__post_init__()
        not_negative(self, "decay")


@dataclass(kw_only=True)
class MADDPGParams(DeterministicParams):
    """Hyper-parameters of MADDPG."""


@dataclass(kw_only=True)
class MARDPGParams(DeterministicParams):
    """Hyper-parameters of MARDPG."""

    message: int = 4
    """How many numbers each agent tells all its teammates with every turn, for their next ones; 0: no channel."""

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(self, 0, "message")


@dataclass(kw_only=True)
class FACMACParams(DeterministicParams):
    """Hyper-parameters of FACMAC."""

    mixer: int = 32
    """The width of the mixer's hidden layer."""
    hypernetwork: int = 64
    """The width of the networks that make the mixer's weights from the state; 0 makes them linear."""

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least_one(self, "mixer")
        at_least(self, 0, "hypernetwork")


@dataclass(kw_only=True)
class MASACParams(JointParams):
    """Hyper-parameters of MASAC."""

    temperature: float = 0.2
    """What entropy is worth in rewards, at first."""
    entropy_real: float = -1.0
    """The entropy that the temperature steers to, for each real number of an action, in units of its box."""
    entropy_share: float = 0.3
    """And for discrete actions: the part of the entropy of uniform play."""

    def __post_init__(self) -> None:
        super().__post_init__()
        positive(self, "temperature")
        share(self, "entropy_share")
