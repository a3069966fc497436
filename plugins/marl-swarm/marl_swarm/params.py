"""Hyper-parameters; they stand apart from the algorithm, so reading a scenario imports no torch."""

from __future__ import annotations

from dataclasses import dataclass

from marl.training.hyper import at_least_one
from marl_rllib.params import PPOParams
from marl_swarm.rule import RuleParams


@dataclass(kw_only=True)
class DecPOMFPPOParams(RuleParams, PPOParams):
    """Hyper-parameters of Dec-POMFPPO. Rows are those of the swarm as one agent: one a tick, however many agents."""

    lanes: int = 16
    """Matches that are sampled in lockstep."""
    rows: int = 800
    """Ticks (over lanes) per update."""
    minibatch: int = 400
    """Ticks per gradient step."""
    epochs: int = 8
    """How often each tick is used."""
    lr: float = 1e-2
    """Adam's learning rate."""
    clip: float = 0.3
    """How far a probability ratio may go from 1 before its gradient is cut."""
    discount: float = 0.95
    """Per tick."""
    trace: float = 0.9
    """GAE's lambda: 0 trusts the values, 1 the returns."""
    entropy: float = 0.0
    """The weight of the entropy bonus; a rule's chance is explored by the rule's own softmax too."""
    flows: int = 32
    """How many matches the mean field's flow is averaged over, after each job."""

    def __post_init__(self) -> None:
        RuleParams.__post_init__(self)
        PPOParams.__post_init__(self)
        at_least_one(self, "flows")
        if self.sharing == "none" or self.models:
            raise ValueError("the swarm learns as one agent, so leave out `sharing` and `models`")
