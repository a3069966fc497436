"""What a learner is paid for: channels of rewards, combined, weighted and summed, in place of what the game pays.

Evaluations, payoffs and the `return` of training stay on the game's own reward, which is the channel `game`. What may
be said of channels is `marl.training.composition`.
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
from marl.registry import REWARDS, blamed, load_registry, wrong
from marl.reward import LOGGED, NUMBERS, LearningReward, Reward, Window
from marl.training.checkpoint import REWARD, part
from marl.training.composition import (
    GAME,
    TOTAL,
    Constraint,
    RewardConfig,
    Schedule,
    balanced,
    check_zero_sum,
)
from marl.training.composition.config import value
from marl.training.composition.logged import logged
from marl.training.composition.multipliers import Multipliers
from marl.training.composition.scales import Scales
from marl.trajectory import Term, Trajectory
from marl.types import Array, Floats

_CALL = "reward(window)"
_RECORDED = ("earned", "before", "whole")  # what rewards may ask for, see `marl.arena.Record`


@dataclass(frozen=True)
class Rewarded:
    """Windows that carry what is learned from, what to report of it, and what the rewards learn from."""

    windows: list[Trajectory]
    stats: dict[str, float] = field(default_factory=dict)
    samples: dict[str, Array] = field(default_factory=dict)


class Rewards:
    """The rewards of a scenario, composed. Raises UserError where one does not fit the game, or lacks what it needs.

    `discount`: the learner's, per own turn. `is_plain`: nothing but the game's own, so that nobody need be asked.
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
        self.config, self.is_plain = config, config.is_plain
        self._names = self._full_names()
        self._parts = {name: self._parts_of(name) for name in config.combine}
        self._weights = self._weighed()
        self._limits = {
            full: (limits[0], limits[1]) for name, limits in config.clip.items() for full in self._of("clip", name)
        }
        self._multipliers = Multipliers(
            {full: one for full, (_, one) in self._weights.items() if isinstance(one, Constraint)}
        )
        self._scales = Scales(full for name in config.normalise for full in self._of("normalise", name))
        if config.zero_sum:
            check_zero_sum(spec)
        self.record = Record(**dict.fromkeys(self._needed(), True))

    def __call__(self, windows: Sequence[Trajectory], coefficients: Mapping[str, float] | None = None) -> Rewarded:
        """Pay the rows of one update; `coefficients` are the weights that change, as of now.

        Raises RunError, naming the plugin, where a reward fails or gives nonsense.
        """
        weights = {
            full: value(weight, dict(coefficients or {}), name)
            for full, (name, weight) in self._weights.items()
            if not isinstance(weight, Constraint)
        } | self._multipliers.weights
        raw, terms, samples, unweighted = [], [], [], []
        for rows in windows:
            window = Window(rows, self.spec, self.discount)
            found, channels = self.composed(window)
            raw.append(found)
            channels |= self._beyond(channels)
            terms.append({name: weight * channels[name] for name, weight in weights.items()})
            unweighted.append({name: Term(weight, channels[name]) for name, weight in weights.items()})
            samples.append(self._samples(window) | self._running(found))
        totals = [sum(one.values(), np.zeros(len(rows))) for one, rows in zip(terms, windows, strict=True)]
        stats: dict[str, float] = {}
        if self.config.zero_sum:
            totals, stats[f"{LOGGED}{TOTAL}.balanced"] = self._balanced(windows, terms, totals)
        paid = [
            replace(rows, reward=total, terms=parts)
            for rows, total, parts in zip(windows, totals, unweighted, strict=True)
        ]
        apart = GAME not in self._limits and GAME not in self._scales.names
        paid = self._by_tick(windows, paid, weights.get(GAME, 0.0) if apart else 0.0)
        return Rewarded(paid, logged(raw, terms, totals) | stats, joined(samples))

    def _beyond(self, channels: Mapping[str, Floats]) -> dict[str, Floats]:
        """Channels with a constraint, less their bound: what keeps to it costs nothing, however long a match is."""
        bounds = {name: np.array([one.bound]) for name, one in self._multipliers.constraints.items()}
        return {name: channels[name] - self._limited(name, bound) for name, bound in bounds.items()}

    def _limited(self, name: str, values: Floats) -> Floats:
        """What a channel pays, normalised and clipped where the scenario says so."""
        scaled = self._scales.scaled(name, values)
        return np.clip(scaled, *self._limits[name]) if name in self._limits else scaled

    def _by_tick(self, windows: Sequence[Trajectory], paid: list[Trajectory], weight: float) -> list[Trajectory]:
        """Where matches are whole, what sides earned at every tick is what is paid too.

        The game's own reward counts when it was earned, times `weight`; what else is paid counts at the own turn that
        it is paid for.
        """
        ticks = paid[0].ticks
        if ticks is None:
            return paid
        earned, side_of = weight * ticks.earned, self.spec.side_of
        for rows, after in zip(windows, paid, strict=True):
            more = after.reward - weight * rows.reward
            np.add.at(earned, (ticks.find(rows.match, rows.tick), side_of[rows.agent]), more)
        return [replace(window, ticks=replace(ticks, earned=earned)) for window in paid]

    @property
    def terms(self) -> tuple[str, ...]:
        """The names of what is summed up, in the order of `Trajectory.terms`."""
        order = [full for full, (_, one) in self._weights.items() if not isinstance(one, Constraint)]
        return tuple(dict.fromkeys([*order, *self._multipliers.weights]))

    @property
    def learning(self) -> dict[str, LearningReward]:
        """Those that learn, by name."""
        return {name: source for name, source in self._sources.items() if isinstance(source, LearningReward)}

    def reset(self, seed: int) -> None:
        """A cold start of those that learn."""
        self._scales.reset()
        self._multipliers.reset()
        for number, (name, source) in enumerate(self.learning.items()):
            with blamed(self._subjects[name], "reset(seed)"):
                source.reset(int(rng.mix(seed, number)[0]))

    def fit(self, samples: Mapping[str, Array], seed: int) -> dict[str, float]:
        """Let those that learn learn from the samples of one update; what they report, by "reward.channel.name"."""
        stats = {f"{LOGGED}{name}.deviation": found for name, found in self._scales.fit(samples).items()}
        stats |= {f"{LOGGED}{name}.weight": found for name, found in self._multipliers.fit(samples).items()}
        for number, (name, source) in enumerate(self.learning.items()):
            if mine := part(samples, f"{name}/"):
                call, right = "fit(samples, seed)", f"a mapping of names (none of {', '.join(NUMBERS)}) to numbers"
                with blamed(self._subjects[name], call, right):
                    told = {
                        key: float(number) for key, number in source.fit(mine, int(rng.mix(seed, number)[0])).items()
                    }
                if taken := set(told) & set(NUMBERS):
                    raise wrong(self._subjects[name], call, sorted(taken), right)
                stats |= {f"{LOGGED}{name}.{key}": one for key, one in told.items()}
        return stats

    def save(self) -> dict[str, Array]:
        """The state of those that learn, by "channel/name"."""
        state = self._scales.save() | self._multipliers.save()
        for name, source in self.learning.items():
            with blamed(self._subjects[name], "save()", "a mapping of names to arrays"):
                state |= {f"{name}/{key}": np.array(value) for key, value in source.save().items()}
        return state

    def load(self, state: Mapping[str, Array]) -> None:
        """Go on from a saved state. A reward that it knows nothing of, as it is new in the scenario, starts cold."""
        self._scales.load(state)
        self._multipliers.load(state)
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

    def composed(self, window: Window) -> tuple[dict[str, Floats], dict[str, Floats]]:
        """Every channel and combination as it is made, and then normalised and clipped."""
        given, raw, channels = self._channels(window), dict[str, Floats](), dict[str, Floats]()

        def make(name: str) -> Floats:
            if name not in channels:
                parts = [factor * make(full) for full, factor in self._parts.get(name, {}).items()]
                raw[name] = self.config.combine[name].made(parts) if parts else given[name]
                channels[name] = self._limited(name, raw[name])
            return channels[name]

        for name in self._names:
            make(name)
        return {name: raw[name] for name in self._names}, channels

    def _running(self, channels: Mapping[str, Floats]) -> dict[str, Array]:
        """What deviations and multipliers learn from: every channel as it is made."""
        return self._scales.samples(channels) | self._multipliers.samples(channels)

    def _balanced(
        self, windows: Sequence[Trajectory], terms: Sequence[Mapping[str, Floats]], totals: Sequence[Floats]
    ) -> tuple[list[Floats], float]:
        """What is paid where sides must sum up to nothing; the game's own does already, unless it was clipped."""
        apart = GAME in self._weights and GAME not in self._limits
        own = [one[GAME] if apart else np.zeros(len(rows)) for one, rows in zip(terms, windows, strict=True)]
        shaping, share = balanced(windows, [total - game for total, game in zip(totals, own, strict=True)], self.spec)
        return [game + more for game, more in zip(own, shaping, strict=True)], share

    def _samples(self, window: Window) -> dict[str, Array]:
        found: dict[str, Array] = {}
        for name, source in self.learning.items():
            with blamed(self._subjects[name], "samples(window)", "a mapping of names to arrays"):
                found |= {f"{name}/{key}": np.asarray(array) for key, array in source.samples(window).items()}
        return found

    def _full_names(self) -> dict[str, str]:
        """The full name of everything that pays, with the name that a scenario has for it."""
        channels = {_full(name, key, source): name for name, source in self._sources.items() for key in source.channels}
        return {GAME: GAME, **channels, **{name: name for name in self.config.combine}}

    def _of(self, key: str, name: str) -> list[str]:
        """The full names that a name in a scenario stands for. Raises UserError where there is nothing of that name."""
        found = [full for full, short in self._names.items() if name in (full, short)]
        if not found:
            known = [*self._names, *self._names.values()]
            raise UserError(f"reward.{key}: there is no channel {name!r}{suggestion(name, known)}")
        return found

    def _parts_of(self, name: str) -> dict[str, float]:
        """The full names of the parts of a combination, with their factors."""
        parts = {}
        for part_name, factor in self.config.combine[name].factors.items():
            found = self._of(f"combine.{name}.of", part_name)
            if len(found) > 1:
                raise UserError(f"reward.combine.{name}.of: {part_name!r} is several channels: name one of "
                                f"{', '.join(found)}")  # fmt: skip
            parts[found[0]] = factor
        return parts

    def _weighed(self) -> dict[str, tuple[str, float | Schedule | Constraint]]:
        """The name and the weight of all that is summed up, by full name: parts of combinations only where they say."""
        for name in self.config.weights:
            self._of("weights", name)
        parts = {full for parts in self._parts.values() for full in parts}
        result: dict[str, tuple[str, float | Schedule | Constraint]] = {}
        for full, name in self._names.items():
            given = full if full in self.config.weights else name
            if given in self.config.weights or full not in parts:
                result[full] = (given, self.config.weights.get(given, 1.0))
        return result

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
