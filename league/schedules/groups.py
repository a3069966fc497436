"""Groups, then finals: round robins in groups drawn by seed, whose best go on to a final stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from league.pairing import Pairing, Place, Result, Schedule, Tie
from league.schedules.bracket import Bracket
from league.schedules.bracket import Params as KnockoutParams
from league.schedules.double_elimination import DoubleElimination
from league.schedules.field import checked, two_sided
from league.schedules.round_robin import Params as RoundRobinParams
from league.schedules.round_robin import RoundRobin
from league.schedules.single_elimination import SingleElimination
from league.schedules.tiebreaks import TieBreak, said
from marl.errors import UserError
from marl.registry.ranges import at_least

Finals = Literal["single_elimination", "double_elimination", "round_robin"]


@dataclass
class Params:
    """The two stages."""

    groups: int = 2
    advance: int = 2
    """How many of each group go on."""
    finals: Finals = "single_elimination"
    """What they play; games of more than two sides need `round_robin`."""
    games: int = 0
    """Games of a meeting, in both stages; 0: one for each side."""
    tiebreaks: list[TieBreak] = field(default_factory=list)
    """What separates equal points in a group, in this order: head_to_head, sonneborn_berger, wins."""

    def __post_init__(self) -> None:
        at_least(self, 1, "groups", "advance")
        at_least(self, 0, "games")
        if self.finals != "round_robin" and self.games % 2:
            raise ValueError(f"games: {self.games} is odd, and a knockout needs an even number; try {self.games + 1}")


SEEDS = 1 << 20
"""How far apart the seeds of stages begin."""


class Groups:
    """The players' order is their seeding: seeds are dealt to the groups there and back (1 2 3 3 2 1 1 2 ...)."""

    def __init__(self, players: Sequence[str], params: Params | None = None, *, sides: int = 2, seed: int = 0) -> None:
        params = params or Params()
        self.players = checked(players, sides)
        self.sides, self.games, self.advance, self.finals = sides, params.games or sides, params.advance, params.finals
        if params.finals != "round_robin":
            two_sided(sides, f"league/groups with finals: {params.finals}")
        dealt = [[number, 2 * params.groups - 1 - number] for number in range(params.groups)]
        fields = [[p for i, p in enumerate(self.players) if i % (2 * params.groups) in deal] for deal in dealt]
        least = max(sides, params.advance)
        if min(map(len, fields)) < least:
            raise UserError(
                f"groups: {params.groups} groups of {len(self.players)} players leave one with fewer than {least}"
            )
        if params.groups * params.advance < sides:
            raise UserError(
                f"advance: {params.groups * params.advance} players in all reach the finals, and a game needs {sides}"
            )
        self.tiebreaks = tuple(params.tiebreaks)
        self.stages = [
            RoundRobin(members, sides=sides, params=RoundRobinParams(games=self.games, tiebreaks=list(self.tiebreaks)))
            for members in fields
        ]

    @property
    def order(self) -> str:
        """What decides the order of the standing."""
        return f"the finals, then the place in the group ({said('points', self.tiebreaks)})"

    def next(self, results: Sequence[Result]) -> list[Pairing] | None:
        """The pairings of the groups, and, when these are over, of the final stage."""
        due: list[Pairing] = []
        for number, stage in enumerate(self.stages):
            due += _outward(stage.next(_inward(results, _group(number))), _group(number), number, 0)
        if due:
            _refuse_strangers(results, len(self.stages), finals=False)
            return due
        _refuse_strangers(results, len(self.stages), finals=True)
        after = max(pairing.round for stage in self.stages for pairing in stage.pairings)
        inner = self._final_stage(results).next(_inward(results, "final:"))
        return _outward(inner, "final:", len(self.stages), after) or None

    def standing(self, results: Sequence[Result]) -> list[Place]:
        """The finalists by the finals, then the others by their place in their group and their points."""
        tables = [stage.standing(_inward(results, _group(number))) for number, stage in enumerate(self.stages)]
        over = all(stage.next(_inward(results, _group(number))) is None for number, stage in enumerate(self.stages))
        finals = self._final_stage(results).standing(_inward(results, "final:")) if over else []
        before = {place.player: place for table in tables for place in table}
        found = [
            Place(
                place.rank,
                place.player,
                place.points + before[place.player].points,
                place.played + before[place.player].played,
                place.unplayed + before[place.player].unplayed,
                before[place.player].tiebreaks,
            )
            for place in finals
        ]
        placed = {place.player for place in found}
        rest = [
            (position, -place.points, place)
            for table in tables
            for position, place in enumerate(table)
            if place.player not in placed
        ]
        for position, points, place in sorted(rest, key=lambda line: line[:2]):
            ahead = sum(line[:2] < (position, points) for line in rest)
            found.append(replace(place, rank=1 + len(finals) + ahead))
        return found

    def bracket(self, results: Sequence[Result]) -> list[Tie]:
        """The finals, once the groups are over and where they are a knockout."""
        over = all(stage.next(_inward(results, _group(number))) is None for number, stage in enumerate(self.stages))
        finals = self._final_stage(results) if over else None
        if not isinstance(finals, Bracket):
            return []
        return [replace(tie, id=f"final:{tie.id}") for tie in finals.bracket(_inward(results, "final:"))]

    def _final_stage(self, results: Sequence[Result]) -> Schedule:
        """The finals: winners of groups are seeded before seconds, and these against other groups' winners."""
        tables = [stage.standing(_inward(results, _group(number))) for number, stage in enumerate(self.stages)]
        finalists = [table[position].player for position in range(self.advance) for table in tables]
        if self.finals == "round_robin":
            return RoundRobin(
                finalists, sides=self.sides, params=RoundRobinParams(games=self.games, tiebreaks=list(self.tiebreaks))
            )
        kind = SingleElimination if self.finals == "single_elimination" else DoubleElimination
        return kind(finalists, sides=self.sides, params=KnockoutParams(games=self.games))


def _group(number: int) -> str:
    return f"group{number + 1}:"


def _inward(results: Sequence[Result], prefix: str) -> list[Result]:
    """A stage's results, as the stage knows them."""
    return [
        replace(result, pairing=result.pairing.removeprefix(prefix))
        for result in results
        if result.pairing.startswith(prefix)
    ]


def _outward(pairings: Sequence[Pairing] | None, prefix: str, stage: int, rounds: int) -> list[Pairing]:
    """A stage's pairings, as the event knows them."""
    return [
        Pairing(prefix + pairing.id, pairing.players, stage * SEEDS + pairing.seed_index, rounds + pairing.round)
        for pairing in pairings or ()
    ]


def _refuse_strangers(results: Sequence[Result], groups: int, finals: bool) -> None:
    known = tuple(_group(number) for number in range(groups)) + (("final:",) if finals else ())
    for result in results:
        if not result.pairing.startswith(known):
            raise UserError(f"the result of match {result.pairing!r} belongs to no pairing of this schedule")
