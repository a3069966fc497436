"""What cars do with throttle, steering and boost in a substep of physics.

Along its heading a car obeys `dv/dt = ENGINE throttle + ROCKET boosting - CAR_DRAG v`, across it `dv/dt = -GRIP v`,
both integrated with the friction implicit. The heading turns by `TURN steering min(1, |v| / TURN_SPEED)` a second, the
other way in reverse: a car at rest does not turn. Turning is Cayley's: rotations without sines, the same in mirrors.
"""

from __future__ import annotations

import numpy as np

from marl_carball.bodies import Bodies
from marl_carball.field import BURN, CAR_DRAG, ENGINE, GRIP, ROCKET, TURN, TURN_SPEED, Reals


def drive(bodies: Bodies, heading: tuple[Reals, Reals], tank: Reals, control: Reals, seconds: float) -> None:
    """Change velocities, `heading` and `tank` `[N, L]` of all cars, in place.

    `control` `float32[3, N, L]`: throttle and steering from -1 to 1, and whether they boost (above 0).
    """
    throttle, steering, wish = control
    hx, hy = heading
    vx, vy = bodies.vx[1:], bodies.vy[1:]
    along, across = vx * hx + vy * hy, vy * hx - vx * hy
    boosting = ((wish > 0) & (tank > 0)).astype(np.float32)
    along += np.float32(seconds) * (np.float32(ENGINE) * throttle + np.float32(ROCKET) * boosting)
    along *= np.float32(1 / (1 + CAR_DRAG * seconds))
    across *= np.float32(1 / (1 + GRIP * seconds))
    np.maximum(tank - np.float32(BURN * seconds) * boosting, np.float32(0), out=tank)
    np.subtract(along * hx, across * hy, out=vx)
    np.add(along * hy, across * hx, out=vy)
    rolling = np.clip(along * np.float32(1 / TURN_SPEED), np.float32(-1), np.float32(1))
    half = np.float32(0.5 * TURN * seconds) * steering * rolling  # the tangent of half the angle
    square = half * half
    cosine, sine = np.float32(1) - square, np.float32(2) * half
    new_x, new_y = hx * cosine - hy * sine, hy * cosine + hx * sine
    length = np.sqrt(new_x * new_x + new_y * new_y)
    np.divide(new_x, length, out=hx)
    np.divide(new_y, length, out=hy)
