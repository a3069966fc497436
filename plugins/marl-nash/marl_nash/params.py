"""The hyper-parameters of the algorithms here, apart from their losses: who reads a scenario imports no torch.

Advantages keep the scale of the game's returns, so what regularisation costs is in units of these.
"""

from __future__ import annotations

from dataclasses import dataclass

from marl.training.hyper import GreedyHyper, OnPolicyHyper, ReplayHyper, at_least_one, not_negative, positive, share


@dataclass(kw_only=True)
class ReferenceHyper(OnPolicyHyper):
    """What all of them can be told: they hold on to a reference, which is an earlier policy of their own."""

    rows: int = 1024
    """Rows (own turns of learning agents) per update."""
    discount: float = 1.0
    """Per own turn of an agent, however many ticks lie in between."""
    trace: float = 1.0
    """GAE's lambda: 0 trusts the values, 1 the returns."""
    reference_every: int = 50
    """The reference becomes the policy after so many updates; 0: it stays what the policy was at first."""
    value_coefficient: float = 0.5
    """The weight of the value loss."""

    def __post_init__(self) -> None:
        super().__post_init__()
        not_negative(self, "reference_every", "value_coefficient")


@dataclass(kw_only=True)
class NashPGParams(ReferenceHyper):
    """Hyper-parameters of NashPG."""

    alpha: float = 0.5
    """What the divergence from the reference costs. It stays large: the reference moves instead."""
    clip: float = 0.2
    """How far a probability ratio may go from 1 before its gradient is cut."""

    def __post_init__(self) -> None:
        super().__post_init__()
        not_negative(self, "alpha")
        positive(self, "clip")


@dataclass(kw_only=True)
class RNaDParams(ReferenceHyper):
    """Hyper-parameters of R-NaD. Each row is used once: NeuRD's force is that of the policy that played."""

    epochs: int = 1
    """How often each row is used."""
    eta: float = 0.5
    """What the logarithm of the ratio to the reference costs, of which the other side is paid as much."""
    threshold: float = 4.0
    """How far from their mean logits are pushed."""
    force: float = 20.0
    """The most that a logit is pushed by in a row, in units of returns."""

    def __post_init__(self) -> None:
        super().__post_init__()
        not_negative(self, "eta")
        positive(self, "threshold", "force")


@dataclass(kw_only=True)
class RegressionParams(ReferenceHyper):
    """Hyper-parameters of REBEL and of Direct Nash Optimisation."""

    reference_every: int = 100
    """The reference becomes the policy after so many updates; 0: it stays what the policy was at first."""
    eta: float = 0.2
    """The step size: how much more probable an action becomes, as a logarithm, for each unit of what it is worth."""
    tau: float = 0.2
    """What departing from the reference costs: policies move from a mixture with it, whose share is eta * tau; 0 moves
    from the policy itself, which goes round in circles where an equilibrium is mixed."""

    def __post_init__(self) -> None:
        super().__post_init__()
        positive(self, "eta")
        not_negative(self, "tau")
        if self.eta * self.tau > 1:
            raise ValueError(f"eta * tau must be at most 1, and {self.eta} * {self.tau} is more")


@dataclass(kw_only=True)
class NFSPParams(ReplayHyper, GreedyHyper):
    """Hyper-parameters of neural fictitious self-play."""

    eta: float = 0.1
    """In which share of its matches an agent plays its best response; else its average policy."""
    reservoir: int = 200_000
    """How many turns of best responses are kept of each network, of all that there were. In every checkpoint, too."""
    rows: int = 128
    """Rows (own turns of learning agents) that are played per update."""
    updates: int = 4
    """Gradient steps per update, of both networks."""
    minibatch: int = 128
    """Rows per gradient step, of either memory."""
    lr: float = 1e-3
    """Adam's learning rate, of both networks."""
    discount: float = 1.0
    """Per own turn of an agent, however many ticks lie in between."""
    epsilon: float = 0.06
    """How often a best response plays any action, at first."""
    epsilon_end: float = 0.0
    """And from `exploration` on."""
    exploration: float = 1.0
    """The part of the horizon over which epsilon falls, in a straight line."""
    target_rate: float = 0.01
    """How far the target network goes towards the best response after every gradient step."""

    def __post_init__(self) -> None:
        super().__post_init__()
        positive(self, "eta")
        share(self, "eta", "target_rate")
        at_least_one(self, "reservoir")
        if self.auxiliary:
            raise ValueError(
                "auxiliary losses are of rows and what followed them, and averages have none: leave them out"
            )
