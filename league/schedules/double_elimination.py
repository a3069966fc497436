"""Double elimination: who loses two meetings is out.

Losers of the winners' bracket (`w`) drop into the losers' bracket (`l`), in turned order every second time so that
players meet again as late as possible. If the winner of the losers' bracket wins the final, there is a second one
(`reset`).
"""

from __future__ import annotations

from league.schedules.bracket import Bracket, Meeting, Params, Source, State, knockout

__all__ = ["DoubleElimination", "Params"]


class DoubleElimination(Bracket):
    """A winners' bracket, a losers' bracket, and a final of their winners."""

    name = "league/double_elimination"
    lives = 2

    def draw(self, rounds: int) -> list[Meeting]:
        """The meetings of both brackets, and the final."""
        winners = knockout(rounds, "w", depth=0)
        losers = _losers(winners)
        survivor = Source("winner", losers[-1][0].id) if losers else Source("loser", winners[-1][0].id)
        final = 2 * rounds
        unbeaten = Source("winner", winners[-1][0].id)
        return [
            *(meeting for meetings in winners for meeting in meetings),
            *(meeting for meetings in losers for meeting in meetings),
            Meeting("final.1", (unbeaten, survivor), final, final),
            Meeting("reset.1", (Source("winner", "final.1"), Source("loser", "final.1")), final + 1, final + 1),
        ]

    def stage(self, meeting: Meeting) -> tuple[str, str]:
        """The part of the bracket, and what a meeting's round is called there."""
        round = meeting.id.partition(".")[0]
        if round in ("final", "reset"):
            return "Finals", "Final" if round == "final" else "Second final"
        return {"w": "Winners", "l": "Losers"}[round[0]], f"Round {round[1:]}"

    def wanted(self, meeting: Meeting, state: State) -> bool:
        """Whether a meeting is to be played: the second final only where the unbeaten one lost the first."""
        if meeting.id != "reset.1" or "final.1" not in state.winners:
            return True
        unbeaten = self.meetings[-2].sources[0]
        return state.winners["final.1"] != state.winners[str(unbeaten.of)]


def _losers(winners: list[list[Meeting]]) -> list[list[Meeting]]:
    """The losers' bracket: by turns, survivors meet those who just dropped, and each other."""
    dropped = [[Source("loser", meeting.id) for meeting in meetings] for meetings in winners]
    found: list[list[Meeting]] = []
    survivors = dropped[0]

    def add(pairs: list[tuple[Source, Source]]) -> list[Source]:
        number = len(found) + 1
        found.append([Meeting(f"l{number}.{i}", pair, number + 1, number) for i, pair in enumerate(pairs, 1)])
        return [Source("winner", meeting.id) for meeting in found[-1]]

    for number, sources in enumerate(dropped[1:]):
        survivors = add(list(zip(survivors[::2], survivors[1::2], strict=True)))
        survivors = add(list(zip(survivors, sources if number % 2 else sources[::-1], strict=True)))
    return found
