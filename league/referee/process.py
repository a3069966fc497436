"""Bots: child processes in a sandbox that speak protocol 1 on their standard input and output."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from league.referee import protocol
from league.referee.decode import Illegal, Malformed, action_reader, parse_object, quick_object, shorten
from league.referee.fairness import Nonces
from league.referee.pipe import Child, Closed, Flooded, Pipe
from league.referee.seat import Answer, Request, Seat, Table
from league.referee.verdict import Verdict
from marl.snapshot import JSON

Start: TypeAlias = Callable[[Path], Child]  # start the bot's process; its standard error goes to this file


class BotPlayer:
    """A bot. `start` starts its process in whatever sandbox the host chose.

    By default each match has a fresh process. With `kept`, a process that ended a match in good order waits, frozen,
    for the next one, and gets another `hello`: faster, but bots may then remember, so only for hosts that allow it.
    """

    def __init__(self, name: str, start: Start, kept: bool = False) -> None:
        self.name = name
        self.kept = kept
        self.start = start
        self.leaving: Callable[[Pipe], None] = lambda pipe: None  # called when a match is over, before the process ends
        self._spare: list[Pipe] = []

    def sit(self, table: Table) -> Seat:
        """A process for one match. Raises whatever the sandbox raises when it cannot start one."""
        return BotSeat(self, self.process(table), table)

    def process(self, table: Table) -> Pipe:
        """A kept process that is still alive, or a new one."""
        while self._spare:
            pipe = self._spare.pop()
            if pipe.child.exit is None:
                pipe.child.thaw()
                return pipe
            pipe.child.kill()
        name = f"{table.match.replace('/', '-')}-{table.side}.log"
        return Pipe(self.start(Path(os.devnull) if table.log is None else table.log / name))

    def leave(self, pipe: Pipe, healthy: bool) -> None:
        """A match is over: end the process, or keep it."""
        self.leaving(pipe)
        if self.kept and healthy and not pipe.pending:
            pipe.child.freeze()
            self._spare.append(pipe)
        else:
            pipe.child.kill()

    def close(self) -> None:
        """End the processes that were kept."""
        while self._spare:
            self._spare.pop().child.kill()


class ProcessSeat:
    """What all seats with a process share; subclasses speak a protocol over `self.pipe`."""

    timed = True
    blocking = False

    def __init__(self, player: BotPlayer, pipe: Pipe, table: Table) -> None:
        self.pipe = pipe
        self.table = table
        self.fd = pipe.fd
        self.frozen = False
        self.awaiting = False
        self._player = player
        self._gone: Answer | None = None
        pipe.begin(table.output, table.heard)

    def understand(self, line: bytes) -> Answer | None:
        """What a line means while an answer is awaited; None if it is not the answer yet."""
        raise NotImplementedError

    def read(self) -> Answer | None:
        """Take what has come. What comes out of turn waits for this side's turn, and is then held against it."""
        try:
            self.pipe.fill()
        except Flooded as flood:
            self.pipe.forget()
            self._end(Answer(fault=Verdict.FLOOD, reason=str(flood)))
        except Closed:
            self._end(None)
        return self.take() if self.awaiting else None

    def take(self) -> Answer | None:
        """The answer, if it has come; else a fault, if none can come any more."""
        answer = self._gone
        try:
            while (line := self.pipe.line()) is not None:
                understood = self.understand(line)
                if understood is not None:
                    answer = understood
                    break
        except Malformed as error:
            answer = Answer(fault=Verdict.PROTOCOL_ERROR, reason=str(error))
        except Illegal as error:
            answer = Answer(fault=Verdict.ILLEGAL_MOVE, reason=str(error))
        except Flooded as error:
            answer = Answer(fault=Verdict.FLOOD, reason=str(error))
        if answer is not None:
            self.awaiting = False
        return answer

    def tell(self, line: bytes) -> Answer | None:
        """Send a line that wants an answer; a fault if nobody is there."""
        if self.frozen:
            self.pipe.child.thaw()
            self.frozen = False
        self.awaiting = True
        try:
            self.pipe.write(line)
        except Closed:
            if self._gone is None:
                self._end(None)
        return self._gone

    def unsent(self) -> int:
        """See `Seat.unsent`."""
        return self.pipe.child.stdin if self.pipe.pending else -1

    def send(self) -> None:
        """See `Seat.send`."""
        try:
            self.pipe.flush()
        except Closed:
            self.pipe.pending = b""

    def freeze(self) -> None:
        """Stop the process until it is asked again."""
        if self._gone is None:
            self.pipe.child.freeze()
            self.frozen = True

    def over(self, result: Mapping[str, JSON]) -> None:
        """Tell the bot how it ended."""
        self.tell_over(protocol.over(result))

    def tell_over(self, line: bytes) -> None:
        """Send a last line, if anybody listens."""
        if self.frozen:
            self.pipe.child.thaw()
            self.frozen = False
        try:
            self.pipe.write(line)
        except Closed:
            self._end(None)

    def close(self, healthy: bool) -> None:
        """End or keep the process."""
        self._player.leave(self.pipe, healthy and self._gone is None)

    def _end(self, answer: Answer | None) -> None:
        """Nothing more can come: stop listening."""
        self.fd = -1
        if answer is None:
            reason = self.pipe.why_closed()
            innocent = bool(self.pipe.child.host_fault)  # the sandbox failed before the bot's own program had begun
            answer = Answer(fault=Verdict.HOST_ERROR if innocent else Verdict.CRASH, reason=reason)
        if self._gone is None:
            self._gone = answer
        self.pipe.child.kill()


class BotSeat(ProcessSeat):
    """A side played by a bot."""

    def __init__(self, player: BotPlayer, pipe: Pipe, table: Table) -> None:
        super().__init__(player, pipe, table)
        self._nonces = Nonces(table.secret, table.match, table.side)
        agents = table.spec.sides[table.side]
        self._single = len(agents) == 1
        self._readers = [action_reader(group.action) for group in table.spec.groups]
        self._read = self._readers[table.spec.group_of[agents[0]]]
        self._form = "lists"
        # Nothing but the bank ever changes in a clock.
        self._clock = protocol.clock_text(table.clocks, 0.0)
        self._request: Request | None = None
        self._nonce = ""

    def begin(self) -> Answer | None:
        """Send `hello`."""
        return self.tell(protocol.hello(self.table))

    def ask(self, request: Request) -> Answer | None:
        """Send `act`. Lines that were written out of turn are still there, and cannot have this move's id."""
        self._request = request
        self._nonce = nonce = self._nonces.next()
        pens, form, bank = self.table.pens, self._form, request.spent[self.table.side].bank
        if self._single:
            view = request.views[0]
            body = pens[view.rows.group].view(view.rows, view.row, form)
        else:
            views = [pens[view.rows.group].view(view.rows, view.row, form) for view in request.views]
            body = b'"acts":[{%b}]' % b"},{".join(views)
        clock = protocol.clock_text(self.table.clocks, bank) if bank else self._clock
        gone = self.tell(b'{"type":"act","id":"%b",%b%b}\n' % (nonce.encode(), body, clock))
        return self.take() if gone is None and self.pipe.unread else gone

    def understand(self, line: bytes) -> Answer:
        """`ready` or a move. Raises Malformed or Illegal."""
        if self._request is None:
            self._form = protocol.read_ready(parse_object(line), line)
            return Answer()
        message = quick_object(line)
        if message is not None:
            try:
                return Answer(self._actions(self._request, message, line))
            except (Malformed, Illegal):
                pass
        return Answer(self._actions(self._request, parse_object(line), line))

    def _actions(self, request: Request, message: dict[str, Any], line: bytes) -> list[Any]:
        if message.get("id") != self._nonce:
            raise Malformed(f"{shorten(line)} does not carry the id of the move that was asked for, {self._nonce}")
        key = "action" if self._single else "actions"
        if key not in message:
            raise Malformed(f'{shorten(line)} has no "{key}"')
        given = message[key]
        if self._single:
            return [self._read(given, request.views[0].mask)]
        if not isinstance(given, list) or len(given) != len(request.views):
            raise Malformed(f'"actions" must be a list of {len(request.views)} actions, one for each of "acts"')
        readers = self._readers
        return [readers[view.rows.group](action, view.mask) for view, action in zip(request.views, given, strict=True)]
