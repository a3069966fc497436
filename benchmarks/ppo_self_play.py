"""PPO self-play on Connect Four, end to end: our `local` backend against RLlib's stock pipeline at its best.

Same network (64x64 tanh, shared by policy and value), rows per update, minibatch and epochs; one policy on both sides.
RLlib runs PettingZoo's Connect Four on 2 env runners with 16 environments each, its best configuration on two cores;
ours is one process. The learner alone, on columns it is fed again and again, is the ceiling of the local backend.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from _common import arguments, interleaved, medians, one_torch_thread, ratio, report, table
from _rllib import EPOCHS, MINIBATCH, ROWS, connect_four_ppo, stop

LANES = 128


def ours() -> tuple[Callable[[], float], Callable[[], float]]:
    """Env steps a second of whole updates, and rows a second of the learner alone."""
    from marl.job import SELF, Job
    from marl.training.algorithm import Engine
    from marl.training.modules import module_specs
    from marl.training.parts import Parts
    from marl_classic.connect_four import ConnectFour
    from marl_rllib.params import PPOParams
    from marl_rllib.ppo import PPOLearner

    class Services:
        def environment(self, lanes: int) -> ConnectFour:
            return ConnectFour(lanes)

    spec = ConnectFour(1).spec
    hyper = PPOParams(lanes=LANES, rows=ROWS, minibatch=MINIBATCH, epochs=EPOCHS)
    engine = Engine(spec, Parts(PPOLearner), module_specs(spec, hyper.model, "all", (0, 1)), hyper)
    services: Any = Services()
    engine.begin(Job("rllib/ppo", 0, ((), ((SELF, 1.0),)), seed=1), services)
    backend: Any = engine.backend
    batch = backend.samplers[0].play(ROWS, {})
    coefficients = hyper.coefficients(0.0)
    shares: list[float] = []

    def train() -> float:
        started, steps = time.perf_counter(), 0
        for _ in range(10):
            metrics = engine.update()
            steps += int(metrics["env_steps"])
            shares.append(metrics["sample_seconds"] / (metrics["sample_seconds"] + metrics["learn_seconds"]))
        return steps / (time.perf_counter() - started)

    def ceiling() -> float:
        started = time.perf_counter()
        for _ in range(10):
            backend.learner.fit(batch.columns, EPOCHS, {"players": ROWS // MINIBATCH}, 1, coefficients)
        return 10 * ROWS / (time.perf_counter() - started)

    train.shares = shares  # type: ignore[attr-defined]
    return train, ceiling


def rllib() -> tuple[Callable[[], float], Callable[[], None]]:
    """Env steps a second of RLlib's own training iterations, and how to end it."""
    algorithm = connect_four_ppo()

    def train() -> float:
        started = time.perf_counter()
        result = algorithm.train()
        steps = float(result["env_runners"]["num_env_steps_sampled"])
        return steps / (time.perf_counter() - started)

    return train, lambda: stop(algorithm)


def main() -> None:
    options = arguments(__doc__)
    one_torch_thread()
    peer, end = rllib()
    train, ceiling = ours()
    try:
        tasks = {"marl, local": train, "RLlib, 2 runners x 16": peer, "our learner alone": ceiling}
        results = interleaved(tasks, rounds=2 if options.quick else 7)
    finally:
        end()
    table(results, "env steps/s")
    middle = medians(results)
    shares: list[float] = train.shares  # type: ignore[attr-defined]
    report(
        "ppo_self_play",
        middle["marl, local"],
        middle["RLlib, 2 runners x 16"],
        ratio(results, "marl, local", "RLlib, 2 runners x 16"),
        "env steps/s",
        learner_ceiling=middle["our learner alone"],
        of_ceiling=middle["marl, local"] / middle["our learner alone"],
        sampling_share=sum(shares) / len(shares),
        rows=ROWS,
        minibatch=MINIBATCH,
        epochs=EPOCHS,
    )


if __name__ == "__main__":
    main()
