"""What messages are worth: `whispers_mardpg` with and without its channel, measured after every slice.

    python benchmarks/messages.py --seeds 31 32 33

Every seed is a `marl run` in a process of its own. Curves go to `docs/results/messages.json` and `.svg`; `--quick` runs
one seed for a few seconds and writes nothing. The ratio is that of the mean returns at the end.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from _common import report

RESULTS = Path(__file__).resolve().parents[1] / "docs" / "results"
Curve = list[tuple[int, float]]  # (env steps, greedy return)
COLOURS = {4: "#1f6f54", 0: "#b5482a"}


def run(message: int, seed: int, overrides: list[str]) -> Curve:
    """The curve of one run."""
    with tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable,
            "-m",
            "marl",
            "run",
            "whispers_mardpg",
            f"seed={seed}",
            f"algorithm.message={message}",
        ]
        subprocess.run([*command, *overrides, "--out", folder], check=True, stdout=subprocess.DEVNULL)
        lines = (Path(folder) / "metrics.jsonl").read_text().splitlines()
    events = [json.loads(line) for line in lines]
    curve = [(event["step"], event["return"]) for event in events if event["event"] == "evaluation"]
    print(f"message {message}, seed {seed}: {curve[-1][1]:.3f} after {curve[-1][0]:,} env steps", flush=True)
    return curve


def drawing(curves: dict[int, list[Curve]]) -> str:
    """All curves, a colour for each size of a message."""
    end = max(step for runs in curves.values() for curve in runs for step, _ in curve)
    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 280" width="600" font-family="sans-serif" '
        'font-size="12" fill="#444"><rect width="600" height="280" fill="#fff"/>',
        '<text x="60" y="18">classic/whispers: greedy return over env steps, MARDPG with and without messages</text>',
        '<path d="M60 30V240H580" fill="none" stroke="#999"/>',
        f'<text x="580" y="258" text-anchor="end">{end:,}</text><text x="60" y="258">0</text>',
    ]
    for value, said in ((1.0, "1"), (1 / 3, "1/3")):
        y = 240 - 210 * value
        parts.append(f'<path d="M60 {y:.1f}H580" stroke="#ccc" stroke-dasharray="4 4"/>')
        parts.append(f'<text x="54" y="{y + 4:.1f}" text-anchor="end">{said}</text>')
    for place, (message, runs) in enumerate(curves.items()):
        colour = COLOURS[message]
        said = f"{message} numbers a message" if message else "no messages"
        parts.append(f'<text x="570" y="{80 + 18 * place}" text-anchor="end" fill="{colour}">{said}</text>')
        for curve in runs:
            points = " ".join(f"{60 + 520 * step / end:.1f},{240 - 210 * value:.1f}" for step, value in curve)
            parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
    return "".join(parts) + "</svg>\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a rough answer: one seed, 1,000 env steps")
    parser.add_argument("--seeds", type=int, nargs="+", default=[31, 32, 33])
    options = parser.parse_args()
    seeds, overrides = (options.seeds[:1], ["env_steps=1000"]) if options.quick else (options.seeds, [])
    curves = {message: [run(message, seed, overrides) for seed in seeds] for message in COLOURS}
    if not options.quick:
        rounded = {str(message): runs for message, runs in curves.items()}
        (RESULTS / "messages.json").write_text(json.dumps({"seeds": seeds, "curves": rounded}) + "\n")
        (RESULTS / "messages.svg").write_text(drawing(curves))
    ends = {message: statistics.mean(curve[-1][1] for curve in runs) for message, runs in curves.items()}
    report("messages", ends[4], ends[0], ends[4] / max(ends[0], 1e-9), "return", seeds=seeds)


if __name__ == "__main__":
    main()
