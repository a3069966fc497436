"""What some environments need before they are reset (`starting`) or stepped, for matches to follow from their seeds."""

from __future__ import annotations

from typing import Any


def go(env: Any, starting: bool) -> None:
    """PettingZoo keeps Go's board size in globals of a module, so environments of two sizes spoil each other."""
    from pettingzoo.classic.go import go_base

    if env._N != go_base.N:
        env._overwrite_go_global_variables(env._N)


def knights_archers_zombies(env: Any, starting: bool) -> None:
    """Its `reset` forgets the timer of the next zombie."""
    if starting:
        env.zombie_spawn_interval.reset()
