"""Drawers: how matches of an environment are drawn, where it does not draw itself. Plugins may bring a `Drawer`."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from marl.env import Frame


@runtime_checkable
class Drawer(Protocol):
    """Draws one match, in the environment that it was made for. Every environment is one, of itself."""

    def render(self, lane: int) -> Frame:
        """A picture of what is going on in a lane of its environment now.

        It is asked at every position of its match, in their order, so it may remember what was before. It changes
        nothing in the environment, and equal matches have equal pictures.
        """
