"""Info columns of matches over time: order parameters, the living of an army, what an environment says of itself."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from marl.arena import Mixtures
from marl.arena.play import Moves, Play
from marl.env import Environment, EnvSpec, Step
from marl.errors import UserError
from marl.evaluation import Player
from marl.types import Floats, Ints


@dataclass(frozen=True)
class Track:
    """The info columns of some matches of a player with itself, by name: `float64[ticks, matches]`.

    NaN where a match is over.
    """

    name: str
    columns: dict[str, Floats]


def tracked(environment: Environment, player: Player, seed: int, ticks: int | None = None) -> Track:
    """A match in each lane, all sides played by `player`, to its end or for so many ticks.

    Raises UserError where the environment has no info columns.
    """
    check_columns(environment.spec)
    source = Mixtures(player.weights, seed).block(0, environment.lanes)
    watch = _Watch(environment.lanes, list(environment.spec.info))
    play = Play(environment, player.policies, source, [watch])
    while not play.over and (ticks is None or len(watch.rows) < ticks):
        play.tick()
    return Track(player.name, {name: np.array([row[name] for row in watch.rows]) for name in environment.spec.info})


def check_columns(spec: EnvSpec) -> None:
    """Raises UserError where an environment says nothing of itself."""
    if not spec.info:
        raise UserError(
            "this environment has no info columns, so there is nothing to draw; manyagent/ising has `order`"
        )


@dataclass
class _Watch:
    """See `marl.arena.play.Recorder`: a row of columns for each tick, `float64[lanes]` each."""

    lanes: int
    names: list[str]
    rows: list[dict[str, Floats]] = field(default_factory=list)

    def acted(self, play: Play, moves: Moves) -> None:
        """Nothing is kept of it."""

    def stepped(self, play: Play, step: Step) -> None:
        row = {name: np.full(self.lanes, np.nan) for name in self.names}
        for name, column in row.items():
            column[step.lanes] = step.info[name]
        self.rows.append(row)

    def void(self, play: Play, lanes: Ints) -> None:
        """What was seen of a match that is played again is not taken back."""


def settled(track: Track, column: str, share: float = 0.25) -> tuple[float, float]:
    """The mean of a column without the first `share` of the ticks, and its standard error over matches."""
    rest = track.columns[column][int(share * len(track.columns[column])) :]
    each = np.nanmean(rest, axis=0)
    error = float(each.std(ddof=1) / np.sqrt(len(each))) if len(each) > 1 else 0.0
    return float(each.mean()), error
