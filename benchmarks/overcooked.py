"""Random play of Overcooked: environment steps (of all agents together) per second of CPU time, on one core.

Ours plays through the `Environment` interface: `step` makes the layers that both agents see, rewards, ends and the
columns of `info`; actions are drawn beforehand, and lanes that end are started again. Where overcooked-ai can be
imported (put its `src` on PYTHONPATH), it is measured too, with its encoding; the peer is JaxMARL, whose figure on a
CPU is 212,000.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import count

import _common as bench
import numpy as np

from marl import rng
from marl_coop.overcooked.game import Overcooked, OvercookedParams
from marl_coop.overcooked.kitchens import KITCHENS

LANES = 2048
JAXMARL = 212_000.0  # steps/s on a CPU


def ours(lanes: int, seconds: float, **params: str) -> Callable[[], float]:
    """A task that plays at random and returns steps per second."""
    env = Overcooked(lanes, OvercookedParams(**params))  # type: ignore[arg-type]
    everyone = np.arange(lanes)
    env.reset(everyone, rng.mix(everyone))
    drawn = [np.random.default_rng(tick).integers(0, 6, 2 * lanes) for tick in range(32)]

    def play() -> Iterator[int]:
        for tick in count():
            done = env.step(everyone, [drawn[tick % 32]]).done
            if done.any():
                env.reset(everyone[done], rng.mix(tick, everyone[done]))
            yield lanes

    steady = play()
    return lambda: rate(steady, seconds)


def theirs(seconds: float) -> Callable[[], float] | None:
    """overcooked-ai's transitions and encoding of the cramped room; None where it is not installed."""
    try:
        from overcooked_ai_py.mdp.actions import Action
        from overcooked_ai_py.mdp.overcooked_mdp import OvercookedGridworld
    except ImportError:
        return None
    world = OvercookedGridworld.from_layout_name("cramped_room", old_dynamics=True)
    drawn = np.random.default_rng(0).integers(0, 6, (4096, 2))

    def play() -> Iterator[int]:
        while True:
            state = world.get_standard_start_state()
            for actions in drawn[:400]:
                state, _ = world.get_state_transition(state, [Action.INDEX_TO_ACTION[action] for action in actions])
                world.lossless_state_encoding(state)
                yield 1

    steady = play()
    return lambda: rate(steady, seconds)


def rate(play: Iterator[int], seconds: float) -> float:
    """How many steps a second `play` yields, over about `seconds`."""
    steps, began = 0, time.process_time()
    while (passed := time.process_time() - began) < seconds:
        steps += next(play)
    return steps / passed


def main() -> None:
    quick = bench.arguments(__doc__).quick
    seconds, rounds = (0.1, 3) if quick else (0.5, 9)
    tasks = {layout: ours(LANES, seconds, layout=layout) for layout in KITCHENS}
    tasks |= {f"cramped_room, {lanes} lanes": ours(lanes, seconds) for lanes in (64, 512)}
    tasks["cramped_room, features"] = ours(LANES, seconds, observation="features")
    if peer := theirs(seconds):
        tasks["overcooked-ai"] = peer
    results = bench.interleaved(tasks, rounds)
    bench.table(results, "steps/s")
    middle = bench.medians(results)
    mine = middle["cramped_room"]
    bench.report("overcooked", mine, JAXMARL, mine / JAXMARL, "steps/s", lanes=LANES, rates=middle)


if __name__ == "__main__":
    main()
