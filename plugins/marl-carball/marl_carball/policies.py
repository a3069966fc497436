"""The scripts as policies, which play by what their cars observe, in both modes and with both kinds of control."""

from __future__ import annotations

from functools import partial

import numpy as np

from marl.env import EnvSpec, Rows
from marl.policy import Acts
from marl.snapshot import Snapshot
from marl.space import Discrete
from marl.types import Array, Keys
from marl_carball import scripts
from marl_carball.control import nearest_choice
from marl_carball.scripts import Script
from marl_carball.sight import Layout


class Scripted:
    """Plays a script. Raises UserError where the game is another."""

    def __init__(self, script: Script, spec: EnvSpec, snapshot: Snapshot | None = None) -> None:
        self._script, self._layout = script, Layout.of(spec)
        self._discrete = isinstance(spec.groups[0].action, Discrete)

    def memory(self, rows: int) -> None:
        """It remembers nothing."""
        return None

    def act(self, rows: Rows, memory: Array | None, keys: Keys) -> Acts:
        """What the script does in each of K rows."""
        wanted = self._script(rows.observation, self._layout)
        return Acts(nearest_choice(wanted) if self._discrete else wanted, np.zeros(len(rows)))


idle = partial(Scripted, scripts.idle)
chaser = partial(Scripted, scripts.chaser)
keeper = partial(Scripted, scripts.keeper)
aimer = partial(Scripted, scripts.aimer)
striker = partial(Scripted, scripts.striker)
rotation = partial(Scripted, scripts.rotation)
