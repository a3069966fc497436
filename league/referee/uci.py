"""Chess engines that speak UCI, as players of `openspiel/chess`.

UCI knows no ids of moves and no errors, so what an engine writes while it is not its turn is dropped, and `bestmove`
answers whatever was asked last. Positions are sent as moves from the start, in long algebraic notation as OpenSpiel
writes it; only standard chess is known, not Chess960.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from league.referee.decode import Illegal, Malformed, shorten
from league.referee.pipe import Pipe
from league.referee.process import BotPlayer, ProcessSeat, Start
from league.referee.seat import Answer, Request, Table
from league.referee.verdict import Verdict
from marl.errors import UserError, suggestion
from marl.snapshot import JSON

Option: TypeAlias = str | int | float | bool | None  # None: a button, which is pressed
_MARGIN = 0.05
"""Seconds that an engine is not told of: it looks at its clock now and then, has to wake up, and wants to be heard."""
_LARGEST_MARGIN = 0.25


def check_options(options: Mapping[str, Option]) -> None:
    """Raise ValueError for options that cannot be sent: each is one line of words."""
    for name, value in options.items():
        if not name.strip() or not f"{name}{value}".isprintable():
            raise ValueError(f"options: {name!r:.40}: {value!r:.40} is not a name and a value in one line")


class UciPlayer(BotPlayer):
    """A UCI engine, and the `options` that it is given before each game (`setoption`)."""

    def __init__(
        self, name: str, start: Start, kept: bool = False, options: Mapping[str, Option] | None = None
    ) -> None:
        super().__init__(name, start, kept)
        self.options = dict(options or {})

    def sit(self, table: Table) -> UciSeat:
        """A process for one match. Raises UserError where the game is not chess or OpenSpiel is not installed."""
        chess = Chess()
        if table.environment != "openspiel/chess" or dict(table.params).get("chess960"):
            raise UserError(f"UCI engines play openspiel/chess, not {table.environment}")
        return UciSeat(self, self.process(table), table, chess, self.options)


class Chess:
    """The moves of a game of chess: action numbers of OpenSpiel on one side, `e2e4`, `e7e8q` on the other."""

    def __init__(self) -> None:
        try:
            import pyspiel
        except ImportError:
            raise UserError("UCI engines need OpenSpiel: pip install open_spiel") from None
        self._chess = pyspiel.chess
        self._state = pyspiel.load_game("chess").new_initial_state()
        self.moves: list[str] = []

    def follow(self, actions: list[int]) -> None:
        """Play on to the position after all of `actions` since the start."""
        for action in actions[len(self.moves) :]:
            self.moves.append(self.name(action))
            self._state.apply_action(action)

    def name(self, action: int) -> str:
        """What a legal action is called."""
        return str(self._chess.action_to_move(action, self._state.board()).to_lan())

    def action(self, move: str) -> int | None:
        """The legal action that a move names, or None."""
        return {self.name(action): int(action) for action in self._state.legal_actions()}.get(move)


class UciSeat(ProcessSeat):
    """A side played by a UCI engine: `uci` until `uciok`, then its options, `isready` until `readyok`, and moves."""

    def __init__(
        self, player: BotPlayer, pipe: Pipe, table: Table, chess: Chess, options: Mapping[str, Option]
    ) -> None:
        super().__init__(player, pipe, table)
        self._chess = chess
        self._options = options
        self._offered: list[str] = []
        self._understand = self._greeting

    def begin(self) -> Answer | None:
        """Say `uci`."""
        return self.tell(b"uci\n")

    def ask(self, request: Request) -> Answer | None:
        """Send the position and `go`."""
        self._understand = self._move
        self._chess.follow([int(next(iter(actions.values()))) for actions in request.history])
        self.pipe.forget()
        moves = f" moves {' '.join(self._chess.moves)}" if self._chess.moves else ""
        return self.tell(f"position startpos{moves}\ngo {self._time(request)}\n".encode())

    def _time(self, request: Request) -> str:
        """The clock in milliseconds, less a margin. Player 1 of OpenSpiel has White."""
        clocks = self.table.clocks
        if not (clocks.bank or clocks.increment):
            return f"movetime {_less_margin(clocks.move)}"
        black, white = (_less_margin(spent.bank + clocks.move) for spent in request.spent)
        step = int(1000 * (clocks.increment + clocks.move))
        return f"wtime {white} btime {black} winc {step} binc {step}"

    def understand(self, line: bytes) -> Answer | None:
        """What is awaited now; everything else is talk. Raises Malformed or Illegal."""
        return self._understand(line, line.decode("utf-8", "replace").split())

    def _greeting(self, line: bytes, words: list[str]) -> Answer | None:
        if words[:2] == ["option", "name"]:
            end = words.index("type") if "type" in words else len(words)
            self._offered.append(" ".join(words[2:end]))
        if words[:1] != ["uciok"]:
            return None
        known = {name.lower() for name in self._offered}
        for name in self._options:
            if name.lower() not in known:
                hint = suggestion(name, self._offered)
                return Answer(fault=Verdict.NO_START, reason=f"the engine has no option {name!r}{hint}")
        self._understand = self._readiness
        return self.tell("".join([*map(_set_option, self._options.items()), "ucinewgame\nisready\n"]).encode())

    def _readiness(self, line: bytes, words: list[str]) -> Answer | None:
        return Answer() if words[:1] == ["readyok"] else None

    def _move(self, line: bytes, words: list[str]) -> Answer | None:
        if words[:1] != ["bestmove"]:
            return None
        if len(words) < 2:
            raise Malformed(f"{shorten(line)} names no move")
        action = self._chess.action(words[1])
        if action is None:
            raise Illegal(f"the move {words[1]!r:.20} is not legal here")
        return Answer([action])

    def over(self, result: Mapping[str, JSON]) -> None:
        """Nothing is said in UCI; an engine whose process is not kept is asked to quit."""

    def close(self, healthy: bool) -> None:
        """End or keep the process."""
        if not self._player.kept:
            self.tell_over(b"quit\n")
        super().close(healthy)


def _less_margin(seconds: float) -> int:
    """A time in milliseconds, less a tenth of it: but at least a margin, if that is not more than half."""
    margin = min(max(_MARGIN, seconds / 10), _LARGEST_MARGIN, seconds / 2)
    return max(1, round(1000 * (seconds - margin)))


def _set_option(option: tuple[str, Option]) -> str:
    name, value = option
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"setoption name {name}\n" if value is None else f"setoption name {name} value {text}\n"
