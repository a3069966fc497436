"""A reward that is learned from preferences: a judge compares segments two by two, and a model explains what it says.

Why: it is easier to say which of two behaviours is better than to write down a reward. After every update some pairs of
segments of what was just played are shown to the judge, a scripted one, or people (`marl rewards judge`). A
Bradley-Terry model is fitted to all that was said so far, and pays every turn. With `models` above 1, each is fitted to
a draw of its own of the pairs, and is a channel of its own, to be combined by `min` or `cautious`.
One score for each segment explains no judge that goes round in circles: there, use `nash/spo`.
Source: Christiano et al., "Deep reinforcement learning from human preferences", NeurIPS 2017 (arXiv:1706.03741).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from marl.env import EnvSpec, Group
from marl.reward import Channels, Window
from marl.types import Array, Floats
from marl_rewards.preferences.judges import Judge, JudgeParams
from marl_rewards.preferences.model import Pairs, PreferenceModel
from marl_rewards.preferences.people import answered
from marl_rewards.preferences.segments import cut, inputs, laid, size


@dataclass(kw_only=True)
class Params:
    """Whom to ask, how often, and how to learn from it."""

    judge: JudgeParams = field(default_factory=JudgeParams)
    """A scripted judge; what it is like."""
    people: str = ""
    """Instead: the folder with the answers of people, as in runs/NAME/preferences; see `marl rewards judge`."""
    segment: int = 16
    """Own turns of a segment."""
    pairs: int = 16
    """Pairs that a scripted judge compares in an update."""
    most: int = 2000
    """How many pairs it compares in all; the models learn from all of them."""
    models: int = 1
    """Models, each a channel of its own."""
    hidden: int = 64
    """Width of their hidden layers."""
    lr: float = 1e-3
    """Adam's learning rate."""
    steps: int = 50
    """Gradient steps of each model in an update, of 64 pairs each."""

    def __post_init__(self) -> None:
        for name in ("segment", "pairs", "most", "models", "hidden", "steps"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, not {getattr(self, name)}")
        if not self.lr > 0:
            raise ValueError(f"lr must be above 0, not {self.lr}")
        if self.people and self.judge != JudgeParams():
            raise ValueError("people stand instead of a judge: leave one of them out")


BATCH = 64


class BradleyTerry:
    """One channel, `preferred`, or one for each model, `model0`, ...; 0 until something was compared."""

    def __init__(self, spec: EnvSpec, params: Params | None = None) -> None:
        self.params, self.spec = params or Params(), spec
        self.judge = Judge(spec, self.params.judge)
        several, says = self.params.models > 1, "what a model of what the judge prefers says of a turn"
        self.channels = {f"model{one}": says for one in range(self.params.models)} if several else {"preferred": says}
        self.reset(0)

    def __call__(self, window: Window) -> Channels:
        """Every channel, `float64[K]` within -1 and 1."""
        group = window.rows.group
        if not len(self.pairs[group]):
            return {name: np.zeros(len(window)) for name in self.channels}
        given = inputs(window)
        return {name: one.rewards(given) for name, one in zip(self.channels, self.models[group], strict=True)}

    def reset(self, seed: int) -> None:
        """New models, and nothing compared."""
        params, groups = self.params, self.spec.groups
        self.pairs = [Pairs.none(params.segment, size(group)) for group in groups]
        self.taken = 0
        self.models = [
            [self.model(group, seed + 1000 * number + one) for one in range(params.models)]
            for number, group in enumerate(groups)
        ]

    def model(self, group: Group, seed: int) -> PreferenceModel:
        """A new model of what is preferred among the segments of a group."""
        return PreferenceModel(size(group), self.params.hidden, self.params.lr, seed)

    def samples(self, window: Window) -> Mapping[str, Array]:
        """Segments as models see them, and what the judge sees of them."""
        name, params = f"group{window.rows.group}", self.params
        if params.people:
            return {f"{name}.rows": np.array([len(window)])}
        segments = cut(window.rows, params.segment)
        return {
            f"{name}.inputs": laid(segments, inputs(window)),
            f"{name}.valid": segments.valid,
            f"{name}.evidence": self.judge.evidence(window, segments),
        }

    def fit(self, samples: Mapping[str, Array], seed: int) -> Mapping[str, float]:
        """Have pairs compared, fit the models; pairs so far, loss, how often the models agree with the judge."""
        chance = np.random.Generator(np.random.Philox(key=seed))
        if self.params.people:
            self._listen()
        for group, name in enumerate(f"group{number}" for number in range(len(self.spec.groups))):
            if f"{name}.evidence" in samples:
                self._ask(group, {key: samples[f"{name}.{key}"] for key in ("inputs", "valid", "evidence")}, chance)
        told = [
            model.learn(pairs.take(chance.integers(0, len(pairs), min(BATCH, len(pairs)))))
            for pairs, models in zip(self.pairs, self.models, strict=True)
            if len(pairs)
            for model in models
            for _ in range(self.params.steps)
        ]
        loss, agreed = np.mean(told, axis=0) if told else (np.log(2), 0.5)
        return {"pairs": float(sum(map(len, self.pairs))), "loss": float(loss), "agreed": float(agreed)}

    def save(self) -> Mapping[str, Array]:
        """Models, optimisers, and all that was said."""
        state: dict[str, Array] = {"taken": np.array(self.taken)}
        for group, (pairs, models) in enumerate(zip(self.pairs, self.models, strict=True)):
            state |= {f"group{group}.{key}": getattr(pairs, key) for key in ("inputs", "valid", "label")}
            for number, model in enumerate(models):
                state |= {f"group{group}.model{number}.{key}": array for key, array in model.save().items()}
        return state

    def load(self, state: Mapping[str, Array]) -> None:
        """Go on from `save`."""
        self.taken = int(state["taken"])
        for group, models in enumerate(self.models):
            self.pairs[group] = Pairs(*(np.array(state[f"group{group}.{key}"]) for key in ("inputs", "valid", "label")))
            for number, model in enumerate(models):
                prefix = f"group{group}.model{number}."
                model.load({key.removeprefix(prefix): a for key, a in state.items() if key.startswith(prefix)})

    def _ask(self, group: int, given: Mapping[str, Array], chance: np.random.Generator) -> None:
        """Let the judge compare pairs of different segments of an update."""
        known, count = self.pairs[group], len(given["valid"])
        wanted = min(self.params.pairs, self.params.most - len(known), count * (count - 1) // 2)
        if wanted < 1:
            return
        first = chance.integers(0, count, wanted)
        second = (first + chance.integers(1, count, wanted)) % count
        both = np.stack([first, second])
        label: Floats = self.judge(given["evidence"][first], given["evidence"][second], chance)
        self.pairs[group] = known.joined(Pairs(given["inputs"][both], given["valid"][both], label.astype(np.float32)))

    def _listen(self) -> None:
        """Take what people have answered since the last update; nobody waits for them."""
        answers, self.taken = answered(self.params.people, self.taken)
        for group, pairs in answers:
            if group < len(self.pairs) and pairs.inputs.shape[2:] == self.pairs[group].inputs.shape[2:]:
                self.pairs[group] = self.pairs[group].joined(pairs)
