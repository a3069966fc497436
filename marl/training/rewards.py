"""What a learner is paid for: channels of rewards, weighted and summed, in place of what the game pays.

Evaluations, payoffs and the `return` of training stay on the game's own reward, which is the channel `game`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from marl import rng
from marl.algorithm import Checkpoint
from marl.arena import Record
from marl.env import EnvSpec
from marl.errors import UserError, suggestion
from marl.registry import REWARDS, Component, blamed, component, load_registry, wrong
from marl.reward import LOGGED, LearningReward, Reward, Window
from marl.training.checkpoint import REWARD, part
from marl.trajectory import Trajectory
from marl.types import Array, Floats

GAME = "game"
_CALL = "reward(window)"
_RECORDED = ("earned", "before")  # what a record may have of every row, see `marl.arena.Record`


@dataclass
class RewardConfig:
    """What is learned from: the sum of channels, each times its weight. Nothing but the game's own, by default."""

    channels: dict[str, Component] = component("rewards", default={}, help="by a name of your choice: what pays, too")
    weights: dict[str, float] = field(default_factory=dict)
    """By channel, 1 where none is given; `game` is the game's own reward."""

    def __post_init__(self) -> None:
        for name in self.channels:
            if name in (GAME, "total") or not name.replace("_", "").isalnum():
                raise ValueError(f"channels: {name!r} cannot be a channel's name: use letters, digits and '_', and not "
                                 "'game' (the game's own reward) or 'total' (the sum)")  # fmt: skip
        known = [GAME, *self.channels]
        for name in self.weights:
            if name.partition(":")[0] not in known:
                raise ValueError(f"weights: there is no channel {name!r}{suggestion(name, known)}")


@dataclass(frozen=True)
class Rewarded:
    """Windows that carry what is learned from, what to report of it, and what the rewards learn from."""

    windows: list[Trajectory]
    stats: dict[str, float]
    samples: dict[str, Array]


class Rewards:
    """The rewards of a scenario, composed. Raises UserError where one does not fit the game, or lacks what it needs.

    `discount`: the learner's, per own turn.
    """

    def __init__(self, config: RewardConfig, spec: EnvSpec, discount: float) -> None:
        self.spec, self.discount, registry = spec, discount, load_registry()
        self._sources: dict[str, Reward] = {}
        self._subjects: dict[str, str] = {}
        for name, one in config.channels.items():
            self._sources[name] = registry.make(REWARDS, one.name, one.params, spec=spec)
            self._subjects[name] = registry.describe(REWARDS, one.name)
            told = self._sources[name].channels
            if not isinstance(told, Mapping) or not told:
                raise wrong(self._subjects[name], "its `channels`", told, "{name: what it is}, of one channel or more,")
        self._plain = not config.channels and config.weights.get(GAME, 1.0) == 1.0
        self._weights = self._weighed(config.weights)
        self.record = Record(**dict.fromkeys(self._needed(), True))

    def __call__(self, windows: Sequence[Trajectory]) -> Rewarded:
        """Pay the rows of one update. Raises RunError, naming the plugin, where a reward fails or gives nonsense."""
        if self._plain:
            return Rewarded(list(windows), {}, {})
        paid, samples, parts = [], [], []
        for rows in windows:
            window = Window(rows, self.spec, self.discount)
            channels = self._channels(window)
            channels["total"] = sum((w * channels[name] for name, w in self._weights.items()), np.zeros(len(rows)))
            paid.append(replace(rows, reward=channels["total"]))
            parts.append(channels)
            samples.append(self._samples(window))
        paid = self._by_tick(windows, paid)
        means = {f"{LOGGED}{name}": float(np.concatenate([one[name] for one in parts]).mean()) for name in parts[0]}
        return Rewarded(paid, means, joined(samples))

    def _by_tick(self, windows: Sequence[Trajectory], paid: list[Trajectory]) -> list[Trajectory]:
        """Where matches are whole, what sides earned at every tick is what is paid too.

        The game's own reward counts when it was earned, by its weight; what other channels pay counts at the own turn
        that they pay.
        """
        ticks, weight = paid[0].ticks, self._weights[GAME]
        if ticks is None:
            return paid
        earned, side_of = weight * ticks.earned, self.spec.side_of
        for rows, after in zip(windows, paid, strict=True):
            more = after.reward - weight * rows.reward
            np.add.at(earned, (ticks.find(rows.match, rows.tick), side_of[rows.agent]), more)
        return [replace(window, ticks=replace(ticks, earned=earned)) for window in paid]

    @property
    def learning(self) -> dict[str, LearningReward]:
        """Those that learn, by name."""
        return {name: source for name, source in self._sources.items() if isinstance(source, LearningReward)}

    def reset(self, seed: int) -> None:
        """A cold start of those that learn."""
        for number, (name, source) in enumerate(self.learning.items()):
            with blamed(self._subjects[name], "reset(seed)"):
                source.reset(int(rng.mix(seed, number)[0]))

    def fit(self, samples: Mapping[str, Array], seed: int) -> dict[str, float]:
        """Let those that learn learn from the samples of one update; what they report, by "reward.channel.name"."""
        stats: dict[str, float] = {}
        for number, (name, source) in enumerate(self.learning.items()):
            if mine := part(samples, f"{name}/"):
                with blamed(self._subjects[name], "fit(samples, seed)", "a mapping of names to numbers"):
                    told = {key: float(value) for key, value in source.fit(mine, int(rng.mix(seed, number)[0])).items()}
                stats |= {f"{LOGGED}{name}.{key}": value for key, value in told.items()}
        return stats

    def save(self) -> dict[str, Array]:
        """The state of those that learn, by "channel/name"."""
        state: dict[str, Array] = {}
        for name, source in self.learning.items():
            with blamed(self._subjects[name], "save()", "a mapping of names to arrays"):
                state |= {f"{name}/{key}": np.array(value) for key, value in source.save().items()}
        return state

    def load(self, state: Mapping[str, Array]) -> None:
        """Go on from a saved state. A reward that it knows nothing of, as it is new in the scenario, starts cold."""
        for name, source in self.learning.items():
            mine = part(state, f"{name}/")
            with blamed(self._subjects[name], "load(state)"):
                source.load(mine) if mine else source.reset(0)

    def keep(self, checkpoint: Checkpoint) -> Checkpoint:
        """A checkpoint with the state of those that learn."""
        state = {f"{REWARD}{name}": array for name, array in self.save().items()}
        return Checkpoint({**checkpoint.arrays, **state}, checkpoint.meta) if state else checkpoint

    def resume(self, checkpoint: Checkpoint) -> None:
        """Go on from a checkpoint."""
        self.load(part(checkpoint.arrays, REWARD))

    def _channels(self, window: Window) -> dict[str, Floats]:
        """Every channel by its full name, with the game's own first."""
        channels: dict[str, Floats] = {GAME: window.rows.reward}
        for name, source in self._sources.items():
            subject = self._subjects[name]
            right = f"{{{', '.join(f'{key!r}: float64[{len(window)}]' for key in source.channels)}}}, all finite,"
            with blamed(subject, _CALL, right):
                given = source(window)
            if not isinstance(given, Mapping) or set(given) != set(source.channels):
                raise wrong(subject, _CALL, sorted(given) if isinstance(given, Mapping) else given, right)
            for key, numbers in given.items():
                channels[_full(name, key, source)] = _checked(numbers, window, subject, key, right)
        return channels

    def _samples(self, window: Window) -> dict[str, Array]:
        found: dict[str, Array] = {}
        for name, source in self.learning.items():
            with blamed(self._subjects[name], "samples(window)", "a mapping of names to arrays"):
                found |= {f"{name}/{key}": np.asarray(array) for key, array in source.samples(window).items()}
        return found

    def _weighed(self, weights: Mapping[str, float]) -> dict[str, float]:
        """The weight of every channel by its full name."""
        known = {GAME: GAME} | {
            _full(name, key, source): name for name, source in self._sources.items() for key in source.channels
        }
        for name in weights:
            if name not in known and name not in known.values():
                raise UserError(f"reward.weights: there is no channel {name!r}{suggestion(name, known)}")
        return {full: weights.get(full, weights.get(name, 1.0)) for full, name in known.items()}

    def _needed(self) -> Iterable[str]:
        """What must be recorded. Raises UserError for what no record has."""
        for name, source in self._sources.items():
            for need in getattr(source, "needs", ()):
                if need not in _RECORDED:
                    raise UserError(
                        f"{self._subjects[name]} needs {need!r} of every row, which is not recorded; "
                        f"what can be recorded is {', '.join(_RECORDED)}"
                    )
                yield need


def joined(parts: Sequence[Mapping[str, Array]]) -> dict[str, Array]:
    """The samples of several windows, or samplers, together."""
    names = dict.fromkeys(name for one in parts for name in one)
    return {name: np.concatenate([one[name] for one in parts if name in one]) for name in names}


def _full(name: str, key: str, source: Reward) -> str:
    """A channel's name: that of the scenario where its reward has just one, else both."""
    return name if len(source.channels) == 1 else f"{name}:{key}"


def _checked(numbers: object, window: Window, subject: str, key: str, right: str) -> Floats:
    """A channel as `float64[K]`. Raises RunError where it is something else, or not finite."""
    asked = f"{_CALL} as the channel {key!r}"
    array = np.asarray(numbers)
    if array.shape != (len(window),) or array.dtype.kind not in "fiub":
        raise wrong(subject, asked, f"an array of {array.dtype} {list(array.shape)}", right)
    array = array.astype(np.float64)
    if not np.isfinite(array).all():
        row = int(np.flatnonzero(~np.isfinite(array))[0])
        raise wrong(subject, asked, f"{array[row]} for row {row}", right)
    return array
