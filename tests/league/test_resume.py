"""A run that is killed goes on, and ends as if nothing had happened."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from league.ledger import Ledger

pytest.importorskip("marl_classic", reason="needs the plugin marl-classic")

Marl = Callable[..., "subprocess.CompletedProcess[str]"]  # see `marl` in conftest.py
RUN = ["run", "leduc_psro", "stop.iterations=60"]


def start(out: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "marl", *RUN, "--out", str(out)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(marl: Marl, out: Path) -> str:
    done = marl(*RUN, "--out", out)
    assert done.returncode == 0, done.stderr
    return done.stdout


def story(out: Path) -> tuple[str, list[str], list[object]]:
    """Everything that must be the same: the ledger but for times, the blobs byte by byte, the metrics but for times."""
    ledger = Ledger.at(out)
    digest = ledger.digest()
    ledger.close()
    blobs = [f"{path.name} {path.read_bytes().hex()}" for path in sorted((out / "blobs").iterdir())]
    events = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    return digest, blobs, [{k: v for k, v in e.items() if k not in ("time", "seconds")} for e in events]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, marl: Marl) -> tuple[str, list[str], list[object]]:
    out = tmp_path_factory.mktemp("undisturbed") / "run"
    finish(marl, out)
    result = story(out)
    assert len(result[2]) == 61
    return result


@pytest.mark.parametrize("seed", range(3))
def test_a_run_killed_at_random_moments_ends_bit_identical(
    tmp_path: Path, undisturbed: tuple[str, list[str], list[object]], seed: int, marl: Marl
) -> None:
    chance = random.Random(seed)
    out, killed = tmp_path / "run", 0
    while killed < 6:
        process = start(out)
        # Past the imports the run takes about a second: most kills strike in the midst of its work.
        ledger = out / "ledger.db"
        while process.poll() is None and not ledger.exists():
            time.sleep(0.01)
        time.sleep(chance.random() * 0.25)
        if process.poll() is not None:
            break
        process.send_signal(signal.SIGKILL)
        process.wait()
        killed += 1
    assert killed >= 2
    finish(marl, out)
    assert story(out) == undisturbed


def test_a_finished_run_is_left_as_it_is(tmp_path: Path, marl: Marl) -> None:
    out = tmp_path / "run"
    first = finish(marl, out)
    before = story(out)
    again = finish(marl, out)
    assert story(out) == before
    assert first.splitlines()[-4:-3] == again.splitlines()[-4:-3]


def test_a_run_directory_in_use_is_refused(tmp_path: Path, marl: Marl) -> None:
    out = tmp_path / "run"
    process = start(out)
    while not (out / "ledger.db").exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    second = marl(*RUN, "--out", out)
    process.kill()
    process.communicate()
    assert second.returncode == 2
    assert f"is in use by process {process.pid}" in " ".join(second.stderr.split())


def test_a_directory_of_another_scenario_is_refused(tmp_path: Path, marl: Marl) -> None:
    out = tmp_path / "run"
    finish(marl, out)
    other = marl(*RUN, "seed=5", "--out", out)
    assert other.returncode == 2
    assert "holds a run of another scenario" in " ".join(other.stderr.split())


def test_a_corrupt_blob_stops_a_resume_with_a_sentence(tmp_path: Path, marl: Marl) -> None:
    out = tmp_path / "run"
    finish(marl, out)
    for blob in (out / "blobs").glob("*.safetensors"):
        content = bytearray(blob.read_bytes())
        if len(content) > 200:
            content[-1] ^= 1
            blob.write_bytes(content)
    # 60 iterations are done; with a further one to do, the plans must be read.
    text = (out / "scenario.yaml").read_text().replace("iterations: 60", "iterations: 61")
    (out / "scenario.yaml").write_text(text)
    resumed = marl("resume", out)
    assert resumed.returncode == 1
    assert "is corrupt" in " ".join(resumed.stderr.split())
    assert "Traceback" not in resumed.stderr
