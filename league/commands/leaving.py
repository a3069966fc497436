"""What `marl league export` does with a player: a bot's folder, or a network as ONNX."""

from __future__ import annotations

from pathlib import Path

from league.operations.export import bot_folder
from marl.printable import printable
from marl.registry import load_registry
from marl.run.players import contestant


def leaving(run: Path, player: str, bot: Path | None, onnx: Path | None) -> None:
    """Export a player, or the league as a whole where there is no name. Raises UserError where it cannot be."""
    registry = load_registry()
    found = contestant(f"{run}@{player}" if player else str(run), registry)
    if bot is not None:
        bot_folder(found, bot, registry)
        print(printable(f"bot     {bot}"))
        print(printable(f"next    marl tournament submit EVENT {bot}"))
    if onnx is not None:
        from league.operations.onnx import network_file

        for file in network_file(found, onnx, registry):
            print(printable(f"network {file}"))
