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
from league.referee.clocks import Clocks, Spent
from league.referee.record import read_transcript
from league.referee.verdict import Verdict
from league.tournament.event import Event
from league.tournament.thoughts import Thought, thoughts
from marl.arena import Replay
from marl.errors import UserError
from marl.printable import printable

_RESULTS = {(1.0, 0.0): "1-0", (0.0, 1.0): "0-1", (0.5, 0.5): "1/2-1/2"}


def export_pgn(event: Event) -> Iterator[str]:
    """A game each match that counts. Raises UserError where the game's moves have no names."""
    game = named_game(event)
    white = game.new_initial_state().current_player()  # whoever moves first: in chess OpenSpiel's player 1
    for match in event.ledger.matches():
        if match.void or not match.replay:
            continue
        replay = Replay.read(event.path / "replays" / match.replay)
        moves = named_moves(game, replay)
        yield _text(
            event, match, white, moves, comments(event, match, replay, white), bool(replay.verdict.get("truncated"))
        )


def named_game(event: Event) -> Any:
    """The OpenSpiel game that an event plays. Raises UserError where it is none, or has no line of named moves."""
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


def named_moves(game: Any, replay: Replay) -> list[str]:
    """The names of a match's moves, until the first that is not legal."""
    state = game.new_initial_state()
    moves = []
    for action in (int(action) for tick in replay.ticks for action in tick["actions"].values()):
        if action not in state.legal_actions():
            break  # the illegal move that ended the match
        moves.append(str(state.action_to_string(state.current_player(), action)).replace(" ", "_"))
        state.apply_action(action)
    return moves


def comments(event: Event, match: MatchRow, replay: Replay, white: int) -> list[str]:
    """For each move `[%clk ...]`, `[%emt ...]` and `[%eval ...]` as far as they are known; "" where nothing is.

    What is left on the clock after it (where the clock has a bank), how long it took, and the engine's judgement for
    White, in pawns, with its depth.
    """
    clocks = event.config.clocks
    spent = [Spent(clocks.bank), Spent(clocks.bank)]
    try:
        known = thoughts(read_transcript(event.path / "logs" / f"{match.pairing}.transcript.gz"))
    except UserError:  # a match between policies, or an event that was played elsewhere
        known = {}
    said = []
    for ply, tick in enumerate(replay.ticks):
        side = int(event.spec.side_of[int(next(iter(tick["actions"])))])
        if ply < event.config.opening or not known.get(side):
            said.append("")
            continue
        thought = known[side].pop(0)
        spent[side].book(clocks, thought.seconds)
        parts = [f"[%eval {judgement}]"] if (judgement := _judgement(thought, side == white)) else []
        if clocks.bank or clocks.increment:
            parts.append(f"[%clk {_hours(spent[side].bank)}]")
        said.append(" ".join([*parts, f"[%emt {_hours(thought.seconds)}]"]))
    return said


def _judgement(thought: Thought, is_white: bool) -> str:
    sign = 1 if is_white else -1
    depth = "" if thought.depth is None else f",{thought.depth}"
    if thought.mate is not None:
        return f"#{sign * thought.mate}{depth}"
    return "" if thought.centipawns is None else f"{sign * thought.centipawns / 100:.2f}{depth}"


def _hours(seconds: float) -> str:
    minutes, rest = divmod(max(0.0, round(seconds, 3)), 60)
    return f"{int(minutes) // 60}:{int(minutes) % 60:02}:{rest:06.3f}"


def time_control(clocks: Clocks) -> dict[str, str]:
    """The tags of a clock: "180+2", or "1/0.15" (a move in 0.15 s). Time per move before the bank is a `Delay`."""
    if not (clocks.bank or clocks.increment):
        return {"TimeControl": f"1/{clocks.move:g}"}
    tags = {"TimeControl": f"{clocks.bank:g}" + (f"+{clocks.increment:g}" if clocks.increment else "")}
    return tags | ({"Delay": f"{clocks.move:g}"} if clocks.move else {})


def termination(match: MatchRow, truncated: bool) -> str:
    """How a game ended, in the words of the PGN standard, 9.8.1."""
    verdicts = {Verdict(verdict) for verdict in match.verdicts}
    if Verdict.TIMEOUT in verdicts:
        return "time forfeit"
    if verdicts & {Verdict.CRASH, Verdict.NO_START}:
        return "abandoned"
    if any(verdict.is_fault for verdict in verdicts):
        return "rules infraction"
    return "adjudication" if truncated else "normal"


def _text(event: Event, match: MatchRow, white: int, moves: Sequence[str], said: Sequence[str], truncated: bool) -> str:
    black = 1 - white
    day = datetime.fromtimestamp(match.started, UTC).strftime("%Y.%m.%d")
    result = _RESULTS.get((match.scores[white], match.scores[black]), "*")
    tags = {"Event": event.config.name, "Site": "?", "Date": day, "Round": match.pairing, "White": match.players[white],
            "Black": match.players[black], "Result": result, **time_control(event.config.clocks)}  # fmt: skip
    if event.config.env.name != "openspiel/chess":
        tags["Variant"] = event.config.env.name
    tags["Termination"] = termination(match, truncated)
    head = "".join(f'[{tag} "{_quoted(value)}"]\n' for tag, value in tags.items())
    reasons = [f"{player}: {detail}" for player, detail in zip(match.players, match.details, strict=True) if detail]
    note = [f"{{{printable('; '.join(reasons)).replace('}', ')')}}}"] if reasons else []
    words = " ".join([*_numbered(moves, said), *note, result])
    return f"{head}\n" + "\n".join(textwrap.wrap(words, 80, break_on_hyphens=False)).replace(_NO_BREAK, " ") + "\n"


def _numbered(moves: Sequence[str], said: Sequence[str]) -> Iterator[str]:
    """Moves with their numbers and comments; no line ends within one of these."""
    for ply, move in enumerate(moves):
        if ply % 2 == 0:
            yield f"{ply // 2 + 1}."
        elif said[ply - 1]:
            yield f"{ply // 2 + 1}..."  # a comment came between
        yield move
        if said[ply]:
            yield f"{{ {said[ply]} }}".replace(" ", _NO_BREAK)


_NO_BREAK = "\0"  # a space at which no line is broken


def _quoted(text: str) -> str:
    return printable(text).replace("\\", "\\\\").replace('"', '\\"')
