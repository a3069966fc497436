"""Portable Game Notation, for games between two that take turns and whose moves have names: those of OpenSpiel.

"Standard: Portable Game Notation Specification and Implementation Guide" (Edwards 1994). Of chess, moves come in
standard algebraic notation, so that chess programs read the file; other games name their variant in a tag.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from league.ledger import MatchRow
from league.tournament.event import Event
from marl.arena import Replay
from marl.errors import UserError
from marl.printable import printable

_RESULTS = {(1.0, 0.0): "1-0", (0.0, 1.0): "0-1", (0.5, 0.5): "1/2-1/2"}


def export_pgn(event: Event) -> Iterator[str]:
    """A game each match that counts. Raises UserError where the game's moves have no names."""
    game = _game(event)
    white = game.new_initial_state().current_player()  # whoever moves first: in chess OpenSpiel's player 1
    for match in event.ledger.matches():
        if match.void or not match.replay:
            continue
        ticks = Replay.read(event.path / "replays" / match.replay).ticks
        yield _text(event, match, white, _moves(game, [int(action) for t in ticks for action in t["actions"].values()]))


def _game(event: Event) -> Any:
    """The OpenSpiel game. Raises UserError where it is none, or has no line of named moves."""
    name, params = event.config.env.name, event.config.env.params
    plugin, _, short = name.partition("/")
    sentence = f"{name} has no PGN: that takes a game between two, in turns, without chance, whose moves have names"
    if plugin != "openspiel" or len(event.spec.sides) != 2:
        raise UserError(f"{sentence} (an OpenSpiel game such as openspiel/chess); export JSON lines instead")
    import pyspiel

    kind = pyspiel.load_game(short).get_type()
    known = kind.parameter_specification  # the environment has parameters of its own beside the game's
    game = pyspiel.load_game(short, {key: value for key, value in params.items() if key in known})
    chance, turns = kind.chance_mode, kind.dynamics
    if turns != pyspiel.GameType.Dynamics.SEQUENTIAL or chance != pyspiel.GameType.ChanceMode.DETERMINISTIC:
        raise UserError(f"{sentence}; export JSON lines instead")
    return game


def _moves(game: Any, actions: Sequence[int]) -> list[str]:
    state = game.new_initial_state()
    moves = []
    for action in actions:
        if action not in state.legal_actions():
            break  # the illegal move that ended the match
        moves.append(str(state.action_to_string(state.current_player(), action)).replace(" ", "_"))
        state.apply_action(action)
    return moves


def _text(event: Event, match: MatchRow, white: int, moves: Sequence[str]) -> str:
    black = 1 - white
    day = datetime.fromtimestamp(match.started, UTC).strftime("%Y.%m.%d")
    result = _RESULTS.get((match.scores[white], match.scores[black]), "*")
    tags = {"Event": event.config.name, "Site": "?", "Date": day, "Round": match.pairing, "White": match.players[white],
            "Black": match.players[black], "Result": result}  # fmt: skip
    if event.config.env.name != "openspiel/chess":
        tags["Variant"] = event.config.env.name
    reasons = [f"{player}: {detail}" for player, detail in zip(match.players, match.details, strict=True) if detail]
    tags["Termination"] = "rules infraction" if reasons else "normal"
    head = "".join(f'[{tag} "{_quoted(value)}"]\n' for tag, value in tags.items())
    numbered = [f"{ply // 2 + 1}. {move}" if ply % 2 == 0 else move for ply, move in enumerate(moves)]
    note = [f"{{{printable('; '.join(reasons)).replace('}', ')')}}}"] if reasons else []
    return head + "\n" + "\n".join(textwrap.wrap(" ".join([*numbered, *note, result]), 80)) + "\n"


def _quoted(text: str) -> str:
    return printable(text).replace("\\", "\\\\").replace('"', '\\"')
