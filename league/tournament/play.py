"""What a worker does: seat the players of one match, let the referee play it, and say how it went."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

from league.ledger import BotRow
from league.referee.live import Match
from league.referee.record import MatchRecord
from league.referee.referee import Referee
from league.referee.seat import Player
from league.referee.verdict import Verdict, charge
from league.tournament.assignment import Assignment, Played
from league.tournament.config import TournamentConfig
from league.tournament.players import player_of
from league.work import Tell
from marl.registry import ENVIRONMENTS, load_registry

CAP = 3  # host errors that an event forgives a player; see `league.referee.verdict.charge`


@dataclass
class Table:
    """Plays the matches of one event, one at a time. Light to send to another process: it opens what it needs there."""

    event: Path
    config: TournamentConfig
    _referee: Referee | None = field(default=None, repr=False)
    _players: dict[int, Player] = field(default_factory=dict, repr=False)

    def __call__(self, assignment: Assignment, tell: Tell) -> Played:
        """Play one match; nothing is told before it is over."""
        started = time.time()
        referee = self._open()
        players = [self._player(bot, referee) for bot in assignment.bots]
        match = Match(assignment.pairing, players, assignment.seed, self._logs(assignment), assignment.opening)
        (record,) = referee.play([match])
        if match.log is not None:
            record.transcript.write(match.log / f"{assignment.pairing}.transcript.gz")
        return self._played(record, assignment, started)

    def _open(self) -> Referee:
        if self._referee is None:
            env = self.config.env
            environment = load_registry().make(ENVIRONMENTS, env.name, env.params, lanes=1)
            self._referee = Referee(
                environment, env.name, env.params, self.config.clocks, self.config.output,
                scoring=self.config.scoring, opening=self.config.opening,
            )  # fmt: skip
        return self._referee

    def _player(self, bot: BotRow, referee: Referee) -> Player:
        if bot.id not in self._players:
            self._players[bot.id] = player_of(bot, self.event, self.config, referee.spec)
        return self._players[bot.id]

    def _logs(self, assignment: Assignment) -> Path | None:
        """Where bots may write; nothing for players that are no processes."""
        if not any(bot.kind == "bot" for bot in assignment.bots):
            return None
        folder = self.event / "logs"
        folder.mkdir(exist_ok=True)
        return folder

    def _played(self, record: MatchRecord, assignment: Assignment, started: float) -> Played:
        """What the ledger keeps of a match. Who had too many host errors attributed to him answers for this one."""
        verdicts, points, details = record.verdicts, record.scores, list(record.reasons)
        error, guilty = "", tuple[str, ...]()
        if record.host_error is not None:
            error = record.host_error.text
            guilty = tuple(assignment.players[side] for side in record.host_error.sides)
            verdicts = charge(record.host_error, assignment.earlier, record.returns, CAP)
            points = self.config.scoring.scores(verdicts, record.returns, self._open().spec.returns)
            details = [
                error if verdict is Verdict.CRASH else old for verdict, old in zip(verdicts, details, strict=True)
            ]
        return Played(
            points or (), record.returns, tuple(verdict.value for verdict in verdicts), tuple(details), record.ticks,
            record.replay.packed(), started, time.time(), error, guilty,
        )  # fmt: skip
