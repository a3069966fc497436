"""Shape functions: from a distance, or anything that is 0 at best, to a reward that is 1 there and falls to 0.

Why: what counts is often not the distance but how steeply a reward falls with it: a learner far away needs a slope
under its feet, one that is near needs a peak to climb.

- `linear`: `max(0, 1 - x / scale)`.
- `gaussian`: `exp(-x^2 / (2 scale^2))`: flat at the top, blind beyond three scales.
- `exponential`: `exp(-x / (2 scale dispersion)) ^ (1 / density)`: steep at the top, with a slope everywhere.
  Lucy-SKG's: a greater dispersion, or density, makes it wider. Source: Moschopoulos et al., arXiv:2305.15801, equation
  3 (after Liu et al., "From motor control to team play in simulated humanoid football", arXiv:2105.12196).
- `rational`: `1 / (1 + (x / scale)^2)`: a peak with a long tail (`long_tail` in the DeepMind control suite).
- `tolerance`: 1 up to `scale`, then a Gaussian that has fallen to 0.1 at twice the scale. Source: Tassa et al.,
  "DeepMind Control Suite", arXiv:1801.00690, section 2 (`tolerance` with `margin = scale`).
- `step`: 1 up to `scale`, else 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from marl.types import Floats


@dataclass(kw_only=True)
class Shape:
    """Which shape, and how wide."""

    kind: Literal["linear", "gaussian", "exponential", "rational", "tolerance", "step"] = "exponential"
    scale: float = 1.0
    """The unit: where a linear one is 0, a Gaussian 0.61, an exponential 0.61, a rational one 0.5."""
    dispersion: float = 1.0
    """Of `exponential`: w_dis, how far it reaches."""
    density: float = 1.0
    """Of `exponential`: w_den, how full it is; 2 takes the square root."""

    def __post_init__(self) -> None:
        for name in ("scale", "dispersion", "density"):
            if not 0 < getattr(self, name) < math.inf:
                raise ValueError(f"{name} must be above 0 and finite, not {getattr(self, name)}")
        if self.kind != "exponential" and (self.dispersion, self.density) != (1.0, 1.0):
            raise ValueError(f"dispersion and density are of kind: exponential; a {self.kind} one has a scale only")

    def __call__(self, x: Floats) -> Floats:
        """The reward at each `x`, `float64[K]`; what is below 0 counts as its size."""
        return SHAPES[self.kind](np.abs(np.asarray(x, dtype=np.float64)), self)

    @property
    def title(self) -> str:
        """Its formula's name and numbers, as a legend has it."""
        more = f", dispersion {self.dispersion:g}, density {self.density:g}" if self.kind == "exponential" else ""
        return f"{self.kind} (scale {self.scale:g}{more})"


SHAPES: dict[str, Callable[[Floats, Shape], Floats]] = {
    "linear": lambda x, shape: np.maximum(0.0, 1 - x / shape.scale),
    "gaussian": lambda x, shape: np.exp(-0.5 * (x / shape.scale) ** 2),
    "exponential": lambda x, shape: np.exp(-0.5 * x / (shape.scale * shape.dispersion)) ** (1 / shape.density),
    "rational": lambda x, shape: 1 / (1 + (x / shape.scale) ** 2),
    "tolerance": lambda x, shape: np.exp(np.log(0.1) * (np.maximum(0.0, x - shape.scale) / shape.scale) ** 2),
    "step": lambda x, shape: (x <= shape.scale).astype(np.float64),
}
