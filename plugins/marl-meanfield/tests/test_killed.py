"""Solvers with networks, killed by SIGKILL in the middle of a gradient step or of a write, end as if they were not."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from marl.cli.run import resume, run

pytest.importorskip("torch", reason="needs torch")
pytestmark = pytest.mark.slow

SMALL = """
kind: meanfield
game: {name: meanfield/crowd, size: 4, horizon: 3}
solver: {name: meanfield/%s, agents: 8, steps: 5, width: 8%s}
stop: {iterations: 6}
measure: 1
checkpoint: 2
"""
STEPS = {"deep_munchausen": 18, "deep_average": 36, "mean_field_ppo": 105}  # gradient steps: in the fourth iteration
DIES = """
import os, signal, sys
from pathlib import Path
from marl.cli.run import run
path, out, what, number = sys.argv[1:]
left = int(number)

def die(*_):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)

if what == "step":
    from torch.optim.optimizer import register_optimizer_step_post_hook
    register_optimizer_step_post_hook(die)
else:
    true = os.replace
    def replace(source, target, **more):
        target = Path(target)
        if what in (f"{target.parent.name}/*{target.suffix}", target.name):
            die()
        true(source, target, **more)
    os.replace = replace
run(path, [], Path(out))
"""


def left_by(out: Path) -> tuple[object, ...]:
    """All that a run leaves, without what depends on the clock."""
    events = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    done = json.loads((out / "progress.json").read_text())
    blobs = {path.name: path.read_bytes() for path in (out / "blobs").iterdir()}
    return [{**event, "time": 0} for event in events], {**done, "seconds": 0}, blobs


@pytest.mark.parametrize("solver", sorted(STEPS))
@pytest.mark.parametrize(
    ("what", "number"), [("step", None), ("blobs/*.safetensors", 3), ("blobs/*.json", 3), ("progress.json", 3)]
)
def test_a_killed_run_ends_as_if_it_was_not(solver: str, what: str, number: int | None, tmp_path: Path) -> None:
    path = tmp_path / "small.yaml"
    path.write_text(SMALL % (solver, ", average_steps: 5" if solver == "deep_average" else ""))
    run(str(path), [], tmp_path / "whole")
    command = [sys.executable, "-c", DIES, str(path), str(tmp_path / "cut"), what, str(number or STEPS[solver])]
    died = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert died.returncode == -signal.SIGKILL, died.stderr
    assert 0 < json.loads((tmp_path / "cut" / "progress.json").read_text())["iteration"] < 6
    resume(tmp_path / "cut", [], None)
    assert left_by(tmp_path / "cut") == left_by(tmp_path / "whole")
