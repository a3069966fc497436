"""Hyper-parameters of offline algorithms. They stand apart from losses: reading a scenario imports no torch."""

from __future__ import annotations

from dataclasses import dataclass, field

from marl.training.hyper import FreshEpisodesHyper, RecordedHyper, at_least_one, not_negative, positive, share
from marl.training.model import ModelConfig
from marl_values.params import MixerParams


@dataclass(kw_only=True)
class BCParams(RecordedHyper):
    """Hyper-parameters of behaviour cloning."""

    lr: float = 1e-3
    """Adam's learning rate."""


@dataclass(kw_only=True)
class ConservativeParams(RecordedHyper):
    """What conservatism can be told."""

    conservatism: float = 1.0
    """What it costs that an action which was not taken is valued above those that were (CQL's alpha); 0: nothing."""
    target_rate: float = 0.01
    """How far target networks go towards those of now after every gradient step."""
    max_grad_norm: float | None = 10.0
    """Clips the global norm of each module's gradients."""

    def __post_init__(self) -> None:
        super().__post_init__()
        not_negative(self, "conservatism")
        share(self, "target_rate")


@dataclass(kw_only=True)
class CQLParams(ConservativeParams):
    """Hyper-parameters of conservative Q-learning."""

    lr: float = 5e-4
    """Adam's learning rate."""
    double: bool = True
    """Whether the network of now chooses the next action that the target network values."""
    duelling: bool = True
    """Whether the network values states and what actions add to them, instead of actions alone."""


@dataclass(kw_only=True)
class CQLSACParams(ConservativeParams):
    """Hyper-parameters of conservative soft actor-critic."""

    model: ModelConfig = field(default_factory=lambda: ModelConfig(hidden=[128, 128], activation="relu"))
    """The shape of the networks, critics included."""
    lr: float = 1e-3
    """Adam's learning rate, of policies, critics and temperatures."""
    samples: int = 8
    """How many real actions are drawn from all, and from the policy, to see what is valued too highly."""
    temperature: float = 0.2
    """What entropy is worth in rewards, at first."""
    entropy_real: float = -1.0
    """The entropy that the temperature steers to, for each real number of an action, in units of its box."""
    entropy_share: float = 0.3
    """And for discrete actions: the part of the entropy of uniform play."""

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least_one(self, "samples")
        positive(self, "temperature")
        share(self, "entropy_share")


@dataclass(kw_only=True)
class IQLParams(RecordedHyper):
    """Hyper-parameters of implicit Q-learning."""

    lr: float = 1e-3
    """Adam's learning rate, of policies, critics and values."""
    expectile: float = 0.7
    """Which expectile of the values of what was done a state is worth: 0.5 their mean, towards 1 the best of them."""
    inverse_temperature: float = 3.0
    """How much more what was better than expected is cloned; 0 clones everything alike."""
    most: float = 100.0
    """The greatest weight of anything that is cloned."""
    target_rate: float = 0.01
    """How far the target critics go towards the critics of now after every gradient step."""
    max_grad_norm: float | None = 10.0
    """Clips the global norm of each module's gradients."""

    def __post_init__(self) -> None:
        super().__post_init__()
        share(self, "target_rate")
        not_negative(self, "inverse_temperature")
        positive(self, "most")
        if not 0 < self.expectile < 1:
            raise ValueError(f"expectile must be between 0 and 1, not {self.expectile}")


@dataclass(kw_only=True)
class DecentralisedParams(CQLParams):
    """Hyper-parameters of decentralised Q-learning from logs."""

    value_deviation: float = 1.0
    """How far what turned out better (or worse) than expected may be made more (or less) probable; 0: not at all."""
    transition_normalisation: bool = True
    """Whether all that ever came of a choice counts alike, however often it did."""
    resolution: float = 0.01
    """Numbers that are seen or paid count as equal where they are so after rounding to multiples of this."""
    buckets: int = 2**18
    """How many different outcomes of choices can be counted apart, for each network."""

    def __post_init__(self) -> None:
        super().__post_init__()
        share(self, "value_deviation")
        positive(self, "resolution")
        at_least_one(self, "buckets")


@dataclass(kw_only=True)
class CQLVDNParams(FreshEpisodesHyper):
    """Hyper-parameters of conservative value decomposition."""

    rows: int = 8192
    """Rows (own turns) per update: so many are read, whole matches each, and shuffled together."""
    epochs: int = 1
    """How often each match is used before the next are read."""
    lr: float = 5e-4
    """Adam's learning rate."""
    conservatism: float = 1.0
    """What it costs that an agent's action which was not taken is valued above those that were; 0: nothing."""
    n_step: int = 1
    """Rewards of so many steps count before a value stands in for what follows."""
    trace: float = 0.0
    """TD's lambda: the later of two estimates counts so much, to the end of a match. 0: `n_step` alone counts."""
    double: bool = True
    """Whether the networks of now choose the next actions that the target networks value."""
    target_rate: float = 0.01
    """How far the target networks go towards those of now after every gradient step."""

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least_one(self, "n_step")
        not_negative(self, "conservatism")
        share(self, "trace", "target_rate")
        if self.trace and self.n_step > 1:
            raise ValueError(
                f"n_step: {self.n_step} and trace: {self.trace} are two ways to look ahead; leave one of them out"
            )


@dataclass(kw_only=True)
class CQLQMIXParams(CQLVDNParams, MixerParams):
    """Hyper-parameters of conservative QMIX."""
