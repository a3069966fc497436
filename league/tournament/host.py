"""The host: asks the schedule, leases pairings, hands them to workers, and commits what comes back.

It keeps nothing that the ledger lacks, so a host that was killed goes on by being started again. Several hosts may
share a ledger: a lease keeps them from playing the same match, and its token keeps out a late result.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from league.ledger import MatchRow
from league.referee.verdict import Verdict
from league.schedules import Pairing, Result
from league.tournament.apart import Apart
from league.tournament.assignment import Assignment, Played
from league.tournament.budget import Budget, Need
from league.tournament.changes import departures
from league.tournament.event import Event
from league.tournament.leave import forfeit
from league.tournament.queue import order
from league.work import Pool
from marl.blobs import write_atomically

TICK = 1.0  # seconds between heartbeats, and between looks at what other hosts do


@dataclass
class Host:
    """Plays an event. `owner` is this host's name in the ledger, `need` what the bots of a pairing may use."""

    event: Event
    pool: Pool[Assignment, Played]
    budget: Budget
    need: Callable[[Pairing], Need]
    owner: str
    running: dict[str, tuple[Assignment, Need]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.bots = {bot.name: bot for bot in self.event.roster()}
        left = departures(self.event.ledger)
        self.gone = {bot.name: left[bot.id] for bot in self.bots.values() if bot.id in left}
        self.schedule = self.event.schedule()
        self.apart = Apart(self.event.config.deals == "shared", self.event.secret)
        self.matches: dict[str, MatchRow] = {}
        self.due: list[Pairing] = []
        self.over = False
        self._beat = 0.0
        self._elsewhere: dict[str, float] = {}  # pairings that another host has, and when to look again
        self._read()
        self._plan()

    def run(self) -> Iterator[list[MatchRow]]:
        """Play until the schedule is over, yielding the matches that finished, about once a second at least."""
        while not self.over:
            self._start()
            finished = list(self._collect())
            self.matches |= {row.pairing: row for row in finished}
            self._report()
            self._plan()
            yield finished
        self.event.end()

    @property
    def results(self) -> list[Result]:
        """What the schedule is told."""
        return [Result(m.pairing, m.players, m.scores, m.void, m.round) for m in self.matches.values()]

    def _read(self) -> None:
        """Learn what was finished, by this host or another one."""
        self.matches = {match.pairing: match for match in self.event.ledger.matches()}

    def _plan(self) -> None:
        """Ask the schedule for more, if there may be too little to do."""
        self.due = [pairing for pairing in self.due if pairing.id not in self.matches]
        if len(self.due) - len(self.running) < self.pool.size:
            self._ask()
            while not self.over and self._forfeit():  # nobody waits for these: there may be more to do at once
                self._ask()

    def _ask(self) -> None:
        due = self.schedule.next(self.results)
        deserted = len(self.bots) - len(self.gone) < len(self.event.spec.sides) and not self.running
        self.over = due is None or deserted
        self.due = sorted(due or [], key=self.apart.lot)

    def _forfeit(self) -> int:
        """Write down the due matches of those who have left; how many."""
        count = 0
        for pairing in self.due:
            if pairing.id not in self.running and not self.gone.keys().isdisjoint(pairing.players):
                token = self._lease(pairing)
                row = forfeit(self.event, pairing, self.gone, self.bots)
                if token is not None and self.event.ledger.finish(row, token):
                    self.matches[pairing.id] = row
                    count += 1
        return count

    def _start(self) -> None:
        """Start what may start now."""
        if not self.running:
            self.apart.quiet()
        while len(self.running) < self.pool.size:
            now = time.monotonic()
            waiting = [
                p
                for p in self.due
                if p.id not in self.running
                and self._elsewhere.get(p.id, 0.0) <= now
                and self.gone.keys().isdisjoint(p.players)
            ]
            going = [assignment for assignment, _ in self.running.values()]
            waiting = [p for p in waiting if self.apart.may_start(p, {each.seed_index for each in going})]
            players = [assignment.players for assignment in going]
            if not any(self._begin(pairing) for pairing in order(waiting, players, self.pool.size)):
                return

    def _begin(self, pairing: Pairing) -> bool:
        need = self.need(pairing)
        if not self.budget.reserve(need):
            return False
        token = self._lease(pairing)
        if token is None:
            self.budget.free(need)
            self._elsewhere[pairing.id] = time.monotonic() + TICK
            return False
        assignment = self._assignment(pairing, token)
        self.running[pairing.id] = (assignment, need)
        self.pool.start(assignment)
        return True

    def _lease(self, pairing: Pairing) -> int | None:
        seize = not self.event.is_shared  # the directory is locked: whoever had the pairing is dead
        return self.event.ledger.lease(pairing.id, self.owner, self.event.config.lease_seconds, seize)

    def _assignment(self, pairing: Pairing, token: int) -> Assignment:
        guilty = [player for match in self.matches.values() for player in match.attributed_to]
        return Assignment(
            pairing.id, pairing.round, pairing.players, tuple(self.bots[player] for player in pairing.players),
            pairing.seed_index, self.event.seed(pairing.seed_index, pairing.id), token,
            tuple(guilty.count(player) for player in pairing.players), self.event.opening(pairing.seed_index),
        )  # fmt: skip

    def _collect(self) -> Iterator[MatchRow]:
        """Commit what came back. A match that another host has taken over meanwhile is that host's."""
        if not self.running:
            time.sleep(TICK / 4)  # other hosts have what is due
        for ended in self.pool.wait(TICK):
            assignment, need = self.running.pop(ended.item.pairing)
            self.budget.free(need)
            self.apart.ended(assignment.seed_index)
            row = self._row(assignment, ended.result or Played(host_error=ended.failure.text if ended.failure else ""))
            if self.event.ledger.finish(row, assignment.token):
                yield row

    def _row(self, assignment: Assignment, played: Played) -> MatchRow:
        """The match as the ledger will have it. Its replay is on the disk before."""
        name, seats = self._replay_name(assignment) if played.replay else "", len(assignment.players)
        if name:
            write_atomically(self.event.path / "replays" / name, played.replay)
        return MatchRow(
            pairing=assignment.pairing,
            round=assignment.round,
            players=assignment.players,
            bots=tuple(bot.id for bot in assignment.bots),
            seed_index=assignment.seed_index,
            seed=assignment.seed,
            scores=played.scores,
            returns=played.returns or (0.0,) * seats,
            verdicts=played.verdicts or (Verdict.HOST_ERROR.value,) * seats,
            details=played.details or ("",) * seats,
            plies=played.plies,
            replay=name,
            replay_hash=hashlib.sha256(played.replay).hexdigest() if name else "",
            host_error=played.host_error,
            attributed_to=played.attributed_to,
            started=played.started or time.time(),
            finished=time.time(),
        )

    def _replay_name(self, assignment: Assignment) -> str:
        """Among several hosts, one that is late must not write over the replay of the one that took its place."""
        taker = f"-{assignment.token}" if self.event.is_shared else ""
        return f"{assignment.pairing}{taker}.replay"

    def _report(self) -> None:
        """Where others take part: tell them that this host is alive, and see what they finished."""
        if self.event.is_shared and time.monotonic() - self._beat >= TICK:
            self._beat = time.monotonic()
            self.event.ledger.heartbeat(self.owner, self.event.config.lease_seconds)
            self._read()

    def close(self) -> None:
        """Stop what is going on, and give it back."""
        self.pool.close()
        for assignment, _ in self.running.values():
            self.event.ledger.release(assignment.pairing, assignment.token)
        self.running = {}
