"""The field and what moves on it, in metres, seconds and units of the ball's mass. docs/carball.md has the model."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Reals = npt.NDArray[np.float32]

LENGTH, WIDTH = 20.0, 13.0  # half of the field: it reaches from -20 to 20 (goals) and from -13 to 13
MOUTH = 4.0  # half the width of a goal
CORNER = 5.0  # how much of both walls a cut corner takes

TICK = 0.1  # seconds between two decisions
SUBSTEPS = 2  # of physics in a tick

BALL_RADIUS, CAR_RADIUS = 1.2, 1.0
BALL_MASS, CAR_MASS = 1.0, 4.0
TOP = 40.0  # nothing is faster, metres a second

ENGINE = 16.0  # metres a second squared, at full throttle
ROCKET = 12.0  # on top of it, while boosting
CAR_DRAG = 4.0 / 3.0  # a second: a car comes to 12 m/s, and boosting to 21
GRIP = 8.0  # a second: how fast sliding sideways dies away
BALL_DRAG = 0.25  # a second
TURN = 3.0  # radians a second, at `TURN_SPEED` and above; in proportion below
TURN_SPEED = 5.0  # metres a second

BOUNCE_HIT = 1.0  # restitution where the ball and cars meet: elastic
BOUNCE_BALL = 0.8  # where the ball meets walls and posts
BOUNCE_CAR = 0.3  # where cars meet walls

BURN = 1.0 / 3.0  # of the tank, a second
FIRST = 1.0 / 3.0  # how much is in the tank at a kick-off
PAD_GIVES = 0.5
PAD_RADIUS = 1.5  # how near the middle of a car must come
PAD_TICKS = 40  # until it is there again
PADS: npt.NDArray[np.float32] = np.array(
    [(0, 10), (0, -10), (12, 9), (-12, -9), (12, -9), (-12, 9)], np.float32
)  # where they are: turned by half a turn, pad 2k is pad 2k + 1
