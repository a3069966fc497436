"""Equal strength after equal steps? PPO self-play on Connect Four: our `local` backend and RLlib's stock pipeline.

Same environment (PettingZoo's), network (64x64 tanh), hyper-parameters, rows per update and number of env steps, five
seeds each. What each seed learned then plays uniform play and what the same seed learned in the other pipeline, as
many matches from either side, drawing its moves as in training. Differences have 95 % t-intervals over the seeds.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Sequence
from typing import Any

from _common import one_torch_thread, report
from _rllib import EPOCHS, MINIBATCH, ROWS, connect_four_ppo, played_network, stop

from marl.registry import ENVIRONMENTS

ENV = "pettingzoo/connect_four"
LR, CLIP, ENTROPY, VALUE, DISCOUNT, TRACE, NORM = 3e-4, 0.2, 0.01, 0.5, 0.99, 0.95, 0.5
_T = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262}


def ours(seed: int, env_steps: int) -> tuple[Any, int]:
    """The network that our pipeline learned, and after how many env steps."""
    from marl.job import SELF, Job
    from marl.registry import load_registry
    from marl.training.algorithm import Engine
    from marl.training.modules import module_specs
    from marl.training.parts import Parts
    from marl_rllib.params import PPOParams
    from marl_rllib.ppo import PPOLearner

    class Services:
        def environment(self, lanes: int) -> Any:
            return load_registry().make(ENVIRONMENTS, ENV, {}, lanes=lanes)

    services: Any = Services()
    spec = services.environment(1).spec
    hyper = PPOParams(
        lanes=128, rows=ROWS, minibatch=MINIBATCH, epochs=EPOCHS, lr=LR, clip=CLIP, entropy=ENTROPY,
        value_coefficient=VALUE, discount=DISCOUNT, trace=TRACE, max_grad_norm=NORM,
    )  # fmt: skip
    engine = Engine(spec, Parts(PPOLearner), module_specs(spec, hyper.model, "all", (0, 1)), hyper)
    engine.begin(Job("rllib/ppo", 0, ((), ((SELF, 1.0),)), seed=seed, budget={"env_steps": env_steps}), services)
    engine.run(lambda *_, **__: None)
    return engine.backend.policy, engine.progress.env_steps


def theirs(seed: int, env_steps: int, spec: Any) -> tuple[Any, int]:
    """The network that RLlib learned, and after how many env steps."""
    algorithm = connect_four_ppo(
        seed, lr=LR, clip_param=CLIP, entropy_coeff=ENTROPY, vf_loss_coeff=VALUE, vf_clip_param=float("inf"),
        gamma=DISCOUNT, lambda_=TRACE, grad_clip=NORM, grad_clip_by="global_norm", use_kl_loss=False,
    )  # fmt: skip
    done = 0
    while done < env_steps:
        done += int(algorithm.train()["env_runners"]["num_env_steps_sampled"])
    policy = played_network(algorithm, spec)
    stop(algorithm)
    return policy, done


def points(a: Any, b: Any, matches: int, seed: int) -> float:
    """The share of points that `a` gets against `b`."""
    from marl.arena import Arena
    from marl.evaluation import Player, measure
    from marl.registry import load_registry

    environment = load_registry().make(ENVIRONMENTS, ENV, {}, lanes=256)
    score = measure(Arena(environment), Player.pure("a", a, 2), Player.pure("b", b, 2), matches, seed)
    return float(score.plain()["points"])


def interval(values: Sequence[float]) -> tuple[float, float, float]:
    """Mean, and the ends of its 95 % t-interval."""
    mean = statistics.mean(values)
    half = _T[len(values) - 1] * statistics.stdev(values) / len(values) ** 0.5
    return mean, mean - half, mean + half


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=500_000, help="env steps of each training")
    parser.add_argument("--seeds", type=int, default=5, help="2 to 10")
    parser.add_argument("--matches", type=int, default=2000, help="matches of each comparison")
    parser.add_argument("--quick", action="store_true", help="a rough answer in a minute")
    options = parser.parse_args()
    if options.quick:
        options.steps, options.seeds, options.matches = 16_000, 2, 100
    one_torch_thread()
    from marl.policies.random import Random
    from marl.registry import load_registry

    spec = load_registry().make(ENVIRONMENTS, ENV, {}, lanes=1).spec
    random = Random(spec)
    lines = []
    for seed in range(options.seeds):
        started = time.perf_counter()
        us, steps = ours(seed, options.steps)
        middle = time.perf_counter()
        them, peer_steps = theirs(seed, options.steps, spec)
        seconds = middle - started, time.perf_counter() - middle
        line = points(us, random, options.matches, seed), points(them, random, options.matches, seed)
        lines.append((*line, points(us, them, options.matches, seed)))
        print(
            f"seed {seed}: {steps:,} and {peer_steps:,} env steps in {seconds[0]:.0f} s and {seconds[1]:.0f} s; "
            f"against random {line[0]:.1%} and {line[1]:.1%}, head to head {lines[-1][2]:.1%}",
            flush=True,
        )
    against, meeting = interval([a - b for a, b, _ in lines]), interval([c for _, _, c in lines])
    print(f"against random, ours - theirs: {against[0]:+.1%} ({against[1]:+.1%} to {against[2]:+.1%})")
    print(f"head to head, ours: {meeting[0]:.1%} ({meeting[1]:.1%} to {meeting[2]:.1%})")
    report(
        "ppo_strength",
        statistics.mean(a for a, _, _ in lines),
        statistics.mean(b for _, b, _ in lines),
        statistics.mean(a for a, _, _ in lines) / statistics.mean(b for _, b, _ in lines),
        "points against marl/random",
        difference=against,
        head_to_head=meeting,
        env_steps=options.steps,
        seeds=options.seeds,
        matches=options.matches,
    )


if __name__ == "__main__":
    main()
