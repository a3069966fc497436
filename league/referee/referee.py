"""The referee: plays matches between bots, policies and people on the lanes of one environment.

One thread waits for everybody at once: whoever has answered is read, whoever is late is out, and lanes whose sides have
all answered are stepped together. So nobody waits for another match's bot, and many matches at once are cheaper.

Time is the host's. A side's clock starts when its request has been sent and stops when its answer could be read; while
the referee itself was busy, the doubt is the bot's benefit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from league.referee.clocks import Clocks, Output
from league.referee.dialogue import Dialogue
from league.referee.encode import Pen
from league.referee.fairness import new_secret
from league.referee.game import Game
from league.referee.live import Live, Match
from league.referee.record import MatchRecord
from league.referee.scoring import Scoring
from league.referee.seat import Player, Table
from league.referee.stand_in import StandIns
from league.referee.verdict import HostError, Verdict, host_error
from marl.env import Environment
from marl.snapshot import JSON


class Referee:
    """Plays matches of one game, as many at once as `environment` has lanes, or `lanes`.

    It owns the environment while it plays. `name` and `params` are what that is registered under: bots are told, and
    replays say. `secret` is what the ids of moves follow from. A bot whose turn has not come for `grace` seconds is
    stopped until it does. `scoring`: what matches count, and what becomes of those in which a bot fails. The first
    `opening` ticks are played at random, by the match's `opening_seed`: matches that share one begin alike.
    """

    def __init__(
        self,
        environment: Environment,
        name: str,
        params: Mapping[str, JSON] | None = None,
        clocks: Clocks = Clocks(),  # noqa: B008
        output: Output = Output(),  # noqa: B008
        secret: bytes | None = None,
        grace: float = 0.005,
        lanes: int | None = None,
        scoring: Scoring = Scoring(),  # noqa: B008
        opening: int = 0,
    ) -> None:
        self.environment, self.spec = environment, environment.spec
        self.name, self.params = name, dict(params or {})
        self.clocks, self.output = clocks, output
        self.lanes = environment.lanes if lanes is None else min(lanes, environment.lanes)
        self.scoring, self.opening = scoring, opening
        self._secret = secret or new_secret()
        self._pens = [Pen(group) for group in self.spec.groups]
        self._game = Game(environment)
        self._live: dict[int, Live] = {}
        self._finished: list[MatchRecord] = []
        self._dialogue = Dialogue(self._live, grace, self._finish, StandIns(self.spec, scoring, opening))

    def play(self, matches: Iterable[Match]) -> Iterator[MatchRecord]:
        """Play `matches` and yield each record as soon as it is over, whichever is first.

        Whatever bots do ends in a verdict; what the host gets wrong ends in a void match. Every process is gone when
        this ends (but those that players keep), also if it is closed before.
        """
        source = iter(matches)
        try:
            while True:
                if len(self._live) < self.lanes:
                    self._fill(source)
                while self._dialogue.ready:
                    self._advance(self._dialogue.take_ready())
                if self._finished:
                    records, self._finished = self._finished, []
                    yield from records
                elif self._live:
                    self._dialogue.listen()
                else:
                    return
        finally:
            for live in list(self._live.values()):
                self._leave(live, healthy=False)
            self._dialogue.take_ready()
            self._finished = []

    def close(self) -> None:
        """Give back what the referee itself holds."""
        self._dialogue.close()

    # starting

    def _fill(self, source: Iterator[Match]) -> None:
        """Start matches on the free lanes."""
        for lane in range(self.lanes):
            if lane not in self._live:
                match = next(source, None)
                if match is None:
                    return
                live = self._live[lane] = Live(match, lane, len(self.spec.sides), self.clocks)
                self._begin(live)

    def _begin(self, live: Live) -> None:
        players = live.match.players
        if len(players) != live.sides:
            self._finish(live, HostError(f"there are {live.sides} sides, but {len(players)} players"))
            return
        side = 0
        try:
            for side, player in enumerate(players):
                live.seats.append(player.sit(self._table(live, side)))
            live.waiting = live.sides
            for side in range(live.sides):
                self._dialogue.begin(live, side)
        except Exception as error:
            self._finish(live, host_error(f"could not start {players[side].name}", error, (side,)))

    def _table(self, live: Live, side: int) -> Table:
        match = live.match
        return Table(
            match=match.id,
            environment=self.name,
            params=self.params,
            spec=self.spec,
            side=side,
            seed=match.seed,
            clocks=self.clocks,
            output=self.output,
            pens=self._pens,
            secret=self._secret,
            heard=partial(live.transcript.add, side),
            render=partial(self.environment.render, live.lane),
            matches=self.environment,
            log=match.log,
        )

    # playing

    def _advance(self, ready: Sequence[Live]) -> None:
        """Start or step the lanes whose sides have all answered; ask whoever must act next."""
        starting: list[Live] = []
        moving: list[Live] = []
        for live in ready:
            if live.over:
                continue
            if live.broken:
                self._finish(live)
            else:
                (moving if live.playing else starting).append(live)
        if starting:
            self._start(starting)
        if moving:
            self._step(moving)

    def _start(self, lives: Sequence[Live]) -> None:
        try:
            turn = self._game.start(lives)
            self._game.ask(turn, lives, self._live)
        except Exception as error:
            self._void(lives, "the environment failed to start the match", error)
            return
        for live in lives:
            live.playing = True
        self._ask(lives)

    def _step(self, lives: Sequence[Live]) -> None:
        try:
            step = self._game.step(lives)
            done, faults = step.done.tolist(), step.fault.tolist()
            going = [live for live, ended in zip(lives, done, strict=True) if not ended] if True in done else lives
            self._game.ask(step.turn, going, self._live)
        except Exception as error:
            self._void(lives, "the environment failed in the middle of the match", error)
            return
        self._ask(going)
        if going is lives:
            return
        for row, live in enumerate(lives):
            if done[row]:
                void = self._ruled_out(live, self._game.side_of[faults[row]]) if faults[row] >= 0 else None
                self._finish(live, void, truncated=bool(step.truncated[row].any()))

    def _ask(self, lives: Sequence[Live]) -> None:
        """Ask the sides of `lives` for their moves."""
        for live in lives:
            if live.requests and len(live.history) < self.spec.max_length:
                self._dialogue.ask(live)
            else:
                what = f"goes on after {self.spec.max_length} ticks, its max_length"
                what = what if live.requests else "asks nobody to act"
                self._finish(live, HostError(f"the environment {what}, and the match is not over"))

    # ending

    def _ruled_out(self, live: Live, side: int) -> HostError | None:
        """The game ended the match for a side's illegal action: what it pays for that is no position to score by."""
        if len(live.history) <= self.opening:
            return HostError("the game does not allow a random action of the opening; it needs masks for that")
        live.broken = True
        if live.faults[side] is None:
            live.blame(side, Verdict.ILLEGAL_MOVE, "the game does not allow its action")
        if self.scoring.by_position(live.sides):
            live.counted = len(live.rewards) - 1
        return None

    def _void(self, lives: Sequence[Live], what: str, error: Exception) -> None:
        """The environment failed: nobody knows in which of several lanes, or after whose of several moves."""
        for live in lives:
            moved = live.to_act
            self._finish(live, host_error(what, error, moved if len(lives) == len(moved) == 1 else ()))

    def _finish(self, live: Live, error: HostError | None = None, truncated: bool = False) -> None:
        """The match is over: tell everybody, end the processes, write the record."""
        if live.over:
            return
        live.over = True
        if error is not None:
            live.transcript.add(-1, "#", f"{Verdict.HOST_ERROR.value}: {error.text}".encode())
        record = live.record(self.spec, self.name, self.params, self.scoring, error, truncated)
        for side, seat in enumerate(live.seats):
            try:
                if live.faults[side] is None:
                    seat.over(record.told(side))
            except Exception as problem:  # the match is decided, whatever happens now
                live.transcript.add(side, "#", f"could not be told the result: {problem}".encode())
        self._leave(live, healthy=error is None)
        self._finished.append(record)

    def _leave(self, live: Live, healthy: bool) -> None:
        live.over = True
        self._live.pop(live.lane, None)
        self._dialogue.forget(live)
        for side in range(len(live.seats)):
            live.leave(side, healthy and live.faults[side] is None and live.asked[side] is None)


def play_match(
    environment: Environment, name: str, players: Sequence[Player], seed: int, match: str = "match", **settings: Any
) -> MatchRecord:
    """Play one match on lane 0 of `environment`; `settings` are those of `Referee`."""
    referee = Referee(environment, name, lanes=1, **settings)
    try:
        (record,) = referee.play([Match(match, players, seed)])
        return record
    finally:
        referee.close()
