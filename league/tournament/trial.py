"""Trying bots before matches count: a validation match when they are submitted, and whether any starts at all."""

from __future__ import annotations

import select
import tempfile
import time
from contextlib import closing
from functools import partial
from pathlib import Path

from league.ledger import BotRow
from league.referee.bot import player as seated
from league.referee.check import advice, tail
from league.referee.encode import Pen
from league.referee.live import Match
from league.referee.record import Transcript
from league.referee.referee import Referee
from league.referee.seat import Answer, Seat, Table
from league.referee.verdict import Verdict
from league.sandbox import Sandbox
from league.tournament.event import Event
from league.tournament.players import player_of
from marl.errors import RunError, UserError
from marl.printable import printable
from marl.registry import ENVIRONMENTS


def validate(event: Event, folder: Path, name: str, sandbox: Sandbox) -> None:
    """Let the bot in a folder play one match of the event's game against itself, in the sandbox.

    Raises UserError for what it does wrong, with the end of what it wrote on its standard error.
    """
    config = event.config
    made = event.registry.make(ENVIRONMENTS, config.env.name, config.env.params, lanes=1)
    environment = made
    sides = len(environment.spec.sides)
    referee = Referee(environment, config.env.name, config.env.params, config.clocks, config.output)
    bot = seated(folder, event.registry, sandbox, config.limits)
    with tempfile.TemporaryDirectory(prefix="marl-validation-") as logs, closing(referee), closing(bot):
        (record,) = referee.play([Match("validation", [bot] * sides, 1, Path(logs))])
        if record.host_error is not None:
            raise RunError(f"{name} could not be tried, through no fault of its own: {record.host_error.text}")
        for side, verdict in enumerate(record.verdicts):
            if verdict.is_fault:
                raise UserError(
                    f"{name} fails in a match against itself (side {side}): {verdict}: "
                    f"{printable(record.reasons[side])}{tail(Path(logs) / f'validation-{side}.log')}\n"
                    f"        fix: {advice(record, side)}; --no-validate takes it as it is"
                )


def check_that_some_start(event: Event) -> None:
    """Raise UserError where not one of the event's bots gets ready here: then the cause is surely not the bots.

    The first that does is enough, so that this takes as long as one start.
    """
    reasons = []
    for bot in event.roster():
        if bot.kind == "bot":
            answer = _start(event, bot)
            if answer.fault is None:
                return
            reasons.append(f"{bot.name}: {answer.fault}: {printable(answer.reason)}")
    if reasons:
        more = f" (and {len(reasons) - 3} more)" if len(reasons) > 3 else ""
        raise UserError(
            f"no bot of {event.path} starts on this machine, so nothing was played: {'; '.join(reasons[:3])}{more}; "
            f"see whether limits and clocks.start ({event.config.clocks.start:g} s) suffice, and what "
            f"`marl tournament check {event.path / 'bots' / _folder(event)}` says"
        )


def _folder(event: Event) -> str:
    return next(bot.folder for bot in event.roster() if bot.kind == "bot")


def _start(event: Event, bot: BotRow) -> Answer:
    """Let a bot get ready for a match that nobody plays."""
    config, spec, transcript = event.config, event.spec, Transcript()
    table = Table(
        match="start", environment=config.env.name, params=config.env.params, spec=spec, side=0, seed=0,
        clocks=config.clocks, output=config.output, pens=[Pen(group) for group in spec.groups], secret=bytes(32),
        heard=partial(transcript.add, 0), render=partial(event.environment.render, 0), matches=event.environment,
    )  # fmt: skip
    player = player_of(bot, event.path, config, spec)
    try:
        seat = player.sit(table)
    except (RunError, OSError) as error:
        return Answer(fault=Verdict.HOST_ERROR, reason=str(error))
    try:
        return _ready(seat, config.clocks.start)
    finally:
        seat.close(healthy=False)
        player.close()


def _ready(seat: Seat, seconds: float) -> Answer:
    """Wait for what a bot says to `hello`."""
    until = time.monotonic() + seconds
    answer = seat.begin()
    while answer is None:
        left = until - time.monotonic()
        if left <= 0:
            return Answer(fault=Verdict.NO_START, reason=f"it was not ready within {seconds:g} s")
        unsent = seat.unsent()
        readable, writable, _ = select.select([seat.fd], [unsent] if unsent >= 0 else [], [], min(left, 3600.0))
        if writable:
            seat.send()
        if readable:
            answer = seat.read()
    return answer
