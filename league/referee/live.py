"""A match in progress: who sits where, who was asked when, and what has been played so far."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from league.referee.clocks import Clocks, Spent
from league.referee.record import MatchRecord, Transcript
from league.referee.scoring import Scoring
from league.referee.seat import Player, Request, Seat
from league.referee.verdict import HostError, Verdict, verdicts_of
from marl.arena import Replay
from marl.env import EnvSpec
from marl.snapshot import JSON


@dataclass(frozen=True)
class Match:
    """A match to be played: a player per side, and the seed that chance follows from (see `fairness.match_seed`).

    `log`: the folder for what bots write on their standard error, or None to drop it. `opening`: the seed of a random
    opening, where several matches are to begin alike that share nothing else; None: `seed`.
    """

    id: str
    players: Sequence[Player]
    seed: int
    log: Path | None = None
    opening: int | None = None

    @property
    def opening_seed(self) -> int:
        """What the moves of a random opening are drawn by."""
        return self.seed if self.opening is None else self.opening


@dataclass(slots=True)
class Live:
    """A match on lane `lane`. Lists have one entry per side.

    `asked`: when each side was asked (`perf_counter`), None where nothing is awaited. `idle`: since when it is not its
    turn. `requests`: what was asked last, by side. `waiting`: how many sides must still answer. `actions`: of this
    tick, by agent, as far as they have come. `broken`: whether a fault ends the match. `counted`: how many ticks'
    rewards count; None: all.
    """

    match: Match
    lane: int
    sides: int
    clocks: Clocks
    seats: list[Seat] = field(default_factory=list)
    spent: list[Spent] = field(default_factory=list)
    asked: list[float | None] = field(default_factory=list)
    idle: list[float] = field(default_factory=list)
    faults: list[Verdict | None] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    requests: dict[int, Request] = field(default_factory=dict)
    actions: dict[int, Any] = field(default_factory=dict)
    history: list[Mapping[int, Any]] = field(default_factory=list)
    rewards: list[list[float]] = field(default_factory=list)
    waiting: int = 0
    playing: bool = False
    broken: bool = False
    over: bool = False
    counted: int | None = None
    transcript: Transcript = field(default_factory=Transcript)
    began: float = field(default_factory=time.perf_counter)

    def __post_init__(self) -> None:
        count = self.sides
        self.spent = [Spent(self.clocks.bank) for _ in range(count)]
        self.asked, self.idle = [None] * count, [0.0] * count
        self.faults, self.reasons = [None] * count, [""] * count

    @property
    def lateness(self) -> Verdict:
        """What being late is called now."""
        return Verdict.TIMEOUT if self.playing else Verdict.NO_START

    def blame(self, side: int, fault: Verdict, reason: str) -> None:
        """`side` is at fault."""
        self.faults[side], self.reasons[side] = fault, reason
        self.transcript.add(side, "#", f"{fault.value}: {reason}".encode())

    def leave(self, side: int, healthy: bool) -> None:
        """`side` leaves the table: its process ends, or is kept where it is `healthy`."""
        try:
            self.seats[side].close(healthy)
        except Exception as problem:
            self.transcript.add(side, "#", f"could not be ended: {problem}".encode())

    def book(self, side: int, seconds: float) -> bool:
        """Enter what `side` took for what it was asked; whether that was too long."""
        if self.playing:
            return not self.spent[side].book(self.clocks, seconds)
        self.spent[side].start = seconds
        return seconds > self.clocks.start

    def played(self, rewards: list[float]) -> None:
        """The environment was stepped with `actions`."""
        self.history.append(self.actions)
        self.rewards.append(rewards)
        self.actions = {}

    @property
    def to_act(self) -> tuple[int, ...]:
        """The sides that had to do something last."""
        return tuple(sorted(self.requests)) if self.playing else ()

    def allowed(self, side: int) -> float:
        """How long `side` may take for what it was asked, in seconds."""
        return self.clocks.move + self.spent[side].bank if self.playing else self.clocks.start

    def due(self, side: int, grace: float) -> float:
        """When `side` is late, or has been idle for `grace` seconds (`perf_counter`); infinite where neither can be."""
        seat, asked = self.seats[side], self.asked[side]
        if not seat.timed:
            return math.inf
        if asked is not None:
            return asked + self.allowed(side)
        return math.inf if seat.frozen or self.faults[side] is not None else self.idle[side] + grace

    def returns(self, spec: EnvSpec) -> tuple[float, ...]:
        """What each side has earned so far."""
        rewards = self.rewards[: self.counted]
        totals = np.sum(rewards, axis=0) if rewards else np.zeros(len(spec.agents))
        return tuple(float(totals[list(side)].sum()) for side in spec.sides)

    def verdicts(self, returns: Sequence[float], error: HostError | None) -> tuple[Verdict, ...]:
        """How it ended for each side."""
        if error is not None:
            return (Verdict.HOST_ERROR,) * self.sides
        return verdicts_of(self.faults, returns)

    def record(
        self,
        spec: EnvSpec,
        name: str,
        params: Mapping[str, JSON],
        scoring: Scoring,
        error: HostError | None,
        truncated: bool,
    ) -> MatchRecord:
        """The record of a match that is over."""
        returns = self.returns(spec)
        verdicts = self.verdicts(returns, error)
        players = tuple(player.name for player in self.match.players)
        replay = Replay(name, dict(params), self.match.seed, players)
        replay.ticks = [
            {"actions": {str(agent): _plain(action) for agent, action in actions.items()}, "rewards": rewards}
            for actions, rewards in zip(self.history, self.rewards, strict=True)
        ]
        replay.verdict = {
            "returns": np.sum(self.rewards, axis=0).tolist() if self.rewards else [0.0] * len(spec.agents),
            "length": len(replay.ticks),
            "fault": next((spec.sides[side][0] for side, fault in enumerate(self.faults) if fault and self.broken), -1),
            "truncated": truncated,
            "sides": [verdict.value for verdict in verdicts],
            "reasons": list(self.reasons),
        }
        if error is not None or self.broken:
            replay.verdict["broken_off"] = error.text if error else next(filter(None, self.reasons))
        return MatchRecord(
            id=self.match.id,
            players=players,
            seed=self.match.seed,
            verdicts=verdicts,
            reasons=tuple(self.reasons),
            returns=returns,
            scores=scoring.scores(verdicts, returns, spec.returns),
            ticks=len(self.history),
            truncated=truncated,
            spent=tuple(self.spent),
            seconds=time.perf_counter() - self.began,
            replay=replay,
            transcript=self.transcript,
            host_error=error,
        )


def _plain(action: Any) -> JSON:
    return action if isinstance(action, int) else np.asarray(action).tolist()
