"""Requests out, answers in, and the time between: who is awaited, who is late, and who is stopped meanwhile."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from time import perf_counter
from typing import TypeAlias

from league.referee.live import Live
from league.referee.seat import Answer, Request
from league.referee.stand_in import StandIns
from league.referee.verdict import HostError, Verdict, host_error
from league.referee.watch import Watch

Finish: TypeAlias = Callable[[Live, HostError], None]  # what ends a match that the host got wrong


class Dialogue:
    """Talks to the seats of the matches in progress, `lives` by lane; stops bots that idle for `grace` seconds.

    `ready`: the matches whose sides have all answered.
    """

    def __init__(self, lives: Mapping[int, Live], grace: float, finish: Finish, stand_ins: StandIns) -> None:
        self._lives, self._grace, self._finish, self._stand_ins = lives, grace, finish, stand_ins
        self.ready: list[Live] = []
        self._watch = Watch()

    def take_ready(self) -> list[Live]:
        """What is `ready`, once."""
        ready, self.ready = self.ready, []
        return ready

    def begin(self, live: Live, side: int) -> None:
        """Greet one side of a match. Raises whatever its seat raises."""
        seat = live.seats[side]
        if seat.fd >= 0:
            self._watch.add(seat.fd, live, side)
        self._sent(live, side, seat.begin())

    def ask(self, live: Live) -> None:
        """Send the requests of a match."""
        live.waiting = len(live.requests)
        for side, request in live.requests.items():
            self._request(live, side, request)

    def _request(self, live: Live, side: int, request: Request) -> None:
        if live.over:
            return
        seat = live.seats[side]
        try:
            if (chosen := self._stand_ins.opens(live, request)) is not None:
                self._take(live, side, chosen)
                return
            if seat.blocking:
                self._freeze_all()
            self._sent(live, side, seat.ask(request))
        except Exception as error:
            self._finish(live, host_error(f"could not ask {live.match.players[side].name}", error, (side,)))

    def _sent(self, live: Live, side: int, answer: Answer | None) -> None:
        """A side has been asked; note when, and take the answer if it is already there."""
        live.asked[side] = now = perf_counter()
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
            if came + self._grace < self._watch.alarm:
                self._watch.alarm = came + self._grace
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
            self.ready.append(live)

    def _failed(self, live: Live, side: int, fault: Verdict, reason: str) -> Answer:
        """A side is at fault: the match is over, or the host acts in its place from here on."""
        first = live.faults[side] is None
        if first:
            live.blame(side, fault, reason)
        if not (first and self._stand_ins.replaces(live)) or all(live.faults):
            live.broken = True
            return Answer()
        self._watch.forget_match(live, side)
        live.leave(side, healthy=False)
        seat = live.seats[side] = self._stand_ins.seat(live)
        answer = seat.ask(live.requests[side]) if live.playing else seat.begin()
        return answer if answer.fault is None else self._failed(live, side, answer.fault, answer.reason)

    def listen(self) -> None:
        """Wait until somebody has answered, or somebody's time is up."""
        events, came, now = self._watch.wait()
        for live, side, fd in events:
            if live.over:
                continue
            try:
                self._hear(live, side, fd, came)
            except Exception as error:
                self._finish(live, host_error(f"could not hear {live.match.players[side].name}", error, (side,)))
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
        for live in list(self._lives.values()):
            for side, seat in enumerate(live.seats):
                if live.over:
                    break
                due = live.due(side, self._grace)
                if due > now:
                    self._watch.alarm = min(self._watch.alarm, due)
                elif live.asked[side] is None:
                    seat.freeze()
                else:
                    what = "it did not answer" if live.playing else "it was not ready"
                    reason = f"{what} within {live.allowed(side):g} s"
                    self._answered(live, side, Answer(fault=live.lateness, reason=reason), now)

    def _freeze_all(self) -> None:
        """Stop everybody whose turn it is not, because the referee itself will be waiting."""
        for live in self._lives.values():
            for side, seat in enumerate(live.seats):
                if live.asked[side] is None and seat.timed and not seat.frozen:
                    seat.freeze()

    def forget(self, live: Live) -> None:
        """Wait no longer for anything of this match."""
        self._watch.forget_match(live)

    def close(self) -> None:
        """Give back what is held."""
        self._watch.close()
