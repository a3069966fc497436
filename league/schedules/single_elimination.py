"""Single elimination: who loses a meeting is out. Byes go to the best seeds."""

from __future__ import annotations

from league.schedules.bracket import Bracket, Meeting, Params, knockout

__all__ = ["Params", "SingleElimination"]


class SingleElimination(Bracket):
    """The usual bracket: the best two seeds can only meet in the final, the best four in the semi-finals."""

    name = "league/single_elimination"

    def draw(self, rounds: int) -> list[Meeting]:
        """The meetings of the bracket, round by round."""
        return [meeting for meetings in knockout(rounds, "") for meeting in meetings]
