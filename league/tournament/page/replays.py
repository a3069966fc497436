"""Every match again, frame by frame, in few bytes: deflated, the newest first, up to a total size."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Sequence
from typing import Any

from league.ledger import MatchRow
from league.tournament.event import Event
from league.tournament.page.matches import HOST
from league.tournament.pgn import named_game, named_moves
from marl.arena import Replay
from marl.drawer import Drawer
from marl.drawers.drawn import Drawn
from marl.env import Frame
from marl.errors import UserError
from marl.printable import printable

LARGEST = 12 << 20  # bytes of all replays in a page
MOST = 1000  # replays in a page


def replays(event: Event, matches: Sequence[MatchRow], drawer: Drawer | None = None) -> dict[str, dict[str, Any]]:
    """What the script needs for each match that is shown, by pairing. `drawer`: who draws them, not the game itself."""
    found: dict[str, dict[str, Any]] = {}
    size = 0
    try:
        game = named_game(event)
    except UserError:
        game = None
    for match in reversed(matches[-MOST:]):
        shown = replay(event, match, game, drawer)
        if shown is None:
            continue
        size += len(shown["frames"])
        if size > LARGEST:
            break
        found[match.pairing] = shown
    return found


def replay(event: Event, match: MatchRow, game: Any = None, drawer: Drawer | None = None) -> dict[str, Any] | None:
    """One match: who played, what was done at each tick, and a picture before each and at the end.

    `game`: the OpenSpiel game whose moves have names, if it is one (see `named_game`).
    """
    try:
        recorded = Replay.read(event.path / "replays" / match.replay) if match.replay else None
    except UserError:
        recorded = None
    if recorded is None:
        return None
    frames: list[Frame] = []
    problem = ""
    drawn_by = drawer.begin() if isinstance(drawer, Drawn) else event.environment
    try:
        frames.extend(recorded.play(event.environment, drawn_by))
    except UserError as error:
        problem = str(error)
    said = problem or (HOST if match.host_error else "; ".join(filter(None, match.details)))
    drawn = all(frame.svg for frame in frames)
    pictures = [frame.svg if drawn else frame.text for frame in frames]
    return {
        "players": list(match.players),
        "verdicts": list(match.verdicts),
        "scores": list(match.scores),
        "note": printable("; ".join(filter(None, (said, getattr(drawn_by, "problem", ""))))),
        "moves": [[[int(agent), action] for agent, action in tick["actions"].items()] for tick in recorded.ticks],
        "names": named_moves(game, recorded) if game is not None else [],
        "sides": event.spec.side_of.tolist(),
        "drawn": drawn,
        "frames": base64.b64encode(zlib.compress(json.dumps(pictures).encode(), 9)).decode(),
    }
