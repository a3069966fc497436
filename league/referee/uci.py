"""Chess engines that speak UCI, as players of `openspiel/chess`.

UCI knows no ids of moves and no errors, so what an engine writes while it is not its turn is dropped, and `bestmove`
answers whatever was asked last. Positions are sent as moves from the start, in long algebraic notation as OpenSpiel
writes it; only standard chess is known, not Chess960.
"""

from __future__ import annotations

from collections.abc import Mapping

from league.referee.decode import Illegal, Malformed, shorten
from league.referee.pipe import Pipe
from league.referee.process import BotPlayer, ProcessSeat
from league.referee.seat import Answer, Request, Table
from marl.errors import UserError
from marl.snapshot import JSON


class UciPlayer(BotPlayer):
    """A UCI engine."""

    def sit(self, table: Table) -> UciSeat:
        """A process for one match. Raises UserError where the game is not chess or OpenSpiel is not installed."""
        chess = Chess()
        if table.environment != "openspiel/chess" or dict(table.params).get("chess960"):
            raise UserError(f"UCI engines play openspiel/chess, not {table.environment}")
        return UciSeat(self, self.process(table), table, chess)


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
    """A side played by a UCI engine."""

    def __init__(self, player: BotPlayer, pipe: Pipe, table: Table, chess: Chess) -> None:
        super().__init__(player, pipe, table)
        self._chess = chess
        self._playing = False
        self._bank = [table.clocks.bank] * len(table.spec.sides)

    def begin(self) -> Answer | None:
        """Say `uci`, start a new game and wait for `readyok`."""
        return self.tell(b"uci\nucinewgame\nisready\n")

    def ask(self, request: Request) -> Answer | None:
        """Send the position and `go`."""
        self._playing = True
        self._chess.follow([int(next(iter(actions.values()))) for actions in request.history])
        self.pipe.forget()
        moves = f" moves {' '.join(self._chess.moves)}" if self._chess.moves else ""
        return self.tell(f"position startpos{moves}\ngo {self._time(request)}\n".encode())

    def _time(self, request: Request) -> str:
        clocks = self.table.clocks
        if not clocks.bank:
            return f"movetime {max(1, int(1000 * clocks.move * 0.9))}"
        self._bank[self.table.side] = request.spent.bank
        white, black = (max(1, int(1000 * (bank + clocks.move))) for bank in reversed(self._bank))
        step = int(1000 * (clocks.increment + clocks.move))
        return f"wtime {white} btime {black} winc {step} binc {step}"

    def understand(self, line: bytes) -> Answer | None:
        """`readyok` or `bestmove`; everything else is talk. Raises Malformed or Illegal."""
        words = line.decode("utf-8", "replace").split()
        if not self._playing:
            return Answer() if words[:1] == ["readyok"] else None
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
