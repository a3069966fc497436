"""The referee: plays matches between bots, policies and people on the lanes of one environment.

One thread waits for everybody at once: whoever has answered is read, whoever is late is out, and lanes whose sides have
all answered are stepped together. So nobody waits for another match's bot, and many matches at once are cheaper.

Time is the host's. A side's clock starts when its request has been sent and stops when its answer could be read; while
the referee itself was busy, the doubt is the bot's benefit.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from operator import attrgetter
from typing import Any

import numpy as np

from league.referee.answers import Answers
from league.referee.clocks import Clocks, Output
from league.referee.encode import Pen
from league.referee.fairness import new_secret
from league.referee.live import Live, Match
from league.referee.policy import PolicySeat
from league.referee.record import MatchRecord
from league.referee.scoring import Scoring
from league.referee.seat import Answer, Player, Request, Table, View
from league.referee.verdict import HostError, Verdict
from league.referee.watch import Watch
from marl.arena import environment_seeds
from marl.arena.contract import ContractBroken
from marl.env import Environment, Rows, Turn
from marl.policies.random import Random
from marl.rng import as_keys
from marl.snapshot import JSON

_agent = attrgetter("agent")


class Referee:
    """Plays matches of one game, as many at once as `environment` has lanes, or `lanes`.

    It owns the environment while it plays. `name` and `params` are what that is registered under: bots are told, and
    replays say. `secret` is what the ids of moves follow from. A bot whose turn has not come for `grace` seconds is
    stopped until it does. `scoring`: what matches count, and what becomes of those in which a bot fails. The first
    `opening` ticks are played at random, by the match's seed: matches that share a seed begin alike.
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
        self.clocks, self.output, self.grace = clocks, output, grace
        self.lanes = environment.lanes if lanes is None else min(lanes, environment.lanes)
        self.scoring, self.opening = scoring, opening
        self._random = Random(self.spec)
        self._stand_in = scoring.stand_in(self.spec) or self._random
        self._secret = secret or new_secret()
        self._pens = [Pen(group) for group in self.spec.groups]
        self._answers = Answers(self.spec)
        self._side_of: list[int] = self.spec.side_of.tolist()
        self._live: dict[int, Live] = {}
        self._ready: list[Live] = []
        self._finished: list[MatchRecord] = []
        self._watch = Watch()

    def play(self, matches: Iterable[Match]) -> Iterator[MatchRecord]:
        """Play `matches` and yield each record as soon as it is over, whichever is first.

        Whatever bots do ends in a verdict; what the host gets wrong ends in a void match. Every process is gone when
        this ends (but those that players keep), also if it is closed before.
        """
        source = iter(matches)
        try:
            while True:
                self._fill(source)
                while self._ready:
                    self._advance()
                if self._finished:
                    records, self._finished = self._finished, []
                    yield from records
                elif self._live:
                    self._listen()
                else:
                    return
        finally:
            for live in list(self._live.values()):
                self._leave(live, healthy=False)
            self._ready, self._finished = [], []

    def close(self) -> None:
        """Give back what the referee itself holds."""
        self._watch.close()

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
            for side, seat in enumerate(live.seats):
                if seat.fd >= 0:
                    self._watch.add(seat.fd, live, side)
                self._sent(live, side, seat.begin())
        except Exception as error:
            self._finish(live, _host_error(f"could not start {players[side].name}", error, (side,)))

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
            log=match.log,
        )

    # playing

    def _advance(self) -> None:
        """Start or step the lanes whose sides have all answered; ask whoever must act next."""
        ready, self._ready = self._ready, []
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
            self._reset(starting)
        if moving:
            self._step(moving)

    def _reset(self, lives: Sequence[Live]) -> None:
        try:
            seeds = environment_seeds(as_keys([live.match.seed for live in lives]))
            turn = self.environment.reset(np.array([live.lane for live in lives]), seeds)
        except Exception as error:
            self._void(lives, "the environment failed to start the match", error)
            return
        for live in lives:
            live.playing = True
        self._ask(turn, lives)

    def _step(self, lives: Sequence[Live]) -> None:
        try:
            step = self.environment.step(
                np.array([live.lane for live in lives]), self._answers.join([live.actions for live in lives])
            )
            if not np.isfinite(step.rewards).all():
                raise ContractBroken("a reward is not finite")
            rewards, done, faults = step.rewards.tolist(), step.done.tolist(), step.fault.tolist()
        except Exception as error:
            self._void(lives, "the environment failed in the middle of the match", error)
            return
        going: list[Live] = []
        for row, live in enumerate(lives):
            live.played(rewards[row])
            if not done[row]:
                going.append(live)
                continue
            void = self._ruled_out(live, self._side_of[faults[row]]) if faults[row] >= 0 else None
            self._finish(live, void, truncated=bool(step.truncated[row].any()))
        self._ask(step.turn, going)

    def _ask(self, turn: Turn, lives: Sequence[Live]) -> None:
        """Ask the sides of `lives` for their moves; every one of these matches has rows in `turn`."""
        for rows in turn:
            if rows is not None:
                self._sort(rows)
        length, several = self.spec.max_length, len(turn) > 1
        for live in lives:
            tick, views = len(live.history), live.views
            live.views = {}
            if not views or tick >= length:
                what = "asks nobody to act" if not views else f"goes on after {length} ticks, its max_length"
                self._finish(live, HostError(f"the environment {what}, and the match is not over"))
                continue
            live.requests = requests = {}
            live.waiting = len(views)
            for side, seen in views.items():
                if several:
                    seen.sort(key=_agent)
                requests[side] = Request(seen, tick, live.spent[side], live.history)
            for side, request in requests.items():
                self._request(live, side, request)

    def _sort(self, rows: Rows) -> None:
        """Hand each row to the side of its match that must answer it."""
        for row, (lane, agent) in enumerate(zip(rows.lane.tolist(), rows.agent.tolist(), strict=True)):
            views, side = self._live[lane].views, self._side_of[agent]
            if side in views:
                views[side].append(View(agent, rows, row))
            else:
                views[side] = [View(agent, rows, row)]

    def _request(self, live: Live, side: int, request: Request) -> None:
        if live.over:
            return
        seat = live.seats[side]
        if request.tick < self.opening:
            self._take(live, side, PolicySeat(self._random, self._table(live, side)).ask(request))
            return
        try:
            if seat.blocking:
                self._freeze_all()
            self._sent(live, side, seat.ask(request))
        except Exception as error:
            self._finish(live, _host_error(f"could not ask {live.match.players[side].name}", error, (side,)))

    def _sent(self, live: Live, side: int, answer: Answer | None) -> None:
        """A side has been asked; note when, and take the answer if it is already there."""
        live.asked[side] = now = time.perf_counter()
        if answer is not None:
            self._answered(live, side, answer, now)
            return
        due = now + live.allowed(side)
        if due < self._watch.alarm:
            self._watch.alarm = due
        unsent = live.seats[side].unsent()
        if unsent >= 0:
            self._watch.add(unsent, live, side, writing=True)

    def _answered(self, live: Live, side: int, answer: Answer, came: float) -> None:
        asked = live.asked[side]
        if asked is None or live.over:
            return
        live.asked[side] = None
        if answer.fault is Verdict.HOST_ERROR:
            self._finish(live, HostError(f"{live.match.players[side].name}: {answer.reason}", (side,)))
            return
        if live.seats[side].timed:
            live.idle[side] = came
            if came + self.grace < self._watch.alarm:
                self._watch.alarm = came + self.grace
            late = live.book(side, max(0.0, came - asked))
            if late and answer.fault is None:
                answer = Answer(fault=live.lateness, reason=f"it answered after {came - asked:.3f} s")
        if answer.fault is not None:
            answer = self._failed(live, side, answer.fault, answer.reason)
        self._take(live, side, answer)

    def _take(self, live: Live, side: int, answer: Answer) -> None:
        """A side has acted, whoever chose its actions."""
        if live.playing and not live.broken:
            for view, action in zip(live.requests[side].views, answer.actions, strict=True):
                live.actions[view.agent] = action
        live.waiting -= 1
        if not live.waiting:
            self._ready.append(live)

    # failures

    def _failed(self, live: Live, side: int, fault: Verdict, reason: str) -> Answer:
        """A side is at fault: the match is over, or the host acts in its place from here on."""
        first = live.faults[side] is None
        if first:
            live.blame(side, fault, reason)
        if not (first and self.scoring.goes_on(live.sides)) or all(live.faults):
            live.broken = True
            return Answer()
        self._watch.forget_match(live, side)
        self._end_seat(live, side, healthy=False)
        seat = live.seats[side] = PolicySeat(self._stand_in, self._table(live, side))
        answer = seat.ask(live.requests[side]) if live.playing else seat.begin()
        return answer if answer.fault is None else self._failed(live, side, answer.fault, answer.reason)

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

    # waiting

    def _listen(self) -> None:
        """Wait until somebody has answered, or somebody's time is up."""
        events, came, now = self._watch.wait()
        for live, side, fd in events:
            if live.over:
                continue
            try:
                self._hear(live, side, fd, came)
            except Exception as error:
                self._finish(live, _host_error(f"could not hear {live.match.players[side].name}", error, (side,)))
        if now >= self._watch.alarm:
            self._ring(now)

    def _hear(self, live: Live, side: int, fd: int, came: float) -> None:
        seat = live.seats[side]
        if fd == seat.fd:
            answer = seat.read()
            if seat.fd != fd:
                self._watch.forget(fd)
            if answer is not None:
                self._answered(live, side, answer, came)
        else:
            seat.send()
            if seat.unsent() != fd:
                self._watch.forget(fd)

    def _ring(self, now: float) -> None:
        """End whoever is late, stop whoever is idle, and set the alarm anew."""
        self._watch.alarm = math.inf
        for live in list(self._live.values()):
            for side in range(len(live.seats)):
                if not live.over:
                    self._look_at(live, side, now)

    def _look_at(self, live: Live, side: int, now: float) -> None:
        seat, asked = live.seats[side], live.asked[side]
        if not seat.timed or (asked is None and (seat.frozen or live.faults[side] is not None)):
            return
        due = live.idle[side] + self.grace if asked is None else asked + live.allowed(side)
        if due > now:
            self._watch.alarm = min(self._watch.alarm, due)
        elif asked is None:
            seat.freeze()
        else:
            what = "it did not answer" if live.playing else "it was not ready"
            reason = f"{what} within {live.allowed(side):g} s"
            self._answered(live, side, Answer(fault=live.lateness, reason=reason), now)

    def _freeze_all(self) -> None:
        """Stop everybody whose turn it is not, because the referee itself will be waiting."""
        for live in self._live.values():
            for side, seat in enumerate(live.seats):
                if live.asked[side] is None and seat.timed and not seat.frozen:
                    seat.freeze()

    # ending

    def _void(self, lives: Sequence[Live], what: str, error: Exception) -> None:
        """The environment failed: nobody knows in which of several lanes, or after whose of several moves."""
        for live in lives:
            moved = live.to_act
            self._finish(live, _host_error(what, error, moved if len(lives) == len(moved) == 1 else ()))

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
        self._watch.forget_match(live)
        for side in range(len(live.seats)):
            self._end_seat(live, side, healthy and live.faults[side] is None and live.asked[side] is None)

    def _end_seat(self, live: Live, side: int, healthy: bool) -> None:
        try:
            live.seats[side].close(healthy)
        except Exception as problem:
            live.transcript.add(side, "#", f"could not be ended: {problem}".encode())


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


def _host_error(what: str, error: Exception, sides: tuple[int, ...]) -> HostError:
    return HostError(f"{what}: {type(error).__name__}: {error}", sides)
