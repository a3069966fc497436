"""Who acts when a bot does not: the opening's random moves, and whoever plays on for a side that has failed."""

from __future__ import annotations

from league.referee.live import Live
from league.referee.policy import PolicySeat
from league.referee.scoring import Scoring
from league.referee.seat import Answer, Request
from marl.env import EnvSpec
from marl.policies.random import Random


class StandIns:
    """The host's own players at the tables of one game. See `Referee` for `scoring` and `opening`."""

    def __init__(self, spec: EnvSpec, scoring: Scoring, opening: int) -> None:
        self._spec, self._scoring, self._opening = spec, scoring, opening
        self._random = Random(spec)
        self._policy = scoring.stand_in(spec) or self._random

    def opens(self, live: Live, request: Request) -> Answer | None:
        """The answer to a request of the opening; None where the opening is over."""
        if request.tick >= self._opening:
            return None
        return PolicySeat(self._random, self._spec, live.match.opening_seed).ask(request)

    def replaces(self, live: Live) -> bool:
        """Whether the match goes on without a side that has failed."""
        return self._scoring.goes_on(live.sides)

    def seat(self, live: Live) -> PolicySeat:
        """Who plays on for a side of a match."""
        return PolicySeat(self._policy, self._spec, live.match.seed)
