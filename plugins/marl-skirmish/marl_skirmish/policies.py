"""The scripts as policies, which play by what their units observe, in both modes."""

from __future__ import annotations

from functools import partial

import numpy as np

from marl import rng
from marl.env import EnvSpec, Rows
from marl.policy import Acts
from marl.snapshot import Snapshot
from marl.types import Array, Keys
from marl_skirmish import scripts
from marl_skirmish.scripts import Script
from marl_skirmish.sight import Layout
from marl_skirmish.view import view_of_rows


class Scripted:
    """Plays a script. Raises UserError where the game is another."""

    def __init__(self, script: Script, spec: EnvSpec, snapshot: Snapshot | None = None) -> None:
        self._script, self._layout = script, Layout.of(spec)

    def memory(self, rows: int) -> None:
        """It remembers nothing."""
        return None

    def act(self, rows: Rows, memory: Array | None, keys: Keys) -> Acts:
        """What the script does in each of K rows."""
        return Acts(self._script(view_of_rows(rows, self._layout, rng.uniform(keys))), np.zeros(len(rows)))


idle = partial(Scripted, scripts.idle)
hold = partial(Scripted, scripts.hold)
nearest = partial(Scripted, scripts.nearest_first)
focus = partial(Scripted, scripts.focus)
kite = partial(Scripted, scripts.kite)
retreat = partial(Scripted, scripts.retreat)
swarm = partial(Scripted, scripts.swarm)
