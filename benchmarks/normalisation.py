"""What normalisation of observations and returns is worth to PPO on a pendulum, in its own and in other units.

`python benchmarks/normalisation.py` trains every variant on every seed, with the settings of `pendulum_ppo.yaml` for
fewer env steps, and writes `docs/results/normalisation.md`. "Other units": the cosine and sine of the angle in
thousandths, its speed in tenths of a degree a second, and rewards a thousand times as large: the same game.
`--quick` trains two variants on one seed for a moment and writes nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from _common import arguments, one_torch_thread, report

from marl.arena import Arena, Mixtures
from marl.env import Lanes
from marl.job import Job
from marl.registry import ALGORITHMS, POLICIES, load_registry
from marl.types import Array, Bools, Floats
from marl_gymnasium.pendulum import Pendulum

PAGE = Path(__file__).resolve().parents[1] / "docs" / "results" / "normalisation.md"
SETTINGS = {"lanes": 16, "rows": 2048, "minibatch": 256, "epochs": 10, "lr": 1e-3, "lr_end": 0.0, "discount": 0.95}
VARIANTS: dict[str, dict[str, bool]] = {
    "neither": {},
    "observations": {"normalise_observations": True},
    "returns": {"normalise_returns": True},
    "both": {"normalise_observations": True, "normalise_returns": True},
}
_UNITS = np.array([1000.0, 1000.0, 10 * 180 / np.pi], dtype=np.float32)
_REWARD = 1000.0


class OtherUnits(Pendulum):
    """The pendulum in other units."""

    def observe(self, lanes: Lanes) -> Array:
        """See `OneAgent.observe`."""
        return super().observe(lanes) * _UNITS

    def move(self, lanes: Lanes, actions: Array) -> tuple[Floats, Bools]:
        """See `Native.move`."""
        rewards, terminated = super().move(lanes, actions)
        return rewards * _REWARD, terminated


class Services:
    """What a job needs of its surroundings, where nothing is kept."""

    def __init__(self, make: type[Pendulum]) -> None:
        self.make, self.spec = make, make(1).spec

    def environment(self, lanes: int) -> Pendulum:
        return self.make(lanes)

    def log(self, step: int, **values: float) -> None:
        pass


def trained(make: type[Pendulum], model: dict[str, bool], seed: int, env_steps: int) -> float:
    """The mean return of 200 matches after training, in the pendulum's own units."""
    registry, services = load_registry(), Services(make)
    params = {**SETTINGS, "env_steps": env_steps, "entropy": 0.0, "model": {"separate_value": True, **model}}
    algorithm: Any = registry.make(ALGORITHMS, "rllib/ppo", params)
    snapshot = algorithm.train(Job("rllib/ppo", 0, ((),), seed), services).snapshot
    policy = registry.make(POLICIES, snapshot.policy, {}, spec=services.spec, snapshot=snapshot)
    results = Arena(make(64)).play([policy], Mixtures(np.ones((1, 1)), seed).block(0, 200))
    return float(results.returns.mean()) / (_REWARD if make is OtherUnits else 1.0)


def main() -> None:
    quick = arguments(__doc__).quick
    one_torch_thread()
    env_steps, seeds = (8_000, [20]) if quick else (60_000, [20, 21, 22])
    found: dict[tuple[str, str], list[float]] = {}
    for units, make in (("own", Pendulum), ("other", OtherUnits)):
        for name, model in VARIANTS.items():
            if not quick or (units == "other" and name in ("neither", "both")):
                found[units, name] = [trained(make, model, seed, env_steps) for seed in seeds]
                print(f"{units} units, {name}: {', '.join(f'{value:.0f}' for value in found[units, name])}", flush=True)
    if not quick:
        write(found, env_steps, seeds)
    ours, peer = (float(np.mean(found["other", name])) for name in ("both", "neither"))
    report("normalisation", ours, peer, peer / ours, "return", found={" ".join(key): found[key] for key in found})


def write(found: dict[tuple[str, str], list[float]], env_steps: int, seeds: list[int]) -> None:
    """The page of results."""
    rows = []
    for name in VARIANTS:
        cells = [", ".join(f"{value:.0f}" for value in found[units, name]) for units in ("own", "other")]
        rows.append(f"| {name} | {cells[0]} | {cells[1]} |")
    PAGE.write_text(TEXT.format(rows="\n".join(rows), env_steps=f"{env_steps:,}", seeds=f"{seeds[0]} to {seeds[-1]}"))


TEXT = """# What normalisation is worth

`python benchmarks/normalisation.py`: PPO on a pendulum with the settings of `pendulum_ppo.yaml` but {env_steps} env
steps and seeds {seeds}, each the mean return of 200 matches of the stochastic policy at the end. An untrained policy
has about -1,200, and -200 counts as solved. "Other units" is the same game with observations of some hundreds or
thousands and rewards a thousand times as large; returns are shown in the pendulum's own.

| `model.normalise_...` | own units | other units |
|---|---|---|
{rows}

Here returns make nearly all of the difference. Observations alone make none: in the pendulum's own units they are of
about 1 already, and in the others nothing is learned while values are off by hundreds of thousands. There, both are
better than returns alone.

Conventions are those of Stable-Baselines3's `VecNormalize`; see [training](../training.md).
"""

if __name__ == "__main__":
    main()
