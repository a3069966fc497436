"""What some environments need before they are reset or stepped."""

from __future__ import annotations

from typing import Any


def go_board_size(env: Any) -> None:
    """PettingZoo keeps Go's board size in globals of a module, so environments of two sizes spoil each other."""
    from pettingzoo.classic.go import go_base

    if env._N != go_base.N:
        env._overwrite_go_global_variables(env._N)
