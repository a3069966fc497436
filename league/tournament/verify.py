"""Checking an event afterwards: that its chance was fair, and that its matches went as they say."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from league.ledger import MatchRow
from league.referee.fairness import verify
from league.tournament.event import Event
from marl.arena import Replay
from marl.errors import UserError


def problems(event: Event) -> Iterator[str]:
    """Everything that is not as it should be, a sentence each. Raises UserError before the secret is revealed."""
    revealed = event.revealed()
    if not revealed:
        raise UserError(f"{event.path} is not over: its secret is revealed, and can be verified, when it is")
    try:
        secret = verify(revealed, event.commitment)
    except UserError as error:
        yield str(error)
        return
    for match in event.ledger.matches():
        if match.seed != event.seed(match.seed_index, match.pairing, secret):
            yield f"match {match.pairing} was not played with the seed that follows from the secret"
        yield from _replay_problems(event, match)


def _replay_problems(event: Event, match: MatchRow) -> Iterator[str]:
    """What is wrong with a match's replay: it is played again."""
    if not match.replay:
        return
    path = event.path / "replays" / match.replay
    if not path.exists() or hashlib.sha256(path.read_bytes()).hexdigest() != match.replay_hash:
        yield f"the replay of match {match.pairing} is missing, or was changed after the match"
        return
    replay = Replay.read(path)
    if replay.seed != match.seed or tuple(replay.players) != match.players:
        yield f"the replay of match {match.pairing} is of another match"
    try:
        for _ in replay.play(event.environment):
            pass
    except UserError as error:
        yield f"match {match.pairing}: {error}"
