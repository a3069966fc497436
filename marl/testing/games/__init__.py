"""Tiny reference environments, for tests that need a game and no plugin: factories `(lanes) -> Environment`."""

from marl.testing.games.burrow import burrow
from marl.testing.games.corridor import corridor
from marl.testing.games.kuhn import kuhn
from marl.testing.games.pennies import matching_pennies
from marl.testing.games.relay import relay
from marl.testing.games.seldom import seldom
from marl.testing.games.skirmish import skirmish

__all__ = ["burrow", "corridor", "kuhn", "matching_pennies", "relay", "seldom", "skirmish"]
