"""Teams on skirmish 3m that learn from a script, and teams of a league: who beats scripts that neither has met?

By seed, with equally many env steps for each learner and the same settings: MAPPO against the script `nearest`; QMIX
(without a replay: `values/pqn_qmix`) against it; and a league of the two (PFSP, from that script on), where each meets
past teams of both. A win pays 10, a loss takes them, and damage and kills pay up to 20 less what a win is worth there,
whatever the other team does: where its damage is taken off, as `reward: shaped` does, teams learn to stay away, and all
matches end undecided. All are then measured greedily, 400 matches against `nearest` and four scripts that nobody met.
Everything goes on where it was when the command is run again, from run directories under `--runs` and lines of
`--cells`:

    python benchmarks/team_league.py                   # measures what is missing, and prints the table
    python benchmarks/team_league.py --print
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from _common import report
from teams_table import FRESH

CELLS = Path(__file__).parents[1] / "docs" / "results" / "team_league.jsonl"
MET, HELD_OUT = "nearest", ("kite", "retreat", "focus", "swarm")
MATCHES, SLICES = 400, 12
GAME = {"name": "skirmish/two_team", "map": "3m"}
LAYERS = {"hidden": [64, 64]}
TAKEN = {"name": "rewards/events", "worth": {"taken": 1}, "totals": ["taken"], "whose": "side"}
REWARD = {"channels": {"taken": TAKEN}, "weights": {"game": 10}}
MAPPO = {
    "name": "ctde/mappo",
    "lanes": 128,
    "rows": 12288,
    "minibatch": 32,
    "lr": 0.001,
    "discount": 0.99,
    "model": LAYERS,
    "reward": REWARD,
}
QMIX = {
    "name": "values/pqn_qmix",
    **FRESH,
    "model": {"kind": "values/normed", "params": LAYERS},
    "reward": REWARD,
}
LEARNERS = {"MAPPO": MAPPO, "QMIX": QMIX}


def script(learner: str, seed: int, env_steps: int) -> dict[str, Any]:
    """The scenario of a learner that meets the script alone."""
    return {
        "kind": "train",
        "env": GAME,
        "seed": seed,
        "env_steps": env_steps,
        "slice": env_steps // SLICES,
        "opponents": [f"skirmish/{MET}"],
        "algorithm": LEARNERS[learner],
        "evaluation": {"every": 0},
    }


def league(seed: int, env_steps: int) -> dict[str, Any]:
    """The scenario of the league of both."""
    part = {"env_steps": env_steps // SLICES}
    strategy = {"name": "league/pfsp", "lineages": 2, "founder": f"skirmish/{MET}"}
    return {
        "kind": "league",
        "env": GAME,
        "seed": seed,
        "strategy": {**strategy, "algorithm": {**MAPPO, **part}, "others": [{**QMIX, **part}]},
        "payoffs": {"source": {"name": "sampled", "matches": 50}},
        "stop": {"iterations": 2 * SLICES},
    }


def marl(*words: str) -> str:
    """What a command of marl prints."""
    done = subprocess.run([sys.executable, "-m", "marl", *words], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"marl {' '.join(words)}\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
    return done.stdout


def ran(scenario: dict[str, Any], path: Path) -> Path:
    """The run of a scenario, at its end."""
    if (path / "scenario.yaml").exists():
        marl("resume", str(path))
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".yaml").write_text(yaml.safe_dump(scenario))
        marl("run", str(path.with_suffix(".yaml")), "--out", str(path))
    return path


def teams(seed: int, env_steps: int, runs: Path) -> Iterator[tuple[str, str]]:
    """What to measure: a name and, trained by now, a player."""
    for learner in LEARNERS:
        path = ran(script(learner, seed, env_steps), runs / f"{learner.lower()}_{seed}")
        yield f"{learner}, the script", str(path)
    path = ran(league(seed, env_steps), runs / f"league_{seed}")
    players = json.loads(marl("league", "players", str(path), "--json"))
    for number, learner in enumerate(LEARNERS):
        newest = [one["name"] for one in players if one["lineage"] == f"learner_{number}"][-1]
        yield f"{learner}, the league", f"{path}@{newest}"


def measure(player: str) -> dict[str, float]:
    """Wins less losses, by opponent."""
    where = f"skirmish/two_team map={GAME['map']}"
    against = [word for name in (MET, *HELD_OUT) for word in ("--against", f"skirmish/{name}")]
    said = marl("evaluate", f"{player} greedy=true", *against, "--matches", str(MATCHES), "--env", where, "--json")
    return {name.removeprefix("skirmish/"): round(of["return"], 4) for name, of in json.loads(said)["scores"].items()}


def fill(path: Path, seeds: list[int], env_steps: int, runs: Path) -> None:
    """Measure what the file does not hold yet, and add a line for each team."""
    known = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    for seed in seeds:
        if sum((cell["seed"], cell["env_steps"]) == (seed, env_steps) for cell in known) == 2 * len(LEARNERS):
            continue
        for team, player in teams(seed, env_steps, runs):
            cell = {"team": team, "seed": seed, "env_steps": env_steps, "scores": measure(player)}
            if cell not in known:
                with path.open("a") as file:
                    file.write(json.dumps(cell) + "\n")
            print(cell, flush=True)


def held_out(cell: dict[str, Any]) -> float:
    """The mean over scripts that nobody met."""
    return statistics.mean(cell["scores"][name] for name in HELD_OUT)


def table(cells: list[dict[str, Any]]) -> Iterator[str]:
    """As Markdown: means over seeds, and by seed over the scripts that nobody met."""
    yield f"| learner, against whom | {MET} | {' | '.join(HELD_OUT)} | held out, mean | by seed |"
    yield "|---" * (4 + len(HELD_OUT)) + "|"
    for team in dict.fromkeys(cell["team"] for cell in cells):
        found = [cell for cell in cells if cell["team"] == team]
        means = [statistics.mean(cell["scores"][name] for cell in found) for name in (MET, *HELD_OUT)]
        apart = [held_out(cell) for cell in found]
        figures = [*means, statistics.mean(apart)]
        yield f"| {team} | {' | '.join(f'{one:.2f}' for one in figures)} | {', '.join(f'{one:.2f}' for one in apart)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a rough answer: one seed, 40,000 env steps, nothing kept")
    parser.add_argument("--env-steps", type=int, default=600_000, help="of each learner")
    parser.add_argument("--seeds", type=int, nargs="+", default=[41, 42, 43])
    parser.add_argument("--runs", type=Path, default=Path("runs/team_league"))
    parser.add_argument("--cells", type=Path, default=CELLS, help="the file of what was measured")
    parser.add_argument("--print", action="store_true", help="measure nothing")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if options.quick:
            options.seeds, options.env_steps = options.seeds[:1], 40_000
            options.runs, options.cells = Path(folder), Path(folder) / "cells.jsonl"
        if not options.print:
            fill(options.cells, options.seeds, options.env_steps, options.runs)
        cells = [json.loads(line) for line in options.cells.read_text().splitlines()]
    print("\n".join(table(cells)))
    means = {
        way: statistics.mean(held_out(cell) for cell in cells if way in cell["team"]) for way in ("league", "script")
    }
    better = means["league"] - means["script"]
    report("team_league", means["league"], means["script"], better, "wins less losses on held-out scripts")


if __name__ == "__main__":
    main()
