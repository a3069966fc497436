"""Games that are the same game over and over: without chance in the bots and in the game, more of them prove nothing.

The games of one seating (who sits where) are compared: first the moves, and, where these are the same in all, the
pictures of two of them, so that cards which were dealt differently do not count as the same.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from league.ledger import MatchRow
from league.referee.verdict import Verdict
from league.tournament.event import Event
from marl.arena import Replay
from marl.errors import UserError

LEAST = 3  # games of one seating that show it
LOOKED = 1000  # matches that are looked at


def repeats(event: Event, matches: Sequence[MatchRow]) -> str:
    """A sentence about bots that play the same game again and again; "" where none do."""
    seatings: dict[tuple[str, ...], list[Replay]] = {}
    for match in matches[:LOOKED]:
        if not match.void and match.replay and not any(Verdict(verdict).is_fault for verdict in match.verdicts):
            try:
                replay = Replay.read(event.path / "replays" / match.replay)
            except UserError:  # said elsewhere
                continue
            seatings.setdefault(match.players, []).append(replay)
    same = {players: games for players, games in seatings.items() if _all_the_same(event, games)}
    if not same:
        return ""
    players, games = max(same.items(), key=lambda entry: len(entry[1]))
    count = len(games)
    others = f" (and {len(same) - 1} other seating{'s' if len(same) > 2 else ''} too)" if len(same) > 1 else ""
    return (
        f"{' and '.join(players)} played the same game {count} times, move by move{others}: that says no more than one "
        f"game, and intervals and tests take it for {count}. With opening=4 (say), given to `create`, the host begins "
        "each meeting with random moves, alike in both seatings"
    )


def _all_the_same(event: Event, games: Sequence[Replay]) -> bool:
    if len(games) < LEAST or len({json.dumps(game.ticks, sort_keys=True) for game in games}) > 1:
        return False
    try:
        one, two = ([frame.text for frame in game.play(event.environment)] for game in games[:2])
    except UserError:
        return False
    return one == two
