"""How far it is to everything: the fewest actions until an agent stands beside a cell and faces it."""

from __future__ import annotations

import numpy as np

from marl.types import Ints
from marl_coop.overcooked.kitchens import FLOOR, Kitchen

NEVER = 10_000  # actions to what cannot be reached


def distances(kitchen: Kitchen) -> Ints:
    """Actions from each cell and direction until each other cell is in front, `int64[C, 4, C]`; or `NEVER`."""
    ahead, floor = kitchen.ahead(), kitchen.place == FLOOR
    goes_on = floor[ahead]  # a move onto the floor moves and turns, any other turns alone
    stands = np.where(goes_on, ahead, np.arange(kitchen.cells)[:, None])  # [C, 4], after an action
    far = np.full((kitchen.cells, 4, kitchen.cells), NEVER)
    for facing in range(4):
        cells = np.flatnonzero(floor & ~goes_on[:, facing])
        far[cells, facing, ahead[cells, facing]] = 0
    while True:
        turned = np.arange(4)
        nearer = np.minimum(far, 1 + far[stands, turned].min(axis=1)[:, None])
        nearer[~floor] = NEVER
        if (nearer == far).all():
            return far
        far = np.minimum(nearer, NEVER)
