"""PPO self-play on Connect Four, end to end: our `local` backend against RLlib's stock pipeline at its best.

Same network (64x64 tanh, shared by policy and value), rows per update, minibatch and epochs; one policy on both sides.
RLlib runs PettingZoo's Connect Four on 2 env runners with 16 environments each, its best configuration on two cores;
ours is one process. The learner alone, on columns it is fed again and again, is the ceiling of the local backend.
"""

from __future__ import annotations

import logging
import os
import time
import warnings
from collections.abc import Callable
from typing import Any

from _common import arguments, interleaved, medians, one_torch_thread, ratio, report, table

ROWS, MINIBATCH, EPOCHS, LANES = 4096, 512, 4, 128


def ours() -> tuple[Callable[[], float], Callable[[], float]]:
    """Env steps a second of whole updates, and rows a second of the learner alone."""
    from marl.job import SELF, Job
    from marl.training.engine import Engine
    from marl.training.modules import module_specs
    from marl_classic.connect_four import ConnectFour
    from marl_rllib.ppo import PPOLearner, PPOParams

    class Services:
        def environment(self, lanes: int) -> ConnectFour:
            return ConnectFour(lanes)

    spec = ConnectFour(1).spec
    hyper = PPOParams(lanes=LANES, rows=ROWS, minibatch=MINIBATCH, epochs=EPOCHS)
    engine = Engine(spec, PPOLearner, module_specs(spec, hyper.model, "all", (0, 1)), hyper)
    services: Any = Services()
    engine.begin(Job("rllib/ppo", 0, ((), ((SELF, 1.0),)), seed=1), services)
    backend: Any = engine.backend
    batch = backend.rollout.collect(ROWS)
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
    import ray
    import torch
    from pettingzoo.classic import connect_four_v3
    from ray.rllib.algorithms.ppo import PPOConfig
    from ray.rllib.core.columns import Columns
    from ray.rllib.core.rl_module.apis import ValueFunctionAPI
    from ray.rllib.core.rl_module.multi_rl_module import MultiRLModuleSpec
    from ray.rllib.core.rl_module.rl_module import RLModuleSpec
    from ray.rllib.core.rl_module.torch import TorchRLModule
    from ray.rllib.env.wrappers.pettingzoo_env import PettingZooEnv
    from ray.tune.registry import register_env
    from torch import nn

    class Masked(TorchRLModule, ValueFunctionAPI):
        """Its own masking module wants another observation than PettingZoo's."""

        def setup(self) -> None:
            hidden, size = 64, 84
            self.body = nn.Sequential(nn.Linear(size, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh())
            self.policy, self.value = nn.Linear(hidden, self.action_space.n), nn.Linear(hidden, 1)

        def encode(self, batch: Any) -> tuple[Any, Any]:
            seen = batch[Columns.OBS]
            return self.body(seen["observation"].float().flatten(1)), seen["action_mask"].float()

        def _forward(self, batch: Any, **_: Any) -> Any:
            features, mask = self.encode(batch)
            return {Columns.ACTION_DIST_INPUTS: self.policy(features) + torch.clamp(torch.log(mask), min=-1e9)}

        def compute_values(self, batch: Any, embeddings: Any = None) -> Any:
            return self.value(self.encode(batch)[0]).squeeze(-1)

    register_env("connect_four", lambda _: PettingZooEnv(connect_four_v3.env()))
    ray.init(num_cpus=2, include_dashboard=False, logging_level="ERROR", log_to_driver=False)
    algorithm = (
        PPOConfig()
        .environment("connect_four")
        .env_runners(num_env_runners=2, num_envs_per_env_runner=16, rollout_fragment_length="auto")
        .multi_agent(policies={"shared"}, policy_mapping_fn=lambda *_, **__: "shared", count_steps_by="env_steps")
        .rl_module(rl_module_spec=MultiRLModuleSpec(rl_module_specs={"shared": RLModuleSpec(module_class=Masked)}))
        .training(train_batch_size_per_learner=ROWS, minibatch_size=MINIBATCH, num_epochs=EPOCHS)
        .debugging(log_level="ERROR")
        .build_algo()
    )

    def train() -> float:
        started = time.perf_counter()
        result = algorithm.train()
        steps = float(result["env_runners"]["num_env_steps_sampled"])
        return steps / (time.perf_counter() - started)

    def stop() -> None:
        algorithm.stop()
        ray.shutdown()

    return train, stop


def main() -> None:
    options = arguments(__doc__)
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    os.environ["RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO"] = "0"
    one_torch_thread()
    peer, stop = rllib()
    train, ceiling = ours()
    try:
        tasks = {"marl, local": train, "RLlib, 2 runners x 16": peer, "our learner alone": ceiling}
        results = interleaved(tasks, rounds=2 if options.quick else 7)
    finally:
        stop()
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
