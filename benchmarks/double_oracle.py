"""Double oracle on Leduc poker with exact best responses: PSRO mixes policies, XDO mixes at every decision.

Exploitability (NashConv / 2) by iteration, and by seconds of CPU time. An iteration adds one best response a side. All
are leagues, with ledger, blobs, and a look at NashConv in every iteration: PSRO with Nash mixtures, anytime PSRO and
self-play PSRO (whose rounds each train a best response; the players that join come after five and ten), XDO.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import _common as bench

from league.ledger import Ledger
from league.runner import build
from marl.blobs import Blobs
from marl.metrics import Metrics
from marl.registry import load_registry
from marl.scenario import load_scenario

STRATEGIES = {
    "PSRO (Nash)": ("{name: psro}", 200, 8),
    "anytime PSRO": ("{name: anytime_psro}", 40, 8),
    "self-play PSRO": ("{name: self_play_psro}", 40, 8),
    "XDO": ("{name: self_play, algorithm: tabular/xdo}", 16, 16),
}  # and iterations, in full and in short
AT = (1, 5, 10, 16, 20, 40, 100, 200)


def curve(strategy: str, iterations: int) -> tuple[Sequence[float], Sequence[float]]:
    """Exploitability and seconds of CPU time so far, after each iteration."""
    with TemporaryDirectory() as folder:
        scenario, out = Path(folder, "scenario.yaml"), Path(folder, "run")
        scenario.write_text(
            f"kind: league\nenv: classic/leduc_poker\nstrategy: {strategy}\nstop: {{iterations: {iterations}}}\n"
        )
        out.mkdir()
        registry = load_registry()
        config = load_scenario(str(scenario), [], registry).config
        ledger, metrics = Ledger.at(out), Metrics(out / "metrics.jsonl")
        began, found, seconds = time.process_time(), list[float](), list[float]()
        for one in build(config, registry, ledger, Blobs(out / "blobs"), metrics).run():
            found.append(one.measures["nash_conv"].value / 2)
            seconds.append(time.process_time() - began)
        ledger.close()
        metrics.close()
    return found, seconds


def first(found: Sequence[float], below: float) -> int:
    """The first iteration at which it is below, or the last."""
    return next((n for n, value in enumerate(found) if value < below), len(found) - 1)


def main() -> None:
    quick = bench.arguments(__doc__).quick
    found, seconds = {}, {}
    for name, (strategy, full, short) in STRATEGIES.items():
        found[name], seconds[name] = curve(strategy, short if quick else full)
        at = [n for n in AT if n < len(found[name])]
        print(f"{name}: " + ", ".join(f"{n}: {found[name][n]:.5f} ({seconds[name][n]:.1f} s)" for n in at), flush=True)
    goal = found["PSRO (Nash)"][-1]
    ours, peer = (seconds[name][first(found[name], goal * (1 + 1e-9))] for name in ("XDO", "PSRO (Nash)"))
    bench.report("double_oracle", ours, peer, peer / ours, "s", goal=goal, xdo=list(found["XDO"]), at=AT)


if __name__ == "__main__":
    main()
