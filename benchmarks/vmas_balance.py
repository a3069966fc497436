"""QMIX and IPPO on VMAS's balance: frames (ticks of a match) per second of CPU time, and returns beside random play.

Three agents, matches of 100 ticks, discrete actions, one network of two layers of 64; settings of teams_table.py, with
128 matches in one simulation. The peer is BenchMARL 1.5.2 with its defaults for a CPU, which did 514 frames a second on
this kind of machine (not side by side, and not the same work: it takes 1,000 gradient steps of 128 rows for each 6,000
frames of QMIX, ours one of 32 matches for every 8 that were played).
"""

from __future__ import annotations

import argparse
import statistics

from _common import one_torch_thread, report
from teams_table import CLIPPED, REPLAY, Task, measure, played

PEER = 514.0  # frames/s
GAME = Task("vmas/balance", 100_000, {"discrete": True, "steps": 100, "options": {"n_agents": 3}})
METHODS = {
    "QMIX": ("values/qmix", {**REPLAY, "lanes": 128, "rows": 38_400}),
    "IPPO": ("ctde/ippo", {**CLIPPED, "lanes": 128, "rows": 38_400}),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a rough answer: one seed, 25,600 frames")
    parser.add_argument("--env-steps", type=int, default=GAME.env_steps)
    parser.add_argument("--seeds", type=int, nargs="+", default=[20, 21, 22])
    options = parser.parse_args()
    one_torch_thread()
    seeds, env_steps = (options.seeds[:1], 25_600) if options.quick else (options.seeds, options.env_steps)
    print(f"random play returns {played(GAME):.2f}", flush=True)
    speeds = {}
    for method, (name, params) in METHODS.items():
        found = [measure(GAME, name, params, seed, env_steps) for seed in seeds]
        speeds[method] = statistics.median(env_steps / seconds for _, _, seconds in found)
        returns = ", ".join(f"{greedy:.2f}" for greedy, _, _ in found)
        print(f"{method}: {speeds[method]:,.0f} frames/s, greedily {returns} after {env_steps:,} frames", flush=True)
    report("vmas_balance", speeds["QMIX"], PEER, speeds["QMIX"] / PEER, "frames/s", speeds=speeds)


if __name__ == "__main__":
    main()
