"""From a row of the ledger to somebody who can sit down at a match."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from league.hookspecs import SANDBOXES
from league.ledger import BotRow
from league.referee.bot import player as seated
from league.referee.human import HumanPlayer
from league.referee.policy import from_snapshot, scripted
from league.referee.seat import Player, Seat
from league.referee.seat import Table as SeatTable
from league.tournament.config import TournamentConfig
from marl.blobs import Blobs
from marl.env import EnvSpec
from marl.errors import RunError
from marl.registry import load_registry
from marl.run.players import parameters


class BySide:
    """A player with a policy of its own for every side, as leagues of uneven games train them."""

    def __init__(self, name: str, players: Sequence[Player]) -> None:
        self.name = name
        self._players = players

    def sit(self, table: SeatTable) -> Seat:
        """The seat of the policy that was trained for this side."""
        return self._players[table.side].sit(table)

    def close(self) -> None:
        """End what is kept."""
        for player in self._players:
            player.close()


def player_of(bot: BotRow, event: Path, config: TournamentConfig, spec: EnvSpec) -> Player:
    """The player that a row describes. Raises UserError or RunError where it can no longer be made."""
    registry = load_registry()
    match bot.kind:
        case "policy":
            name, params = parameters(bot.content)
            player: Player = scripted(registry, spec, name, params)
        case "snapshot":
            blobs = Blobs(event / "blobs")
            sides = [from_snapshot(registry, spec, blobs.get_snapshot(id), bot.name) for id in bot.content.split(",")]
            player = sides[0] if len(sides) == 1 else BySide(bot.name, sides)
        case "person":
            player = HumanPlayer(bot.name)
        case "bot":
            chosen = config.sandbox
            sandbox = registry.make(SANDBOXES, chosen.name, chosen.params)
            player = seated(event / "bots" / bot.folder, registry, sandbox, config.limits)
        case _:
            raise RunError(f"{bot.name} is a {bot.kind!r}, and this marl does not know what that is")
    player.name = bot.name
    return player
