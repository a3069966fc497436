"""A policy of a mean-field game, as a player of the game of N agents."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np

from marl import rng
from marl.env import EnvSpec, Rows
from marl.errors import UserError
from marl.policy import Acts
from marl.snapshot import Snapshot
from marl.types import Array, Floats, Keys


class Tabular:
    """Draws from `[T, P, A, S]`, by the time and one's state; who else is where does not matter to it."""

    def __init__(self, policy: Floats) -> None:
        self.policy = policy

    def memory(self, rows: int) -> Array | None:
        """It has none."""
        return None

    def probabilities(self, rows: Rows) -> Floats:
        """See `marl.policy.Explicit`."""
        seen = cast(dict[str, Array], rows.observation)
        time = np.minimum(seen["time"], len(self.policy) - 1)
        return np.asarray(self.policy[time, rows.group, :, seen["state"]])

    def act(self, rows: Rows, memory: Array | None, keys: Keys) -> Acts:
        """See `marl.policy.Policy`."""
        chances = self.probabilities(rows)
        action = rng.choose(keys, chances)
        return Acts(action, np.log(chances[np.arange(len(action)), action]))


@dataclass(kw_only=True)
class Params:
    """Of the policy that a run has found."""

    run: str
    """The directory of a run of `kind: meanfield`, of the same game."""


def solved(spec: EnvSpec, snapshot: Snapshot | None = None, params: Params | None = None) -> Tabular:
    """The newest policy of a run. Raises UserError where it is of another game."""
    from marl.blobs import Blobs
    from marl_meanfield import progress
    from marl_meanfield.progress import Progress

    assert params is not None
    run = Path(params.run)
    if not (run / progress.FILE).is_file():
        raise UserError(f"{run} holds no mean-field run: there is no {progress.FILE} in it")
    policy = Blobs(run / "blobs").get(Progress.read(run).state)[0]["policy"]
    fields = getattr(spec.groups[0].observation, "fields", {})
    known = tuple(getattr(fields.get(name), "n", None) for name in ("time", "state"))
    if known != (len(policy) + 1, policy.shape[3]) or len(spec.groups) != policy.shape[1]:
        raise UserError(
            f"{run} solved a game of {len(policy)} times, {policy.shape[1]} populations and {policy.shape[3]} states, "
            "which is not this one: give meanfield/finite the game of that run"
        )
    return Tabular(np.asarray(policy))
