"""Off-policy learning, beside RLlib's own: DQN on CartPole and SAC on Pendulum, in one process each.

Same networks (64x64 relu), learning rates, batches, replay and gradient steps per env step (one for four with DQN, one
for two with SAC). Ours plays 8 matches side by side, RLlib 8 environments in its one local runner. Both learn for
equally many env steps and are then measured greedily over 20 matches. Seeds in turn, so that a slow moment hits both.
"""

from __future__ import annotations

import logging
import statistics
import time
import warnings
from typing import Any

from _common import arguments, one_torch_thread, report

MODEL: dict[str, Any] = {"hidden": [64, 64], "activation": "relu"}
TASKS: dict[str, dict[str, Any]] = {
    "dqn": {
        "env": "gymnasium/cartpole",
        "gym": "CartPole-v1",
        "ours": {"rows": 64, "updates": 16, "minibatch": 64, "lr": 1e-3, "duelling": True, "double": True},
        "each": 4,  # env steps to a gradient step
    },
    "sac": {
        "env": "gymnasium/pendulum",
        "gym": "Pendulum-v1",
        "ours": {"rows": 32, "updates": 16, "minibatch": 128, "lr": 1e-3},
        "each": 2,
    },
}
FIRST = 1_000  # rows before the first gradient step


def ours(name: str, seed: int, env_steps: int) -> tuple[float, float]:
    """Env steps a second, and the greedy return."""
    from marl.arena import Arena, Pairings
    from marl.job import Job
    from marl.registry import ALGORITHMS, ENVIRONMENTS, load_registry
    from marl.training.networks import restore
    from marl.training.networks.policy import NetworkParams

    registry, task = load_registry(), TASKS[name]

    class Services:
        spec = registry.make(ENVIRONMENTS, task["env"], {}, lanes=1).spec

        def environment(self, lanes: int) -> Any:
            return registry.make(ENVIRONMENTS, task["env"], {}, lanes=lanes)

        def log(self, step: int, **values: float) -> None:
            pass

    services: Any = Services()
    params = {**task["ours"], "lanes": 8, "model": MODEL, "learning_starts": FIRST, "env_steps": env_steps}
    algorithm = registry.make(ALGORITHMS, f"rllib/{name}", params)
    started = time.perf_counter()
    trained = algorithm.train(Job(f"rllib/{name}", 0, ((),), seed), services)
    seconds = time.perf_counter() - started
    policy = restore(services.spec, trained.snapshot, NetworkParams(greedy=True))
    played = Arena(services.environment(20)).play([policy], Pairings.repeat([[0]], 20, seed=1))
    return env_steps / seconds, float(played.returns[:, 0].mean())


def theirs(name: str, seed: int, env_steps: int) -> tuple[float, float]:
    """The same of RLlib."""
    from ray.rllib.algorithms.dqn import DQNConfig
    from ray.rllib.algorithms.sac import SACConfig
    from ray.rllib.core.rl_module.default_model_config import DefaultModelConfig

    task = TASKS[name]
    learns = task["ours"]
    common: dict[str, Any] = {
        "train_batch_size_per_learner": learns["minibatch"],
        "num_steps_sampled_before_learning_starts": FIRST,
        "replay_buffer_config": {"type": "EpisodeReplayBuffer", "capacity": 50_000},
        "n_step": 1,
    }
    if name == "dqn":
        base = DQNConfig().training(
            lr=learns["lr"], double_q=True, dueling=True, epsilon=[(0, 1.0), (env_steps // 5, 0.05)]
        )
    else:
        base = SACConfig().training(actor_lr=1e-3, critic_lr=1e-3, alpha_lr=1e-3, tau=0.01, initial_alpha=0.2)
    config = (
        base.environment(task["gym"])
        .env_runners(num_env_runners=0, num_envs_per_env_runner=8, rollout_fragment_length=1)
        .rl_module(model_config=DefaultModelConfig(fcnet_hiddens=[64, 64], fcnet_activation="relu"))
        .training(**common, training_intensity=learns["minibatch"] / task["each"])
        .evaluation(evaluation_num_env_runners=0, evaluation_duration=20, evaluation_config={"explore": False})
        .reporting(min_sample_timesteps_per_iteration=500, min_time_s_per_iteration=0)
        .debugging(log_level="ERROR", seed=seed)
    )
    algorithm = config.build_algo()
    started, done = time.perf_counter(), 0
    while done < env_steps:
        done = int(algorithm.train()["env_runners"]["num_env_steps_sampled_lifetime"])
    seconds = time.perf_counter() - started
    answer = algorithm.evaluate()["env_runners"]["episode_return_mean"]
    algorithm.stop()
    return done / seconds, float(answer)


def main() -> None:
    options = arguments(__doc__)
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    one_torch_thread()
    import ray

    ray.init(num_cpus=2, include_dashboard=False, logging_level="ERROR", log_to_driver=False)
    seeds, steps = (1, {"dqn": 3_000, "sac": 2_000}) if options.quick else (3, {"dqn": 20_000, "sac": 10_000})
    for name in TASKS:
        mine, peer = [], []
        for seed in range(seeds):
            mine.append(ours(name, seed, steps[name]))
            peer.append(theirs(name, seed, steps[name]))
            print(
                f"{name}, seed {seed}, {steps[name]:,} env steps: ours {mine[-1][0]:.0f} steps/s, return "
                f"{mine[-1][1]:.0f}; RLlib {peer[-1][0]:.0f} steps/s, return {peer[-1][1]:.0f}",
                flush=True,
            )
        speeds = [statistics.median(speed for speed, _ in each) for each in (mine, peer)]
        ratio = statistics.median(a / b for (a, _), (b, _) in zip(mine, peer, strict=True))
        returns = {"returns": [value for _, value in mine], "peer_returns": [value for _, value in peer]}
        report(f"off_policy_{name}", *speeds, ratio, "env steps/s", env_steps=steps[name], **returns)
    ray.shutdown()


if __name__ == "__main__":
    main()
