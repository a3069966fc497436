"""Practice: the curriculum of a job. Between updates it hears of the matches that ended, and says what comes next."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from marl.algorithm import Checkpoint
from marl.curriculum import Curriculum
from marl.env import EnvSpec
from marl.errors import UserError
from marl.registry import CURRICULA, blamed, load_registry, wrong
from marl.snapshot import JSON
from marl.tasks import Tasks
from marl.types import Array, Floats, Ints

PREFIX = "curriculum/"  # of the arrays in a checkpoint
_SHOWN = 32  # tasks whose shares are logged one by one


class Practice:
    """A curriculum, made and spoken to through its descriptor, so that what is wrong in it is said to be its."""

    def __init__(self, component: Mapping[str, JSON], spec: EnvSpec) -> None:
        if spec.tasks is None:
            raise UserError(f"the environment has no tasks, so {component['name']} has nothing to choose from")
        registry, name = load_registry(), str(component["name"])
        params = {key: value for key, value in component.items() if key != "name"}
        self.tasks: Tasks = spec.tasks
        self._subject = registry.describe(CURRICULA, name)
        self._curriculum: Curriculum = registry.make(CURRICULA, name, params, spec=spec)

    def weights(self) -> Floats:
        """How often each task is to be played, `float64[T]`; sums to 1."""
        asked = f"{len(self.tasks)} weights that are 0 or more, and not all 0"
        with blamed(self._subject, "weights()", asked):
            weights = np.asarray(self._curriculum.weights(), dtype=np.float64)
            fits = weights.shape == (len(self.tasks),) and np.isfinite(weights).all()
            if not fits or weights.min() < 0 or weights.sum() <= 0:
                raise wrong(self._subject, "weights()", weights, asked)
            return np.asarray(weights / weights.sum())

    def learn(self, tasks: Ints, returns: Floats) -> dict[str, float]:
        """Tell of matches that ended, `int64[B]` and `float64[B]`, sampler by sampler; what to log of the tasks."""
        with blamed(self._subject, "learn(tasks, returns)", "nothing"):
            self._curriculum.learn(tasks, returns)
        return self._logged(tasks, returns)

    def _logged(self, tasks: Ints, returns: Floats) -> dict[str, float]:
        """How the matches to come are spread over the tasks, and how those that ended went."""
        share = self.weights()
        shown = share[share > 0]
        logged = {"task_entropy": float(-(shown * np.log(shown)).sum())}
        if len(self.tasks) <= _SHOWN:
            for task in range(len(self.tasks)):
                name, mine = self.tasks.name(task), returns[tasks == task]
                logged[f"task_share/{name}"] = float(share[task])
                if len(mine):
                    logged[f"task_return/{name}"] = float(mine.mean())
        return logged

    def save(self) -> dict[str, Array]:
        """Its state, as arrays of a checkpoint."""
        with blamed(self._subject, "save()", "a mapping of names to arrays"):
            return {f"{PREFIX}{name}": np.asarray(array) for name, array in self._curriculum.save().items()}

    def load(self, checkpoint: Checkpoint) -> None:
        """Go on where a checkpoint stopped; anew where it has nothing of a curriculum."""
        arrays = checkpoint.arrays.items()
        saved = {name.removeprefix(PREFIX): array for name, array in arrays if name.startswith(PREFIX)}
        if saved:
            with blamed(self._subject, "load(saved)", "nothing"):
                self._curriculum.load(saved)
