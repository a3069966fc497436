"""The referee: plays matches between bots, policies and people on the lanes of one environment.

One thread, one `epoll`: whoever has answered is read, whoever is late is out, and lanes whose sides have all answered are
stepped together. So nobody waits for anybody else's bot, and many matches at once cost less than one after the other.

Time is the host's. A side's clock starts when its request has been sent and stops when its answer could be read; while
the referee itself was busy, the doubt is the bot's benefit.
"""

from __future__ import annotations

import math
import os
import select
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from operator import attrgetter
from typing import Any

import numpy as np

from league.referee.clocks import Clocks, Output
from league.referee.encode import Pen
from league.referee.fairness import new_secret
from league.referee.live import Live, Match
from league.referee.record import MatchRecord
from league.referee.seat import Answer, Player, Request, Table, View
from league.referee.verdict import HostError, Verdict
from marl import space
from marl.arena import environment_seeds
from marl.env import Actions, Environment, Frame, Rows, Turn
from marl.rng import as_keys
from marl.snapshot import JSON

_agent = attrgetter("agent")
_INSTANT = 20e-6  # seconds; a poll that returns sooner did not wait


class Referee:
    """Plays matches of one game. It owns `environment` while it plays, and plays as many matches at once as that has lanes, or `lanes`.

    `name` and `params` are what the environment is registered under; bots are told, and replays say. `secret` is what
    the ids of moves follow from. A bot is stopped when it has not been its turn for `grace` seconds.
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
    ) -> None:
        self.environment, self.spec = environment, environment.spec
        self.name, self.params = name, dict(params or {})
        self.clocks, self.output, self.grace = clocks, output, grace
        self.lanes = environment.lanes if lanes is None else min(lanes, environment.lanes)
        self._secret = secret or new_secret()
        self._pens = [Pen(group) for group in self.spec.groups]
        self._side_of = self.spec.side_of.tolist()
        self._blank = [space.zeros(group.action, 0) for group in self.spec.groups]
        self._group_of = self.spec.group_of.tolist()
        self._live: dict[int, Live] = {}
        self._ready: list[Live] = []
        self._finished: list[MatchRecord] = []
        self._fds: dict[int, tuple[Live, int]] = {}
        self._poller = select.epoll()
        self._alarm = math.inf
        self._looked = time.perf_counter()

    def play(self, matches: Iterable[Match]) -> Iterator[MatchRecord]:
        """Play `matches` and yield each record as soon as it is over, whoever is first.

        Whatever bots do ends in a verdict; what the host gets wrong ends in a void match. Every process is gone when
        this ends, also if it is closed before.
        """
        source = iter(matches)
        try:
            while True:
                self._seat(source)
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

    def close(self) -> None:
        """Give back what the referee itself holds."""
        self._poller.close()

    def _seat(self, source: Iterator[Match]) -> None:
        """Start matches on the free lanes."""
        for lane in range(self.lanes):
            if lane in self._live:
                continue
            match = next(source, None)
            if match is None:
                return
            live = Live(match, lane, len(self.spec.sides), self.clocks)
            self._live[lane] = live
            self._begin(live)

    def _begin(self, live: Live) -> None:
        if len(live.match.players) != live.sides:
            self._finish(live, HostError(f"{live.sides} sides, but {len(live.match.players)} players"))
            return
        side = 0
        try:
            for side, player in enumerate(live.match.players):
                live.seats.append(player.sit(self._table(live, side)))
            live.waiting = live.sides
            for side, seat in enumerate(live.seats):
                if seat.fd >= 0:
                    self._fds[seat.fd] = (live, side)
                    self._poller.register(seat.fd, select.EPOLLIN)
                self._sent(live, side, seat.begin())
        except Exception as error:
            self._finish(live, _host_error(f"could not start {live.match.players[side].name}", error, (side,)))

    def _table(self, live: Live, side: int) -> Table:
        heard = partial(live.transcript.add, side)

        def render(lane: int = live.lane) -> Frame:
            return self.environment.render(lane)

        match = live.match
        return Table(
            match.id, self.name, self.params, self.spec, side, match.seed, self.clocks, self.output, self._pens,
            self._secret, heard, render, match.log,
        )  # fmt: skip

    def _advance(self) -> None:
        """Start or step the lanes whose sides have all answered; ask whoever must act next."""
        ready, self._ready = self._ready, []
        starting: list[Live] = []
        moving: list[Live] = []
        for live in ready:
            if live.over:
                continue
            if any(live.faults):
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
            step = self.environment.step(np.array([live.lane for live in lives]), self._actions(lives))
            rewards, done, faults = step.rewards.tolist(), step.done.tolist(), step.fault.tolist()
        except Exception as error:
            self._void(lives, "the environment failed in the middle of the match", error)
            return
        going: list[Live] = []
        for row, live in enumerate(lives):
            live.history.append(live.actions)
            live.rewards.append(rewards[row])
            live.actions = {}
            if not done[row]:
                going.append(live)
                continue
            if faults[row] >= 0:
                side = self._side_of[faults[row]]
                live.faults[side], live.reasons[side] = Verdict.ILLEGAL_MOVE, "the game does not allow its action"
            self._finish(live, truncated=bool(step.truncated[row].any()))
        self._ask(step.turn, going)

    def _actions(self, lives: Sequence[Live]) -> Actions:
        """What was answered, per group, lane by lane and by ascending agent."""
        if len(self._blank) == 1:
            given = [action for live in lives for action in _by_agent(live.actions)]
            return [np.array(given, dtype=self._blank[0].dtype)]
        values: list[list[Any]] = [[] for _ in self._blank]
        for live in lives:
            for agent in sorted(live.actions):
                values[self._group_of[agent]].append(live.actions[agent])
        return [
            np.array(given, dtype=blank.dtype).reshape(-1, *blank.shape[1:]) if given else None
            for given, blank in zip(values, self._blank, strict=True)
        ]

    def _ask(self, turn: Turn, lives: Sequence[Live]) -> None:
        """Ask the sides of `lives` for their moves; every live match has rows in `turn`."""
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
        try:
            if seat.blocking:
                self._freeze_all()
            self._sent(live, side, seat.ask(request))
        except Exception as error:
            self._finish(live, _host_error(f"could not ask {live.match.players[side].name}", error, (side,)))

    def _sent(self, live: Live, side: int, answer: Answer | None) -> None:
        """A side has been asked; note when, and take the answer if it is already there."""
        now = time.perf_counter()
        live.asked[side] = now
        if answer is not None:
            self._answered(live, side, answer, now)
            return
        due = now + live.allowed(side)
        if due < self._alarm:
            self._alarm = due
        unsent = live.seats[side].unsent()
        if unsent >= 0 and unsent not in self._fds:
            self._fds[unsent] = (live, side)
            self._poller.register(unsent, select.EPOLLOUT)

    def _answered(self, live: Live, side: int, answer: Answer, arrived: float) -> None:
        asked = live.asked[side]
        if asked is None or live.over:
            return
        live.asked[side] = None
        live.idle[side] = arrived
        seat = live.seats[side]
        fault, reason = answer.fault, answer.reason
        if seat.timed:
            seconds = max(0.0, arrived - asked)
            if self._too_late(live, side, seconds) and fault is None:
                fault = Verdict.TIMEOUT if live.playing else Verdict.NO_START
                reason = f"it answered after {seconds:.3f} s"
            self._alarm = min(self._alarm, arrived + self.grace)
        if fault is not None:
            live.faults[side], live.reasons[side] = fault, reason
            live.transcript.add(side, "#", f"{fault.value}: {reason}".encode())
        elif live.playing:
            for view, action in zip(live.requests[side].views, answer.actions, strict=True):
                live.actions[view.agent] = action
        live.waiting -= 1
        if not live.waiting:
            self._ready.append(live)

    def _too_late(self, live: Live, side: int, seconds: float) -> bool:
        if live.playing:
            return not live.spent[side].book(self.clocks, seconds)
        live.spent[side].start = seconds
        return seconds > self.clocks.start

    def _listen(self) -> None:
        """Wait until somebody has answered, or somebody's time is up."""
        entered = time.perf_counter()
        wait = min(self._alarm - entered, 3600.0)
        events = self._poller.poll(wait if wait > 0 else 0)
        now = time.perf_counter()
        arrived = now if now - entered > _INSTANT else self._looked
        self._looked = now
        for fd, _ in events:
            live, side = self._fds[fd]
            if live.over:
                continue
            try:
                self._hear(live, side, fd, arrived)
            except Exception as error:
                self._finish(live, _host_error(f"could not hear {live.match.players[side].name}", error, (side,)))
        if now >= self._alarm:
            self._ring(now)

    def _hear(self, live: Live, side: int, fd: int, arrived: float) -> None:
        seat = live.seats[side]
        if fd == seat.fd:
            answer = seat.read()
            if seat.fd != fd:
                self._forget(fd)
            if answer is not None:
                self._answered(live, side, answer, arrived)
        else:
            seat.send()
            if seat.unsent() != fd:
                self._forget(fd)

    def _forget(self, fd: int) -> None:
        if self._fds.pop(fd, None) is not None:
            try:
                self._poller.unregister(fd)
            except OSError:
                pass  # it is closed already

    def _ring(self, now: float) -> None:
        """End whoever is late, stop whoever is idle, and set the alarm anew."""
        alarm = math.inf
        for live in list(self._live.values()):
            for side, seat in enumerate(live.seats):
                if live.over or not seat.timed:
                    continue
                asked = live.asked[side]
                if asked is None:
                    due = live.idle[side] + self.grace
                    if due <= now and not seat.frozen and live.faults[side] is None:
                        seat.freeze()
                else:
                    due = asked + live.allowed(side)
                    if due <= now:
                        self._late(live, side, now - asked)
                if due > now:
                    alarm = min(alarm, due)
        self._alarm = alarm

    def _late(self, live: Live, side: int, seconds: float) -> None:
        fault = Verdict.TIMEOUT if live.playing else Verdict.NO_START
        what = "it did not answer" if live.playing else "it was not ready"
        self._answered(live, side, Answer(fault=fault, reason=f"{what} within {live.allowed(side):g} s"), seconds + (live.asked[side] or 0.0))

    def _freeze_all(self) -> None:
        for live in self._live.values():
            for side, seat in enumerate(live.seats):
                if live.asked[side] is None and seat.timed and not seat.frozen:
                    seat.freeze()

    def _void(self, lives: Sequence[Live], what: str, error: Exception) -> None:
        for live in lives:
            self._finish(live, _host_error(what, error, live.to_act if len(lives) == 1 else ()))

    def _finish(self, live: Live, error: HostError | None = None, truncated: bool = False) -> None:
        """The match is over: tell everybody, end the processes, write the record."""
        if live.over:
            return
        live.over = True
        record = live.record(self.spec, self.name, self.params, error, truncated)
        if error is not None:
            live.transcript.add(-1, "#", f"{Verdict.HOST_ERROR.value}: {error.text}".encode())
        for side, seat in enumerate(live.seats):
            try:
                if live.faults[side] is None:
                    seat.over(_result(record, side))
            except Exception as problem:  # the match is decided, whatever happens now
                live.transcript.add(side, "#", f"could not be told the result: {problem}".encode())
        self._leave(live, healthy=error is None)
        self._finished.append(record)

    def _leave(self, live: Live, healthy: bool) -> None:
        live.over = True
        self._live.pop(live.lane, None)
        for fd in [fd for fd, (owner, _) in self._fds.items() if owner is live]:
            self._forget(fd)
        for side, seat in enumerate(live.seats):
            try:
                seat.close(healthy and live.faults[side] is None and live.asked[side] is None)
            except Exception as problem:
                live.transcript.add(side, "#", f"could not be ended: {problem}".encode())


def _by_agent(actions: Mapping[int, Any]) -> Iterable[Any]:
    return actions.values() if len(actions) == 1 else (actions[agent] for agent in sorted(actions))


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


def _result(record: MatchRecord, side: int) -> dict[str, JSON]:
    """What a bot is told when the match is over."""
    return {
        "verdict": record.verdicts[side].value,
        "verdicts": [verdict.value for verdict in record.verdicts],
        "scores": None if record.scores is None else list(record.scores),
        "returns": list(record.returns),
    }
