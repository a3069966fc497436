"""Decision rules: how an agent chooses by what it sees itself, as P numbers that are the same for all agents.

Centres stand on a grid over the box of what is seen, and each has a logit for every action. An agent mixes those of the
centres near what it sees: by a Gaussian (RBF) kernel, normalised to 1, so that rules are smooth in what is seen; or
those of the nearest centre alone, which makes cells as in a histogram.

Source: Cui et al., "Learning decentralized partially observable mean field control for artificial collective behavior",
ICLR 2024: parameters of a lower-level policy are the action of an upper-level one, kernels in place of histograms. That
actions are chosen by a softmax of mixed logits is ours.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from marl.env import EnvSpec
from marl.errors import UserError
from marl.registry.ranges import above, at_least
from marl.space import Box, Discrete, Tree
from marl.types import Array, ArrayTree, Bools, Floats
from marl_swarm.features import Kind


@dataclass(kw_only=True)
class RuleParams:
    """The shape of a decision rule."""

    rule: Kind = "kernel"
    """How agents go by centres: `kernel` mixes those near what is seen, `histogram` takes the nearest."""
    centres: int = 3
    """How many there are along each number that is seen."""
    reach: float = 0.75
    """The kernel's width, in distances between centres."""
    sharpness: float = 4.0
    """Logits are the rule's numbers times this, so a rule of numbers around 1 is so sure of itself."""

    def __post_init__(self) -> None:
        at_least(self, 2, "centres")
        above(self, 0, "reach", "sharpness")


class Rule:
    """A decision rule for agents who see `box` `[d]` and choose one of `actions`: P = `size` numbers."""

    def __init__(self, box: Box, actions: int, params: RuleParams) -> None:
        self.box, self.actions, self.params = box, actions, params
        grid = np.linspace(box.low, box.high, params.centres)
        (dimensions,) = box.shape
        self.centres = np.stack(np.meshgrid(*[grid] * dimensions, indexing="ij"), axis=-1).reshape(-1, dimensions)
        self._width = params.reach * (grid[1] - grid[0])
        self.size = len(self.centres) * actions

    @property
    def told(self) -> dict[str, Any]:
        """What it takes to make it again, as JSON."""
        return {name: value for name, value in asdict(self.params).items() if name in RuleParams.__annotations__}

    def weights(self, seen: Array) -> Floats:
        """How much each of B centres counts, `float[K, d] -> float64[K, B]`; each row sums to 1."""
        square = np.square(seen[:, None, :].astype(np.float64) - self.centres).sum(axis=2)
        if self.params.rule == "histogram":
            return np.asarray(square.argmin(axis=1)[:, None] == np.arange(len(self.centres)), dtype=np.float64)
        close = np.exp((square.min(axis=1, keepdims=True) - square) / (2 * self._width**2))
        return np.asarray(close / close.sum(axis=1, keepdims=True))

    def probabilities(self, rules: Array, seen: Array, mask: Bools | None = None) -> Floats:
        """What agents do: `float[K, P]`, `float[K, d]`, `bool[K, A] -> float64[K, A]`; 0 where the mask forbids it."""
        table = rules.reshape(len(rules), len(self.centres), self.actions).astype(np.float64)
        logits = self.params.sharpness * np.einsum("kb,kba->ka", self.weights(seen), table)
        logits = logits if mask is None else np.where(mask, logits, -np.inf)
        weights = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def rule_for(spec: EnvSpec, params: RuleParams) -> Rule:
    """The rule for the agents of an environment. Raises UserError where it has none."""
    if len(spec.groups) != 1 or len(spec.sides) != 1 or spec.dynamics != "simultaneous":
        has = f"sides: {len(spec.sides)}, groups: {len(spec.groups)}, dynamics: {spec.dynamics}"
        raise UserError(f"a swarm has one side and one group of agents, who act all at once, not {has}")
    group = spec.groups[0]
    if not isinstance(group.action, Discrete):
        raise UserError(f"decision rules choose from a list of actions, and those of {group.name!r} are {group.action}")
    seen = group.observation.fields.get("seen") if isinstance(group.observation, Tree) else group.observation
    if not isinstance(seen, Box) or len(seen.shape) != 1 or not seen.bounded:
        raise UserError(
            f"decision rules go by a bounded row of numbers (a leaf 'seen', where there are several), and "
            f"{group.name!r} see {group.observation}"
        )
    size = params.centres ** seen.shape[0] * group.action.n
    if size > _MOST:
        raise UserError(
            f"a rule with centres: {params.centres} along each of {seen.shape[0]} numbers that are seen has {size} "
            f"numbers, and {_MOST} are the most: fewer centres, or an environment that shows less"
        )
    return Rule(seen, group.action.n, params)


def seen_of(observation: ArrayTree) -> Array:
    """What rules go by of what agents see, `[K, d]`."""
    seen: Array = observation["seen"] if isinstance(observation, dict) else observation
    return seen


_MOST = 4096
