"""Learning from older rows, beside RLlib's own: DQN, SAC and asynchronous PPO (RLlib: APPO), speed and what is learned.

- DQN on CartPole and SAC on Pendulum, in one process each: same networks (64x64 relu), learning rates, batches, replay
  and gradient steps per env step (one for four with DQN, one for two with SAC). Ours plays 8 matches side by side,
  RLlib 8 environments in its one local runner.
- DQN on Connect Four (PettingZoo's, self-play: all turns of both sides are learned from), the same; both networks are
  ours, layer by layer (64x64 relu, duelling), and so are the matches that they are measured in.
- Asynchronous PPO on CartPole, Pendulum and Connect Four (self-play), with one sampler, and the learner meanwhile:
  ours with `staleness: 1` and the settings of our scenarios, APPO with those of RLlib's examples; 64x64 tanh. In
  Connect Four both networks are ours, layer by layer, and so are the matches that they are measured in.

Both learn for equally many env steps and are then measured: greedily over 20 matches, or, in Connect Four, by the share
of points in 400 matches against random play, drawn. Seeds in turn, so that a slow moment hits both. Nothing was tuned
on these seeds.
"""

from __future__ import annotations

import argparse
import logging
import statistics
import time
import warnings
from dataclasses import dataclass, field
from typing import Any

from _common import one_torch_thread, report

RELU: dict[str, Any] = {"hidden": [64, 64], "activation": "relu"}
TANH: dict[str, Any] = {"hidden": [64, 64], "separate_value": True}
FIRST = 1_000  # rows before the first gradient step of DQN and SAC
SEED = 100  # the first seed


@dataclass(frozen=True)
class Task:
    """What is learned by what; `each`: env steps to a gradient step, of those with a replay."""

    algorithm: str
    env: str
    gym: str
    env_steps: int
    quick: int
    ours: dict[str, Any]
    each: int = 0
    theirs: dict[str, Any] = field(default_factory=dict)


PPO = {"lanes": 16, "rows": 2048, "minibatch": 256, "lr": 1e-3, "lr_end": 0.0, "entropy": 0.0, "model": TANH}
TASKS = {
    "dqn_cartpole": Task(
        "dqn", "gymnasium/cartpole", "CartPole-v1", 12_000, 3_000,
        {"rows": 64, "updates": 16, "minibatch": 64, "lr": 1e-3, "duelling": True, "double": True}, each=4,
    ),
    "sac_pendulum": Task(
        "sac", "gymnasium/pendulum", "Pendulum-v1", 6_000, 2_000,
        {"rows": 32, "updates": 16, "minibatch": 128, "lr": 1e-3}, each=2,
    ),
    "dqn_connect_four": Task(
        "dqn", "pettingzoo/connect_four", "", 20_000, 4_000,
        {"rows": 64, "updates": 16, "minibatch": 64, "lr": 5e-4, "duelling": True, "double": True}, each=4,
    ),
    "ppo_cartpole": Task(
        "ppo", "gymnasium/cartpole", "CartPole-v1", 40_000, 8_000, {**PPO, "epochs": 8},
        theirs={"vf_loss_coeff": 0.05, "entropy_coeff": 0.0, "circular_buffer_iterations_per_batch": 2},
    ),
    "ppo_pendulum": Task(
        "ppo", "gymnasium/pendulum", "Pendulum-v1", 40_000, 8_000,
        {**PPO, "epochs": 10, "discount": 0.95, "model": {**TANH, "normalise_returns": True}},
        theirs={"vf_loss_coeff": 0.05, "entropy_coeff": 0.0, "gamma": 0.95},
    ),
    "ppo_connect_four": Task(
        "ppo", "pettingzoo/connect_four", "", 30_000, 8_000,
        {"lanes": 64, "rows": 4096, "minibatch": 512, "epochs": 4, "lr": 5e-4, "entropy": 0.01},
        theirs={"lr": 5e-4, "entropy_coeff": 0.01},
    ),
}  # fmt: skip


class Services:
    """What training asks for."""

    def __init__(self, task: Task) -> None:
        from marl.compute import Compute
        from marl.registry import Component

        self.env, self.compute = Component(task.env), Compute("ray" if task.algorithm == "ppo" else "local")
        self.spec = self.environment(1).spec

    def environment(self, lanes: int) -> Any:
        """The game, as the registry makes it."""
        from marl.registry import ENVIRONMENTS, load_registry

        return load_registry().make(ENVIRONMENTS, self.env.name, {}, lanes=lanes)

    def warn(self, text: str) -> None:
        """Say what is odd."""
        print(text)


def ours(task: Task, seed: int, env_steps: int) -> tuple[float, float]:
    """Env steps a second, and the return or share of points."""
    from marl.job import SELF, Job
    from marl.registry import ALGORITHMS, load_registry
    from marl.training.networks import restore
    from marl.training.networks.policy import NetworkParams

    services: Any = Services(task)
    params = {**task.ours, "horizon": env_steps}
    params |= {"staleness": 1} if task.algorithm == "ppo" else {"lanes": 8, "model": RELU, "learning_starts": FIRST}
    algorithm: Any = load_registry().make(ALGORITHMS, f"rllib/{task.algorithm}", params)
    opponents = ((), ((SELF, 1.0),)) if len(services.spec.sides) == 2 else ((),)
    job = Job(f"rllib/{task.algorithm}", 0, opponents, seed, budget={"env_steps": env_steps})
    engine = algorithm.engine(job, services)
    engine.begin(job, services)
    started = time.perf_counter()
    while not engine.done:
        engine.update()
    seconds = time.perf_counter() - started
    snapshot = engine.backend.policy.snapshot()
    engine.backend.close()
    speed = engine.progress.env_steps / seconds
    if not task.gym:
        return speed, points(services, restore(services.spec, snapshot))
    from marl.arena import Arena, Pairings

    policy = restore(services.spec, snapshot, NetworkParams(greedy=True))
    played = Arena(services.environment(20)).play([policy], Pairings.repeat([[0]], 20, seed=1))
    return speed, float(played.returns[:, 0].mean())


def points(services: Services, policy: Any) -> float:
    """The share of points against random play."""
    from marl.arena import Arena
    from marl.evaluation import Player, measure
    from marl.policies.random import Random

    players = Player.pure("a", policy, 2), Player.pure("b", Random(services.spec), 2)
    return float(measure(Arena(services.environment(200)), *players, 400, 1).plain()["points"])


def replayed(task: Task, seed: int, env_steps: int) -> Any:
    """RLlib's DQN or SAC."""
    from ray.rllib.algorithms.dqn import DQNConfig
    from ray.rllib.algorithms.sac import SACConfig
    from ray.rllib.core.rl_module.default_model_config import DefaultModelConfig

    learns = task.ours
    common: dict[str, Any] = {
        "train_batch_size_per_learner": learns["minibatch"],
        "num_steps_sampled_before_learning_starts": FIRST,
        "replay_buffer_config": {"type": "EpisodeReplayBuffer", "capacity": 50_000},
        "n_step": 1,
    }
    if task.algorithm == "dqn":
        base = DQNConfig().training(
            lr=learns["lr"], double_q=True, dueling=True, epsilon=[(0, 1.0), (env_steps // 5, 0.05)]
        )
    else:
        base = SACConfig().training(actor_lr=1e-3, critic_lr=1e-3, alpha_lr=1e-3, tau=0.01, initial_alpha=0.2)
    if task.gym:
        model = DefaultModelConfig(fcnet_hiddens=[64, 64], fcnet_activation="relu")
        base = base.environment(task.gym).rl_module(model_config=model)
    else:
        from _rllib import connect_four
        from _rllib_values import value_module

        common["replay_buffer_config"]["type"] = "MultiAgentEpisodeReplayBuffer"
        base = connect_four(base, value_module(), epsilon=base.epsilon)
    return (
        base.env_runners(num_env_runners=0, num_envs_per_env_runner=8, rollout_fragment_length=1)
        .training(**common, training_intensity=learns["minibatch"] / task.each)
        .reporting(min_sample_timesteps_per_iteration=500, min_time_s_per_iteration=0)
    )


def asynchronous(task: Task) -> Any:
    """RLlib's APPO: one runner, and the learner here."""
    from ray.rllib.algorithms.appo import APPOConfig
    from ray.rllib.core.rl_module.default_model_config import DefaultModelConfig

    base = (
        APPOConfig()
        .env_runners(num_env_runners=1, num_envs_per_env_runner=16)
        .learners(num_learners=0)
        .training(**task.theirs)
        .reporting(min_sample_timesteps_per_iteration=2_000, min_time_s_per_iteration=0)
    )
    if not task.gym:
        from _rllib import connect_four

        return connect_four(base)
    model = DefaultModelConfig(fcnet_hiddens=[64, 64], fcnet_activation="tanh", vf_share_layers=False)
    return base.environment(task.gym).rl_module(model_config=model)


def greedy(algorithm: Any, gym: str) -> float:
    """The mean return of 20 greedy matches of what APPO's learner has now; its runners have the environments."""
    import gymnasium
    import torch
    from ray.rllib.core.columns import Columns
    from ray.rllib.utils.spaces.space_utils import unsquash_action

    module, environment, total = algorithm.get_module(), gymnasium.make(gym), 0.0
    module.set_state(algorithm.learner_group.get_weights()["default_policy"])
    distribution = module.get_inference_action_dist_cls()
    for seed in range(20):
        observation, over = environment.reset(seed=seed)[0], False
        while not over:
            with torch.no_grad():
                out = module.forward_inference({Columns.OBS: torch.as_tensor(observation)[None]})
            chosen = distribution.from_logits(out[Columns.ACTION_DIST_INPUTS]).to_deterministic().sample()
            action = unsquash_action(chosen[0].numpy(), environment.action_space)
            observation, reward, terminated, truncated, _ = environment.step(action)
            total, over = total + float(reward), terminated or truncated
    return total / 20


def theirs(task: Task, seed: int, env_steps: int) -> tuple[float, float]:
    """The same of RLlib."""
    config = replayed(task, seed, env_steps) if task.each else asynchronous(task)
    config = config.evaluation(
        evaluation_num_env_runners=0, evaluation_duration=20, evaluation_config={"explore": False}
    )
    algorithm = config.debugging(log_level="ERROR", seed=seed).build_algo()
    started, done = time.perf_counter(), 0
    while done < env_steps:
        done = int(algorithm.train()["env_runners"]["num_env_steps_sampled_lifetime"])
    speed = done / (time.perf_counter() - started)
    if not task.gym:
        from _rllib import played_network
        from _rllib_values import value_network

        services = Services(task)
        network = value_network() if task.each else None
        answer = points(services, played_network(algorithm, services.spec, network))
    elif task.each:
        answer = float(algorithm.evaluate()["env_runners"]["episode_return_mean"])
    else:
        answer = greedy(algorithm, task.gym)
    algorithm.stop()
    return speed, answer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a rough answer in a minute")
    parser.add_argument("--only", choices=TASKS, help="this task alone")
    parser.add_argument("--seeds", type=int, default=3, help="how many")
    parser.add_argument("--first", type=int, default=SEED, help="the first of them")
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    one_torch_thread()
    import ray

    ray.init(num_cpus=2, include_dashboard=False, logging_level="ERROR", log_to_driver=False)
    names = [options.only] if options.only else list(TASKS)
    seeds = 1 if options.quick else options.seeds
    found: dict[str, list[list[tuple[float, float]]]] = {name: [[], []] for name in names}
    for seed in range(options.first, options.first + seeds):
        for name in names:
            task = TASKS[name]
            steps = task.quick if options.quick else task.env_steps
            mine, peer = found[name]
            mine.append(ours(task, seed, steps))
            peer.append(theirs(task, seed, steps))
            print(
                f"{name}, seed {seed}, {steps:,} env steps: ours {mine[-1][0]:,.0f} steps/s, {mine[-1][1]:.4g}; "
                f"RLlib {peer[-1][0]:,.0f} steps/s, {peer[-1][1]:.4g}",
                flush=True,
            )
    ray.shutdown()
    for name, (mine, peer) in found.items():
        speeds = [statistics.median(speed for speed, _ in each) for each in (mine, peer)]
        ratio = statistics.median(a / b for (a, _), (b, _) in zip(mine, peer, strict=True))
        learned = {"learned": [value for _, value in mine], "peer_learned": [value for _, value in peer]}
        steps = TASKS[name].quick if options.quick else TASKS[name].env_steps
        report(f"off_policy_{name}", *speeds, ratio, "env steps/s", env_steps=steps, **learned)


if __name__ == "__main__":
    main()
