"""The array aliases that signatures use. Shapes stand in docstrings: B matches, L lanes, K rows to act, N agents,
S sides, A actions, T ticks."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]
Ints: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float64]
Bools: TypeAlias = npt.NDArray[np.bool_]
Keys: TypeAlias = npt.NDArray[np.uint64]
ArrayTree: TypeAlias = Any  # an Array, or a dict of ArrayTrees (mypy has no recursive alias that numpy accepts)
