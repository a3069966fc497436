"""What shaping costs: the share of a PPO run on car soccer that is spent on ten channels of rewards.

The channels are of all kinds: velocities, distances with shapes, potentials, progress, events, a geometric combination
of three and one of two, weights, and what is logged of all of them. The time is that of the processor spent within
`Rewards.__call__`, of all that a training step takes: playing, paying, learning. Below 5 % is asked for.
"""

from __future__ import annotations

import time
from typing import Any

import _common as bench

from marl.registry import ALGORITHMS, ENVIRONMENTS, load_registry
from marl.training.rewards import Rewards

LIMIT = 0.05


def entry(number: int) -> dict[str, Any]:
    """What points ahead at the speed that is entry `number` of an observation."""
    return {"name": "rewards/velocity", "velocity": [f"observation[{number}]", "0"], "towards": ["1", "0"]}


def near(number: int, kind: str) -> dict[str, Any]:
    """A shape function of the distance that is entry `number`."""
    return {
        "name": "rewards/distance",
        "position": [f"observation[{number}]"],
        "target": ["0"],
        "shape": {"kind": kind, "scale": 0.5},
    }


REWARD: dict[str, Any] = {
    "channels": {
        "align": entry(26),
        "approach": entry(27),
        "shot": entry(28),
        "near": near(23, "exponential"),
        "close": near(24, "gaussian"),
        "home": {"name": "rewards/potential", "potential": "observation[25]"},
        "nearer": {"name": "rewards/potential", "potential": "-observation[24]"},
        "tank": {"name": "rewards/progress", "of": "observation[6]"},
        "touch": {"name": "rewards/events", "worth": {"touches": 1}, "whose": "agent"},
        "push": {"name": "rewards/events", "worth": {"push": 0.05}, "whose": "agent"},
    },
    "combine": {
        "offence": {"by": "geometric", "of": ["align", "approach", "near"]},
        "danger": {"by": "geometric", "of": ["shot", "close"]},
    },
    "weights": {"offence": 0.1, "danger": 0.2, "touch": 0.1, "home": 0.1, "nearer": 0.1, "tank": 0.05, "push": 0.1},
}


class Services:
    """What an algorithm asks for, and nothing else."""

    def environment(self, lanes: int) -> Any:
        return load_registry().make(ENVIRONMENTS, "carball/two_team", {}, lanes=lanes)

    @property
    def spec(self) -> Any:
        return self.environment(1).spec

    def checkpoint(self, id: str) -> Any:
        return None

    def log(self, step: int, **values: float) -> None:
        return None

    def warn(self, message: str) -> None:
        print(message)


def share(env_steps: int, epochs: int) -> float:
    """Of the processor's time of a run, what `Rewards.__call__` took."""
    from marl.job import SELF, Job

    spent, call = [0.0], Rewards.__call__

    def timed(self: Rewards, *given: Any) -> Any:
        began = time.process_time()
        answer = call(self, *given)
        spent[0] += time.process_time() - began
        return answer

    params = {"rows": 8192, "lanes": 64, "minibatch": 1024, "epochs": epochs, "model": {"hidden": [64, 64]}}
    algorithm: Any = load_registry().make(ALGORITHMS, "rllib/ppo", {**params, "reward": REWARD})
    setattr(Rewards, "__call__", timed)  # noqa: B010
    try:
        began = time.process_time()
        algorithm.train(Job("rllib/ppo", 0, ((), ((SELF, 1.0),)), 1, budget={"env_steps": env_steps}), Services())
        return spent[0] / (time.process_time() - began)
    finally:
        setattr(Rewards, "__call__", call)  # noqa: B010


def main() -> None:
    quick = bench.arguments(__doc__).quick
    bench.one_torch_thread()
    steps = 4096 if quick else 20480
    tasks = {f"{epochs} epochs": lambda epochs=epochs: share(steps, epochs) for epochs in (1, 5)}
    results = bench.interleaved(tasks, 1 if quick else 3)
    bench.table(results, "share of the time")
    ours = bench.medians(results)["5 epochs"]
    bench.report("carball_shaping", ours, LIMIT, LIMIT / ours, "share of the time", rates=bench.medians(results))


if __name__ == "__main__":
    main()
