"""A red team: trains exploiters against a player, finds out which is best, and what that one really gains.

Why: a rating says how a player does against those who are there; who looks for its weaknesses is not. Each exploiter is
trained against the frozen player alone, with a budget of its own and its own seed. All of a side are measured, the best
is chosen, and it plays again in fresh matches: what is reported has not been chosen by the same luck. So it is a lower
bound: a better exploiter might gain more.
Source: Timbers et al., "Approximate exploitability: learning a best response", IJCAI 2022; the exploiters of Vinyals et
al., Nature 575 (2019).
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from league.redteam.findings import Attempt, Finding, Report, Tally
from league.services import LeagueServices
from marl import rng
from marl.algorithm import close
from marl.arena import Mixtures, Pairings, ReplayRecorder
from marl.arena.results import Results
from marl.blobs import Blobs
from marl.errors import UserError
from marl.evaluation import Player, Score, measure
from marl.job import Job
from marl.policy import Policy
from marl.registry import ALGORITHMS, Component, Registry
from marl.run.players import Contestant, label
from marl.scenario import plain
from marl.services import explained, train
from marl.snapshot import canonical
from marl.types import Ints

_TRAINS, _TRIES, _PLAYS, _USUAL = 0x747261, 0x747279, 0x706C61, 0x757375  # what the seed is mixed for
_CANDIDATES, _ALIKE = 16, 8  # lost games that are recorded for each one shown; of one length and return


@dataclass
class RedTeam:
    """Against whom, by whom (`spelled`: as it was typed), and how precisely. `folder`: where all of it goes.

    A report that is there already is gone on with, if it is of the same question. `tell` hears of every attempt.
    """

    registry: Registry
    env: Component
    target: Contestant
    exploiter: Component
    spelled: str
    folder: Path
    exploiters: int = 3
    matches: int = 1000
    games: int = 3
    seed: int = 0
    lanes: int = 256
    tell: Callable[[Attempt], None] = field(default=lambda attempt: None)

    def __post_init__(self) -> None:
        self.services = LeagueServices(self.registry, self.env, Blobs(self.folder / "blobs"), seed=self.seed)
        spec = self.services.spec
        if len(spec.sides) < 2:
            raise UserError(f"{self.env} has one side: there is nobody to exploit anybody")
        self.player = self.target.player(self.registry, spec)

    def run(self) -> Report:
        """Do what is not done yet; each attempt is on the disk before the next one begins."""
        report = self._begun()
        for side in self.sides:
            for number in range(self.exploiters):
                if not any((one.side, one.number) == (side, number) for one in report.attempts):
                    attempt = self._attempt(side, number)
                    report = replace(report, attempts=(*report.attempts, attempt))
                    report.write(self.folder)
                    self.tell(attempt)
        for side in self.sides:
            if not any(one.side == side for one in report.findings):
                best = max((one for one in report.attempts if one.side == side), key=lambda one: one.tally.mean)
                report = replace(report, findings=(*report.findings, self._finding(best)))
                report.write(self.folder)
        return report

    @property
    def sides(self) -> list[int]:
        """The sides on which exploiters sit: where the player can have all others. One, where all are alike."""
        spec = self.services.spec
        every = range(len(spec.sides))
        known = every if self.target.sides is None else self.target.sides
        found = [side for side in every if all(other in known for other in every if other != side)]
        if not found:
            raise UserError(f"{self.target.name} learned to play some of the sides only: no exploiter can sit opposite")
        return found[:1] if spec.symmetric else found

    def _begun(self) -> Report:
        spec = self.services.spec
        ids = [[[snapshot.id, weight] for snapshot, weight in side] for side in self.target.mixtures]
        new = Report(
            label(self.target.name), str(self.env), self.spelled, self.exploiters, self.matches, self.seed,
            spec.side_names, spec.symmetric, more={"mixtures": ids},
        )  # fmt: skip
        old = Report.read(self.folder)
        if old is not None and old.asked != new.asked:
            raise UserError(
                f"{self.folder} holds the report of another red team ({old.exploiter}, {old.exploiters} a side, "
                f"{old.matches} matches, seed {old.seed}, or another player): choose another --out"
            )
        return old or new

    def _attempt(self, side: int, number: int) -> Attempt:
        """Train an exploiter and measure it."""
        began = time.monotonic()
        mixtures = [self.target.on(other) for other in range(len(self.services.spec.sides))]
        for mixture in mixtures:
            for snapshot, _ in mixture:
                self.services.blobs.put_snapshot(snapshot)
        opponents = tuple(
            () if other == side else tuple((snapshot.id, weight) for snapshot, weight in mixture)
            for other, mixture in enumerate(mixtures)
        )
        job = Job(
            algorithm=self.exploiter.name, side=side, opponents=opponents, seed=self._seed(_TRAINS, side, number),
            env=canonical(plain(self.env)), params=plain(self.exploiter.params),
        )  # fmt: skip
        algorithm = self.registry.make(ALGORITHMS, self.exploiter.name, self.exploiter.params)
        try:
            with explained(self.env, self.registry):
                trained = train(self.registry, algorithm, job, self.services)
        finally:
            close(algorithm)
        id = self.services.blobs.put_snapshot(trained.snapshot)
        tally = self._tally(self._met(id, side, self._seed(_TRIES, side, number)))
        return Attempt(side, number, id, time.monotonic() - began, tally)

    def _finding(self, best: Attempt) -> Finding:
        """What the best exploiter of a side gains in fresh matches."""
        tally = self._tally(self._met(best.snapshot, best.side, self._seed(_PLAYS, best.side)))
        return Finding(best.side, best.number, tally, self._usual(best.side), tuple(self._lost(best)))

    def _met(self, id: str, side: int, seed: int) -> Score:
        alone = Player.pure("exploiter", self.services.policy(id), len(self.services.spec.sides))
        with explained(self.env, self.registry):
            return measure(self.services.arena(self.lanes), alone, self.player, self.matches, seed, [side])

    @staticmethod
    def _tally(score: Score) -> Tally:
        return Tally(score.wins, score.draws, score.losses, score.mean, score.margin)

    def _usual(self, side: int) -> tuple[float, float] | None:
        """What the player earns on a side against itself; exactly 0 where all sides of a zero-sum game are alike."""
        spec = self.services.spec
        if spec.symmetric and spec.zero_sum:
            return 0.0, 0.0
        if self.target.sides is not None and side not in self.target.sides:
            return None
        with explained(self.env, self.registry):
            arena = self.services.arena(self.lanes)
            score = measure(arena, self.player, self.player, self.matches, self._seed(_USUAL, side), [side])
        return score.mean, score.margin

    def _lost(self, best: Attempt) -> Iterator[str]:
        """Replays of matches that the player lost, those in which it lost most first, then the shortest; none twice."""
        pairings, policies = self._fresh(best)
        arena = self.services.arena(self.lanes)
        results = arena.play(policies, pairings)
        lost = self._worst(results, best.side)
        recorder = ReplayRecorder(
            self.env.name, plain(self.env.params) or {}, range(len(lost)), lambda one: self._name(one, best)
        )
        chosen = Pairings(pairings.players[lost], pairings.seeds[lost])
        self.services.arena(self.lanes).play(policies, chosen, [recorder])
        seen: set[str] = set()
        for _, replay in sorted(recorder.finished.items()):
            moves = canonical([tick["actions"] for tick in replay.ticks])
            if moves not in seen and len(seen) < self.games:
                seen.add(moves)
                name = f"games/side_{best.side}_{len(seen)}.replay"
                (self.folder / "games").mkdir(parents=True, exist_ok=True)
                replay.write(self.folder / name)
                yield name

    def _fresh(self, best: Attempt) -> tuple[Pairings, list[Policy]]:
        """The matches of the finding, again: the exploiter is policy 0."""
        policies = [self.services.policy(best.snapshot), *self.player.policies]
        weights = np.zeros((len(self.services.spec.sides), len(policies)))
        weights[:, 1:] = self.player.weights
        weights[best.side] = 0.0
        weights[best.side, 0] = 1.0
        seed = int(rng.mix(self._seed(_PLAYS, best.side), best.side)[0])  # as `marl.evaluation.measure` has it
        return Mixtures(weights, seed).block(0, self.matches), policies

    def _worst(self, results: Results, side: int) -> Ints:
        """Matches that the exploiter won, by number: those by most first, then the shortest; few that are alike."""
        mine = results.returns[:, side]
        rest = np.delete(results.returns, side, axis=1).max(axis=1)
        won = np.flatnonzero(mine > rest)
        alike: Counter[tuple[float, int]] = Counter()
        chosen = []
        for match in won[np.lexsort((results.length[won], -mine[won]))].tolist():
            kind = (float(mine[match]), int(results.length[match]))
            alike[kind] += 1
            if alike[kind] <= _ALIKE:
                chosen.append(match)
        return np.array(chosen[: _CANDIDATES * self.games], dtype=np.int64)

    def _name(self, policy: int, best: Attempt) -> str:
        return f"exploiter {best.number}" if policy == 0 else label(self.target.name)

    def _seed(self, use: int, *which: int) -> int:
        return int(rng.mix(self.seed, use, *which)[0])
