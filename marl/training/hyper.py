"""Hyper-parameters that all network algorithms share. An algorithm's own dataclass inherits these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from marl.registry import Component, component
from marl.training.composition import RewardConfig
from marl.training.model import ModelConfig, Sharing


@dataclass(kw_only=True)
class Hyper:
    """What every algorithm on the training engine can be told."""

    MOVED: ClassVar[Mapping[str, str]] = {
        name: f"where work is done is no part of the algorithm: write `compute: {{{name}: ...}}` beside it"
        for name in ("backend", "learners", "gpus_per_learner")
    } | {"overlap": "it is `staleness` now: write staleness: 1 instead of overlap: true, and nothing instead of false"}
    model: ModelConfig = field(default_factory=ModelConfig)
    """The shape of the networks."""
    models: dict[str, ModelConfig] = field(default_factory=dict)
    """Groups of agents whose networks have a shape of their own, by name; it stands instead of `model`."""
    reward: RewardConfig = field(default_factory=RewardConfig)
    """What is learned from besides, or instead of, what the game pays."""
    sharing: Sharing = "all"
    """Who shares a network: `all` agents of a group, those of a group on one `side`, or `none`."""
    env_steps: int = 100_000
    """Ticks of the environment, summed over lanes, that a job lasts unless it states its own budget."""
    lanes: int = 64
    """Matches that are sampled in lockstep."""
    rows: int = 4096
    """Rows (own turns of learning agents) per update."""
    lr: float = 3e-4
    """Adam's learning rate."""
    lr_end: float | None = None
    """Where the learning rate goes, linearly over the horizon; it stays as it is by default."""
    horizon: int | None = None
    """The env steps since the cold start over which schedules run; by default the budget of a job."""
    discount: float = 0.99
    """Per own turn of an agent, however many ticks lie in between."""
    average: float = 0.0
    """Snapshots carry averaged weights: how far the average goes towards the newest at each update; 0 carries these."""
    max_grad_norm: float | None = 0.5
    """Clips the global norm of each module's gradients."""
    auxiliary: list[Component] = component("losses", default=[], help="terms that are added to the loss")
    """Losses of plugins that are added to the algorithm's own, and logged by name."""
    samplers: int = 1
    """Each has its own lanes (and, with `ray`, its own process); the rows of an update are shared out among them."""
    staleness: int = 0
    """How many updates older the weights that played a row may be; above 0, samplers play on while learners learn."""
    free: bool = False
    """Learn from rows as they come (with `staleness`, on `ray`): nobody waits for slow samplers; no runs are alike."""

    def __post_init__(self) -> None:
        at_least_one(self, "env_steps", "lanes", "rows", "samplers")
        share(self, "discount", "average")
        not_negative(self, "lr", "lr_end", "staleness")
        positive(self, "horizon", "max_grad_norm")
        if self.free and self.staleness == 0:
            raise ValueError(
                "free: true needs staleness: 1 or more; with 0, everybody must wait for the newest weights"
            )
        if self.samplers > self.rows:
            raise ValueError(f"{self.samplers} samplers are more than the {self.rows} rows of an update")

    def coefficients(self, progress: float) -> dict[str, float]:
        """What schedules give when `progress` in `[0, 1]` of the horizon has passed.

        Override it to add an algorithm's own; each reaches the loss as `learner.coefficients[name]`.
        """
        weights = self.reward.coefficients(progress) if self.reward.weights else {}
        return {"lr": linear(self.lr, self.lr_end, progress), **weights}

    @property
    def adapted(self) -> tuple[str, ...]:
        """The coefficients that losses adapt: what an update reports as `next_NAME` is what the next one is given."""
        return ()

    @property
    def per_channel(self) -> bool:
        """Whether there is a value for each term of the reward, instead of one for their sum."""
        return False

    @property
    def scheduled(self) -> list[str]:
        """The coefficients that change on the way to the horizon."""
        first, last = self.coefficients(0.0), self.coefficients(1.0)
        return [name for name, value in first.items() if last[name] != value]


@dataclass(kw_only=True)
class OnPolicyHyper(Hyper):
    """What algorithms that learn from what they have just played can be told besides."""

    epochs: int = 4
    """How often each row is used."""
    minibatch: int = 1024
    """Rows per gradient step; updates are cut into near equal parts of about this size."""
    sequence: int = 16
    """The longest run of own turns that gradients go back through, for models with a memory."""
    trace: float = 0.95
    """GAE's lambda: 0 trusts the values, 1 the returns."""

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least_one(self, "epochs", "minibatch", "sequence")
        share(self, "trace")


@dataclass(kw_only=True)
class ReplayHyper(Hyper):
    """What algorithms that learn from a replay of what was played can be told besides."""

    rows: int = 64
    """Rows (own turns of learning agents) that are played per update."""
    updates: int = 16
    """Gradient steps per update."""
    minibatch: int = 64
    """Rows per gradient step."""
    capacity: int = 50_000
    """How many rows of each network are kept: the newest. They are part of every checkpoint."""
    learning_starts: int = 1_000
    """How many rows a network must have before its first gradient step."""
    n_step: int = 1
    """Rewards of so many own turns count before values stand in for what follows."""
    prioritised: bool = False
    """Whether rows that surprised are drawn more often, instead of all alike."""
    priority: float = 0.6
    """How much more often (prioritised): 0 draws all alike, 1 in proportion to how much they surprised."""
    importance: float = 0.4
    """How far weights take that back (prioritised), at first; wholly at the horizon."""
    max_grad_norm: float | None = 10.0
    """Clips the global norm of each module's gradients."""

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least_one(self, "updates", "minibatch", "capacity", "learning_starts", "n_step")
        share(self, "priority", "importance")
        most = max(self.rows, self.learning_starts)
        if self.capacity < most:
            raise ValueError(f"capacity: {self.capacity} rows do not hold what comes first, which is {most} rows")

    def coefficients(self, progress: float) -> dict[str, float]:
        """Learning rate and, with priorities, `importance`."""
        known = super().coefficients(progress)
        return {**known, "importance": linear(self.importance, 1.0, progress)} if self.prioritised else known


@dataclass(kw_only=True)
class RecordedHyper(Hyper):
    """What algorithms that learn from a dataset, own turn by own turn, can be told besides."""

    rows: int = 8192
    """Rows (own turns) per update: so many are read, whole matches each, and shuffled together."""
    minibatch: int = 256
    """Rows per gradient step."""

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least_one(self, "minibatch")


@dataclass(kw_only=True)
class MatchesHyper(Hyper):
    """What algorithms that learn from whole matches of a team can be told besides."""

    lanes: int = 8
    """Matches that are sampled in lockstep."""
    rows: int = 64
    """Rows (own turns of learning agents) per update, at least: matches are whole."""
    minibatch: int = 32
    """Episodes (matches of one team) per gradient step."""
    max_grad_norm: float | None = 10.0
    """Clips the global norm of each module's gradients."""

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least_one(self, "minibatch")
        if self.auxiliary:
            raise ValueError(
                "auxiliary losses are of rows, and this algorithm learns from whole matches; leave them out"
            )


@dataclass(kw_only=True)
class EpisodesHyper(MatchesHyper):
    """What those can be told besides that keep a replay of them."""

    steps_per_episode: float = 1.0
    """Gradient steps for each match of a team that was played; there is none before it has a whole minibatch."""
    capacity: int = 5_000
    """How many episodes of each team are kept: the newest. They are part of every checkpoint."""

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least_one(self, "capacity")
        positive(self, "steps_per_episode")
        if self.capacity < self.minibatch:
            raise ValueError(f"capacity: {self.capacity} episodes are fewer than a minibatch: {self.minibatch}")


@dataclass(kw_only=True)
class FreshEpisodesHyper(MatchesHyper):
    """What those can be told besides that learn from what was just played, and keep nothing."""

    epochs: int = 2
    """How often each match is used."""

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least_one(self, "epochs")


@dataclass(kw_only=True)
class GreedyHyper(Hyper):
    """What algorithms that value actions, and play the best of them, can be told besides."""

    epsilon: float = 1.0
    """How often any action is played while gathering, at first."""
    epsilon_end: float = 0.05
    """And from `exploration` on."""
    exploration: float = 0.2
    """The part of the horizon over which epsilon falls, in a straight line."""

    def __post_init__(self) -> None:
        super().__post_init__()
        share(self, "epsilon", "epsilon_end", "exploration")

    def coefficients(self, progress: float) -> dict[str, float]:
        """What there is besides, and `epsilon`."""
        gone = min(1.0, progress / self.exploration) if self.exploration else 1.0
        return {**super().coefficients(progress), "epsilon": linear(self.epsilon, self.epsilon_end, gone)}


@dataclass(kw_only=True)
class EntropyHyper(Hyper):
    """What policy gradients with an entropy bonus can be told besides."""

    entropy: float = 0.01
    """The weight of the entropy bonus."""
    entropy_end: float | None = None
    """Where the entropy bonus goes, linearly over the horizon; it stays as it is by default."""

    def coefficients(self, progress: float) -> dict[str, float]:
        """What there is besides, and the entropy bonus (`entropy_weight`)."""
        weight = linear(self.entropy, self.entropy_end, progress)
        return {**super().coefficients(progress), "entropy_weight": weight}


@dataclass(kw_only=True)
class ActorCriticHyper(EntropyHyper, OnPolicyHyper):
    """What policy gradients with a value loss and an entropy bonus can be told besides."""

    value_coefficient: float = 0.5
    """The weight of the value loss."""
    critics: Literal["one", "per_channel"] = "one"
    """`per_channel`: a value head for each channel of `reward` that has a weight; advantages are their weighted sum."""
    discounts: dict[str, float] = field(default_factory=dict)
    """With `critics: per_channel`, by channel: what it is discounted by per own turn, where that is not `discount`."""

    def __post_init__(self) -> None:
        super().__post_init__()
        not_negative(self, "value_coefficient")
        if self.critics == "one" and self.discounts:
            raise ValueError("discounts of channels need a value for each: add critics: per_channel")
        if self.per_channel and self.reward.is_plain:
            raise ValueError("critics: per_channel needs several channels, and reward names none beside the game's own")
        if self.per_channel and self.reward.zero_sum:
            raise ValueError(
                "critics: per_channel values each channel by itself, and reward.zero_sum changes their sum alone; "
                "leave one of them out"
            )
        for name, discount in self.discounts.items():
            if not 0 <= discount <= 1:
                raise ValueError(f"discounts: that of {name!r} must be between 0 and 1, not {discount}")

    @property
    def per_channel(self) -> bool:
        """See `Hyper`."""
        return self.critics == "per_channel"


def at_least_one(params: object, *names: str) -> None:
    """Raises ValueError unless each of these parameters is at least 1."""
    for name in names:
        if getattr(params, name) < 1:
            raise ValueError(f"{name} must be at least 1, not {getattr(params, name)}")


def share(params: object, *names: str) -> None:
    """Raises ValueError unless each of these parameters is between 0 and 1."""
    for name in names:
        if not 0 <= getattr(params, name) <= 1:
            raise ValueError(f"{name} must be between 0 and 1, not {getattr(params, name)}")


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
