"""Is the first player better than the second? Game pairs, until a sequential test has decided.

The test looks at finished pairs in the order of their numbers, so that the answer does not depend on which match ended
first; matches that were begun after the deciding pair are played to their end: they are in the table, not in the test.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from league.pairing import Fact, Pairing, Place, Result
from league.ratings.sprt import Decision, SequentialTest, State
from league.schedules.book import Book, places, totals
from league.schedules.field import checked, two_sided
from league.schedules.sprt_facts import sprt_facts
from marl.errors import UserError
from marl.registry.ranges import at_least


@dataclass
class Params:
    """The test: see `league.ratings.sprt`."""

    elo0: float = 0.0
    """The first hypothesis: the first player is at most this much better (logistic Elo)."""
    elo1: float = 10.0
    """The second hypothesis: it is at least this much better."""
    alpha: float = 0.05
    """The chance of deciding for the second hypothesis though the first is true."""
    beta: float = 0.05
    """The chance of deciding for the first hypothesis though the second is true."""
    ahead: int = 8
    """How many game pairs are played at the same time."""
    most: int = 20_000
    """The test stops without a decision after this many game pairs."""

    def __post_init__(self) -> None:
        at_least(self, 1, "ahead", "most")
        SequentialTest(self.elo0, self.elo1, self.alpha, self.beta)


class Sprt:
    """Two players, the candidate first."""

    wins_only = True

    def __init__(self, players: Sequence[str], params: Params | None = None, *, sides: int = 2, seed: int = 0) -> None:
        params = params or Params()
        two_sided(sides, "league/sprt")
        self.players = checked(players, 2)
        if len(self.players) != 2:
            raise UserError(f"the schedule league/sprt is for two players, the candidate first; {len(players)} entered")
        self.test, self.ahead, self.most = (
            SequentialTest(params.elo0, params.elo1, params.alpha, params.beta),
            params.ahead,
            params.most,
        )

    def pair(self, number: int) -> tuple[Pairing, Pairing]:
        """The two games of a pair, numbered from 0."""
        one, two = self.players
        return (
            Pairing(f"{number + 1}.1.1", (one, two), number, number + 1),
            Pairing(f"{number + 1}.1.2", (two, one), number, number + 1),
        )

    def next(self, results: Sequence[Result]) -> list[Pairing] | None:
        """The next game pairs, until the test is decided."""
        book = Book(results)
        state, pairs = self._look(book)
        if state.decision.verdict or pairs >= self.most:
            return None
        ahead = range(pairs, min(pairs + self.ahead, self.most))
        return book.due(pairing for number in ahead for pairing in self.pair(number))

    def decision(self, results: Sequence[Result]) -> Decision:
        """Where the test stands."""
        return self._look(Book(results))[0].decision

    def standing(self, results: Sequence[Result]) -> list[Place]:
        """By the points of all games that were played, those after the decision too."""
        book = Book(results)
        total = totals(book, (game for number in range(self._begun(book)) for game in self.pair(number)), self.players)
        return places(self.players, {player: (total.points[player],) for player in self.players}, total)

    def facts(self, results: Sequence[Result]) -> list[Fact]:
        """Where the test stands: the hypotheses, the log-likelihood ratio and its bounds, and what it is made of."""
        state, pairs = self._look(Book(results))
        later = sum(not result.void for result in results) - 2 * pairs
        return sprt_facts(self.test, state, self.players, self.most, max(later, 0))

    def _begun(self, book: Book) -> int:
        """How many pairs, from the first one on, have a result; those that are ahead of an unfinished one too."""
        numbers = range(self.most)
        last = next((n for n in numbers if all(book.scores(game) is None for game in self.pair(n))), self.most)
        ahead = range(last, min(last + self.ahead, self.most))
        return max([last, *(n + 1 for n in ahead if any(book.scores(game) is not None for game in self.pair(n)))])

    def _look(self, book: Book) -> tuple[State, int]:
        """The test, and how many pairs from the beginning are finished and were looked at."""
        state = self.test.begin()
        for number in range(self.most):
            games = self.pair(number)
            scores = [book.scores(game) for game in games]
            if scores[0] is None or scores[1] is None:
                return state, number
            if all(book.played(game) for game in games):
                state.add(scores[0][self.players[0]] + scores[1][self.players[0]])
            if state.decision.verdict:
                return state, number + 1
        return state, self.most
