"""Hyper-parameters that all network algorithms share. An algorithm's own dataclass inherits these."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from marl.training.networks import ModelConfig, Sharing


@dataclass(kw_only=True)
class Hyper:
    """What every algorithm on the training engine can be told."""

    model: ModelConfig = field(default_factory=ModelConfig)
    """The shape of the networks."""
    models: dict[str, ModelConfig] = field(default_factory=dict)
    """Groups of agents whose networks have a shape of their own, by name; it stands instead of `model`."""
    sharing: Sharing = "all"
    """Who shares a network: `all` agents of a group, those of a group on one `side`, or `none`."""
    env_steps: int = 100_000
    """Ticks of the environment, summed over lanes, that a job lasts unless it states its own budget."""
    lanes: int = 64
    """Matches that are sampled in lockstep."""
    rows: int = 4096
    """Rows (own turns of learning agents) per update."""
    epochs: int = 4
    """How often each row is used."""
    minibatch: int = 1024
    """Rows per gradient step; updates are cut into near equal parts of about this size."""
    sequence: int = 16
    """The longest run of own turns that gradients go back through, for models with a memory."""
    lr: float = 3e-4
    """Adam's learning rate."""
    lr_end: float | None = None
    """Where the learning rate goes, linearly over the horizon; it stays as it is by default."""
    horizon: int | None = None
    """The env steps since the cold start over which schedules run; by default the budget of a job."""
    discount: float = 0.99
    """Per own turn of an agent, however many ticks lie in between."""
    trace: float = 0.95
    """GAE's lambda: 0 trusts the values, 1 the returns."""
    average: float = 0.0
    """Snapshots carry averaged weights: how far the average goes towards the newest at each update; 0 carries these."""
    max_grad_norm: float | None = 0.5
    """Clips the global norm of each module's gradients."""
    backend: Literal["local", "ray"] = "local"
    """Where sampling and learning happen: `local` is this process, `ray` are actors, on one machine or many."""
    samplers: int = 1
    """Sampler processes (backend: ray). Each has its own lanes; the rows of an update are shared out among them."""
    learners: int = 0
    """Learner processes (backend: ray), which share out each minibatch; 0 learns in this process."""
    gpus_per_learner: float = 0.0
    """GPUs of each learner (backend: ray)."""
    overlap: bool = False
    """Sample while learning (backend: ray): rows are then played with weights that are one update old."""

    def __post_init__(self) -> None:
        for name in ("env_steps", "lanes", "rows", "epochs", "minibatch", "sequence", "samplers"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, not {getattr(self, name)}")
        for name in ("discount", "trace", "average"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must be between 0 and 1, not {getattr(self, name)}")
        not_negative(self, "lr", "lr_end")
        positive(self, "horizon", "max_grad_norm")
        self._check_backend()

    def _check_backend(self) -> None:
        not_negative(self, "learners", "gpus_per_learner")
        if self.samplers > self.rows:
            raise ValueError(f"{self.samplers} samplers are more than the {self.rows} rows of an update")
        alone = {"samplers": 1, "learners": 0, "gpus_per_learner": 0.0, "overlap": False}
        for name, value in alone.items():
            if self.backend == "local" and getattr(self, name) != value:
                raise ValueError(f"{name}: {getattr(self, name)} needs several processes: set backend: ray as well")

    def coefficients(self, progress: float) -> dict[str, float]:
        """What schedules give when `progress` in `[0, 1]` of the horizon has passed.

        Override it to add an algorithm's own; each reaches the loss as `learner.coefficients[name]`.
        """
        return {"lr": linear(self.lr, self.lr_end, progress)}

    @property
    def scheduled(self) -> list[str]:
        """The coefficients that change on the way to the horizon."""
        first, last = self.coefficients(0.0), self.coefficients(1.0)
        return [name for name, value in first.items() if last[name] != value]


@dataclass(kw_only=True)
class ActorCriticHyper(Hyper):
    """What policy gradients with a value loss and an entropy bonus can be told besides."""

    value_coefficient: float = 0.5
    """The weight of the value loss."""
    entropy: float = 0.01
    """The weight of the entropy bonus."""
    entropy_end: float | None = None
    """Where the entropy bonus goes, linearly over the horizon; it stays as it is by default."""

    def __post_init__(self) -> None:
        super().__post_init__()
        not_negative(self, "value_coefficient")

    def coefficients(self, progress: float) -> dict[str, float]:
        """Learning rate and entropy bonus (`entropy_weight`)."""
        weight = linear(self.entropy, self.entropy_end, progress)
        return {**super().coefficients(progress), "entropy_weight": weight}


def positive(params: object, *names: str) -> None:
    """Raises ValueError unless each of these parameters is above 0, or None."""
    for name in names:
        value = getattr(params, name)
        if value is not None and not value > 0:
            raise ValueError(f"{name} must be above 0, not {value}")


def not_negative(params: object, *names: str) -> None:
    """Raises ValueError unless each of these parameters is at least 0, or None."""
    for name in names:
        value = getattr(params, name)
        if value is not None and not value >= 0:
            raise ValueError(f"{name} must not be negative, but it is {value}")


def linear(start: float, end: float | None, progress: float) -> float:
    """From `start` to `end` in a straight line; `start` throughout where there is no end."""
    return start if end is None else start + (end - start) * progress
