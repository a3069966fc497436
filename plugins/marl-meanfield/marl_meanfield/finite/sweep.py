"""From a few agents to many: how good a run's policy is among N, kept as it is measured."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from marl.blobs import Blobs
from marl.errors import UserError
from marl.registry import load_registry
from marl.scenario import load_run
from marl.types import Floats
from marl_meanfield import exact, progress
from marl_meanfield.config import MeanFieldConfig
from marl_meanfield.finite.measure import Gain, measured
from marl_meanfield.game import MeanFieldGame
from marl_meanfield.hookspecs import GAMES
from marl_meanfield.progress import Progress

FILE = "finite.jsonl"


@dataclass(frozen=True)
class Sweep:
    """The policy of a run, and the game it is of. `id`: of its checkpoint."""

    run: Path
    config: MeanFieldConfig
    game: MeanFieldGame
    policy: Floats
    id: str

    @staticmethod
    def of(run: Path) -> Sweep:
        """Of a run directory. Raises UserError where it holds no mean-field run."""
        if not (run / progress.FILE).is_file():
            raise UserError(f"{run} holds no mean-field run: there is no {progress.FILE} in it")
        registry = load_registry()
        config: MeanFieldConfig = load_run(run, registry).config
        game = registry.make(GAMES, config.game.name, config.game.params)
        id = Progress.read(run).state
        return Sweep(run, config, game, np.asarray(Blobs(run / "blobs").get(id)[0]["policy"]), id)

    def limit(self) -> exact.Judged:
        """What the policy earns and what deviating gains among infinitely many."""
        return exact.judge(self.game, self.policy)

    def work(self, sizes: Sequence[int], matches: int, seed: int, tell: Callable[[Gain], None]) -> list[Gain]:
        """Measure at these numbers of agents; what was measured before, of this policy and as asked, is kept."""
        file, found = self.run / FILE, []
        lines = file.read_text().splitlines() if file.is_file() else []
        known = [json.loads(line) for line in lines if line.endswith("}")]
        for agents in sizes:
            asked = {"policy": self.id, "agents": agents, "matches": matches, "seed": seed}
            row = next((one for one in known if asked.items() <= one.items()), None)
            if row is None:
                row = asked | asdict(measured(self.game, self.policy, agents, matches, seed))
                with file.open("a") as out:
                    out.write(json.dumps(row) + "\n")
            found.append(Gain(**{name: row[name] for name in Gain.__dataclass_fields__}))
            tell(found[-1])
        return found


def slope(gains: Sequence[Gain], column: str) -> float:
    """The power of N with which a column falls: the slope of a line through its logarithms, by 1 / variance.

    Sizes at which it is not above two standard errors do not count; NaN where fewer than two do.
    """
    error = "error" if column == "gain" else "seeing_error"
    known = [one for one in gains if getattr(one, column) > 2 * getattr(one, error)]
    if len(known) < 2:
        return math.nan
    x = np.log([one.agents for one in known])
    y = np.log([getattr(one, column) for one in known])
    weight = [getattr(one, column) / getattr(one, error) for one in known]
    return float(np.polyfit(x, y, 1, w=weight)[0])
