"""Which match starts next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from league.schedules import Pairing


def order(pairings: Iterable[Pairing], running: Sequence[tuple[str, ...]], most: int) -> list[Pairing]:
    """The pairings in the order in which they should start: those whose players are least busy first, else as they are.

    `running`: the players of each match that goes on. Nobody takes more than about half of the `most` matches that may
    go on at once while others wait: so a bot that thinks long holds up its own matches and nobody else's.
    """
    busy = Counter(player for players in running for player in players)
    share = max(1, (most + 1) // 2)

    def urgency(pairing: Pairing) -> tuple[bool, int]:
        busiest = max(busy[player] for player in pairing.players)
        return busiest >= share, busiest

    return sorted(pairings, key=urgency)
