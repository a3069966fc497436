"""The hyper-parameters of all algorithms here, apart from their losses: who reads a scenario imports no torch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from marl.training.hyper import ActorCriticHyper, GreedyHyper, OnPolicyHyper, ReplayHyper, not_negative, positive, share
from marl.training.model import ModelConfig


@dataclass(kw_only=True)
class PPOParams(ActorCriticHyper):
    """Hyper-parameters of PPO."""

    clip: float = 0.2
    """How far a probability ratio may go from 1 before its gradient is cut."""
    value_clip: float | None = None
    """How far a value may go from the one that was estimated when playing; no limit by default."""
    normalise: bool = True
    """Whether advantages are scaled to mean 0 and deviation 1 in each minibatch."""
    kl_target: float | None = None
    """Adapts a KL penalty towards this divergence per update; no penalty by default."""
    kl_stop: float | None = None
    """No further epoch once the mean divergence of an epoch is beyond this; no limit by default."""

    def __post_init__(self) -> None:
        super().__post_init__()
        positive(self, "clip", "value_clip", "kl_target", "kl_stop")


@dataclass(kw_only=True)
class A2CParams(ActorCriticHyper):
    """Hyper-parameters of A2C. Rows are used once, and updates are small and many."""

    rows: int = 512
    """Rows (own turns of learning agents) per update."""
    epochs: int = 1
    """How often each row is used; more than once is no longer the policy gradient."""
    minibatch: int = 512
    """Rows per gradient step."""
    lr: float = 7e-4
    """Adam's learning rate."""
    normalise: bool = False
    """Whether advantages are scaled to mean 0 and deviation 1 in each minibatch."""


@dataclass(kw_only=True)
class MMDParams(OnPolicyHyper):
    """Hyper-parameters of MMD. `alpha` and `eta` are in units of the game's returns: advantages are not scaled."""

    discount: float = 1.0
    """Per own turn of an agent, however many ticks lie in between."""
    alpha: float = 0.05
    """The pull towards the magnet, at the horizon."""
    eta: float = 0.05
    """The step size, at the horizon; 1/eta weighs the divergence from the policy that played."""
    decay: Literal["none", "sqrt"] = "sqrt"
    """How alpha and eta reach those: they are so from the start, or `sqrt(horizon / t)` times as much at env step t."""
    decay_from: float = 5.0
    """How many times as much alpha and eta are at most, at the start of `decay: sqrt`."""
    magnet: Literal["uniform", "past"] = "uniform"
    """What pulls: the uniform policy, or a past one that follows the learner."""
    magnet_rate: float = 0.05
    """How far the past magnet's weights go towards the learner's at each update."""
    divergence: Literal["reverse", "forward"] = "reverse"
    """`reverse` is KL(new, old), as in the theory; `forward` is KL(old, new), as in PPO's penalty."""
    clip: float | None = None
    """PPO's clip on top, for large games; the divergence alone by default."""
    value_coefficient: float = 0.5
    """The weight of the value loss."""

    def __post_init__(self) -> None:
        super().__post_init__()
        positive(self, "eta", "clip")
        not_negative(self, "alpha", "value_coefficient")
        if self.decay_from < 1:
            raise ValueError(f"decay_from must be at least 1, not {self.decay_from}")
        if not 0 <= self.magnet_rate <= 1:
            raise ValueError(f"magnet_rate must be between 0 and 1, not {self.magnet_rate}")

    def coefficients(self, progress: float) -> dict[str, float]:
        """Learning rate, alpha and eta."""
        fall = 1.0 if self.decay == "none" else min(self.decay_from, max(progress, 1e-9) ** -0.5)
        return {**super().coefficients(progress), "alpha": self.alpha * fall, "eta": self.eta * fall}


@dataclass(kw_only=True)
class DQNParams(ReplayHyper, GreedyHyper):
    """Hyper-parameters of DQN."""

    lanes: int = 8
    """Matches that are sampled in lockstep."""
    lr: float = 5e-4
    """Adam's learning rate."""
    double: bool = True
    """Whether the network of now chooses the next action that the target network values."""
    duelling: bool = True
    """Whether the network values states and what actions add to them, instead of actions alone."""
    target_rate: float = 0.01
    """How far the target network goes towards the network of now after every gradient step."""
    explore: Literal["epsilon_greedy", "parameter_noise"] = "epsilon_greedy"
    """`parameter_noise`: matches are played with perturbed weights, as far from the best actions as with `epsilon`."""
    noise: float = 0.05
    """With parameter noise: the deviation of what is added to weights, at first."""
    noise_rate: float = 1.01
    """And how many times as much, or as little, it is after an update that was too near, or too far."""

    def __post_init__(self) -> None:
        super().__post_init__()
        share(self, "target_rate")
        positive(self, "noise")
        if not self.noise_rate > 1:
            raise ValueError(f"noise_rate must be above 1, not {self.noise_rate}")

    @property
    def adapted(self) -> tuple[str, ...]:
        """The deviation of parameter noise."""
        return ("noise",) if self.explore == "parameter_noise" else ()

    def coefficients(self, progress: float) -> dict[str, float]:
        """What there is besides, and `noise` before it was adapted."""
        known = super().coefficients(progress)
        return {**known, "noise": self.noise} if self.explore == "parameter_noise" else known


@dataclass(kw_only=True)
class SACParams(ReplayHyper):
    """Hyper-parameters of SAC."""

    model: ModelConfig = field(default_factory=lambda: ModelConfig(hidden=[128, 128], activation="relu"))
    """The shape of the networks, critics included."""
    lanes: int = 8
    """Matches that are sampled in lockstep."""
    minibatch: int = 128
    """Rows per gradient step."""
    lr: float = 1e-3
    """Adam's learning rate, of policies, critics and temperatures."""
    temperature: float = 0.2
    """What entropy is worth in rewards, at first."""
    entropy_real: float = -1.0
    """The entropy that the temperature steers to, for each real number of an action, in units of its box."""
    entropy_share: float = 0.3
    """And for discrete actions: the part of the entropy of uniform play."""
    target_rate: float = 0.01
    """How far the target critics go towards the critics of now after every gradient step."""

    def __post_init__(self) -> None:
        super().__post_init__()
        positive(self, "temperature")
        share(self, "entropy_share", "target_rate")
