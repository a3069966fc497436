"""Hyper-parameters of offline algorithms. They stand apart from losses: reading a scenario imports no torch."""

from __future__ import annotations

from dataclasses import dataclass

from marl.training.hyper import RecordedHyper, not_negative, share


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
