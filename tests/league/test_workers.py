"""A league is the same whoever does its jobs, however often they are ended, and says what goes wrong with them."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from league.ledger import Ledger
from league.ledger.orders import Orders
from league.manager import Manager
from league.runner import build, mend
from marl.blobs import Blobs
from marl.errors import RunError, UserError
from marl.metrics import Metrics, read
from marl.registry.discover import discover
from marl.registry.load import build as build_registry
from marl.registry.settings import read_settings
from marl.scenario import load_scenario

pytest.importorskip("marl_classic", reason="needs the plugin marl-classic")

PFSP = """kind: league
env: classic/kuhn_poker
strategy: {name: league/pfsp, algorithm: {name: learners/averager}}
workers: 2
stop: {iterations: 8}
"""
PSRO = PFSP.replace("league/pfsp, algorithm", "league/psro, oracle").replace("8", "3")
POOLED = """kind: league
env: classic/kuhn_poker
strategy: {name: league/psro, oracle: learners/heavy}
payoffs: {source: {name: learners/coins}}
measures:
  - {name: exploitability, exploiter: learners/heavy, matches: 50}
  - nash_conv
stop: {iterations: 2}
"""
POOLED_PFSP = POOLED.replace("psro, oracle:", "pfsp, algorithm:") + "workers: 2\n"
TWO = "compute.processes=2"
Make = Callable[..., Manager]


@pytest.fixture
def league(site: Path, tmp_path: Path) -> Iterator[Make]:
    """Build a league in a directory, or go on with it: `league(PFSP, "compute.processes=2", where="two")`."""
    registry, opened = build_registry(discover(), read_settings(False)), []

    def make(text: str, *overrides: str, where: str = "run") -> Manager:
        path, out = tmp_path / "scenario.yaml", tmp_path / where
        path.write_text(text)
        out.mkdir(exist_ok=True)
        ledger, metrics = Ledger.at(out), Metrics(out / "metrics.jsonl")
        opened.extend([ledger, metrics])
        config = load_scenario(str(path), list(overrides), registry).config
        Blobs(out / "blobs").sweep()
        manager = build(config, registry, ledger, Blobs(out / "blobs"), metrics)
        mend(metrics, manager)
        return manager

    yield make
    for thing in opened:
        thing.close()


def finish(manager: Manager) -> Manager:
    with closing(manager):
        list(manager.run())
    return manager


def story(out: Path) -> tuple[str, list[str], list[str]]:
    """All that must be the same: the ledger but for times, the blobs, and what was logged, whoever logged it first."""
    ledger = Ledger.at(out)
    digest = ledger.digest()
    ledger.close()
    blobs = [f"{path.name} {path.read_bytes().hex()}" for path in sorted((out / "blobs").iterdir())]
    events = [{k: v for k, v in e.items() if k not in ("time", "seconds")} for e in read(out / "metrics.jsonl")]
    return digest, blobs, sorted(json.dumps(event) for event in events)


@pytest.mark.parametrize(("text", "counts"), [(PFSP, (1, 2)), (PSRO, (2,))], ids=["pfsp", "psro"])
def test_a_league_is_the_same_in_this_process_in_one_and_in_two(
    league: Make, tmp_path: Path, text: str, counts: tuple[int, ...]
) -> None:
    finish(league(text, where="here"))
    expected = story(tmp_path / "here")
    for processes in counts:
        finish(league(text, f"compute.processes={processes}", where=f"in {processes}"))
        assert story(tmp_path / f"in {processes}") == expected


@pytest.mark.slow
@pytest.mark.parametrize("text", [PFSP, POOLED_PFSP], ids=["pfsp", "payoffs and measures"])
def test_a_league_is_the_same_on_ray(league: Make, tmp_path: Path, text: str) -> None:
    pytest.importorskip("ray", reason="needs ray")
    finish(league(text, where="here"))
    finish(league(text, TWO, "compute.pool=ray", where="ray"))
    assert story(tmp_path / "ray") == story(tmp_path / "here")


@pytest.mark.parametrize("last", ["compute.processes=1", pytest.param("compute.pool=ray", marks=pytest.mark.slow)])
def test_a_league_moves_from_process_to_processes_while_it_runs(league: Make, tmp_path: Path, last: str) -> None:
    if "ray" in last:
        pytest.importorskip("ray", reason="needs ray")
    finish(league(PFSP, where="here"))
    with closing(league(PFSP, where="moved")) as manager:
        for _, _ in zip(range(3), manager.run(), strict=False):
            pass
    with closing(league(PFSP, TWO, where="moved")) as manager:
        for _, _ in zip(range(3), manager.run(), strict=False):
            pass
    finish(league(PFSP, TWO, last, where="moved"))
    assert story(tmp_path / "moved") == story(tmp_path / "here")


def test_a_league_that_is_made_longer_is_the_same_as_one_that_was_longer_from_the_start(
    league: Make, tmp_path: Path
) -> None:
    text = PFSP.replace("learners/averager}", "learners/averager, env_steps: 7}")
    finish(league(text, "stop.iterations=5", where="longer"))
    finish(league(text, where="longer"))
    finish(league(text, where="long"))
    short, long = (Ledger.at(tmp_path / name) for name in ("longer", "long"))
    assert short.players() == long.players()
    assert short.payoffs() == long.payoffs()


def run(out: Path, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "marl", "run", str(out.parent / "scenario.yaml"), "--out", str(out), *words]
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command, stdout=pipe, stderr=pipe, text=True, start_new_session=True, preexec_fn=_interruptible
    )


def _interruptible() -> None:
    """Ctrl-C is heard also where whoever runs the tests ignores it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


SLOW_JOBS = ("strategy.algorithm.seconds=0.05", "stop.iterations=100")
SLOW_PAYOFFS = ("payoffs.source.seconds=0.05", "payoffs.source.matches=6000", "stop.iterations=30")


@pytest.mark.parametrize(
    ("text", "kills", "slow"),
    [
        (PFSP, 2, ()),
        pytest.param(PFSP, 10, SLOW_JOBS, marks=pytest.mark.slow),
        pytest.param(POOLED_PFSP, 10, SLOW_PAYOFFS, marks=pytest.mark.slow),
    ],
    ids=["twice", "ten times", "ten times under payoffs"],
)
def test_a_league_killed_at_random_moments_ends_bit_identical(
    league: Make, tmp_path: Path, text: str, kills: int, slow: tuple[str, ...]
) -> None:
    chance = random.Random(kills)
    finish(league(text, *slow, where="here"))
    out, killed = tmp_path / "killed", 0
    while killed < kills:
        process = run(out, TWO, *slow)
        before = size(out)
        while process.poll() is None and size(out) == before:
            time.sleep(0.01)
        time.sleep(chance.random() * 0.3)
        if process.poll() is not None:
            break
        process.send_signal(signal.SIGKILL)
        process.communicate()
        killed += 1
    assert killed == kills if slow else killed >= 1
    _, said = (last := run(out, TWO, *slow)).communicate()
    assert last.returncode == 0, said
    assert story(out) == story(tmp_path / "here")


def size(out: Path) -> int:
    """How many orders were ever written down, and how many payoffs."""
    if not (out / "ledger.db").exists():
        return 0
    with suppress(RunError, UserError), closing(Ledger.at(out)) as ledger:
        taken = sum(1 + lineage.done for lineage in Orders(ledger).lineages().values())
        return taken + len(ledger.payoffs())
    return 0


def test_ctrl_c_ends_all_workers_and_nothing_is_lost(league: Make, tmp_path: Path) -> None:
    finish(league(PFSP, where="here"))
    out = tmp_path / "stopped"
    process = run(out, TWO, "strategy.algorithm.seconds=0.2")
    while not (workers := children(process.pid)) or size(out) == 0:
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    workers = children(process.pid)
    assert len(workers) >= 2
    os.killpg(process.pid, signal.SIGINT)  # as a terminal sends it, to everybody
    _, said = process.communicate()
    assert process.returncode == 130, said
    assert "Traceback" not in said
    until = time.monotonic() + 10
    while any(Path(f"/proc/{worker}/exe").exists() for worker in workers):
        assert time.monotonic() < until
        time.sleep(0.02)


def children(process: int) -> list[int]:
    with suppress(OSError):
        return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    return []


@pytest.mark.parametrize("fault", [pytest.param("die", marks=pytest.mark.slow), "die while writing", "leak"])
def test_a_job_whose_worker_died_is_done_again_and_nobody_sees_it(league: Make, tmp_path: Path, fault: str) -> None:
    finish(league(PFSP, "stop.iterations=2", where="here"))
    parameters = [f"strategy.algorithm.fault={fault}", f"strategy.algorithm.marker={tmp_path / 'marker'}"]
    manager = finish(league(PFSP, "stop.iterations=2", TWO, *parameters, where="died"))
    assert fault == "leak" or (tmp_path / "marker").exists()
    other = Ledger.at(tmp_path / "here")
    assert [player.snapshot for _, player in manager.ledger.players()] == [p.snapshot for _, p in other.players()]
    assert manager.log.steps == 15 * 3  # two jobs that were taken and one that was begun; none counts twice
    manager = league(PFSP, "stop.iterations=2", *parameters, where="died")
    assert not list((tmp_path / "died" / "blobs").glob(".*"))


def test_payoffs_and_measures_are_the_same_whoever_does_them_and_whoever_dies(
    league: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One worker is killed in the middle of a batch of payoffs, one when it has trained an exploiter."""
    monkeypatch.setattr("league.items.shares.MATCHES", 40)  # two pairings an item
    faults = {"payoffs.source": "die", "measures.0.exploiter": "die at the end"}
    words = [f"{where}.{name}={value}" for where, fault in faults.items()
             for name, value in (("fault", fault), ("marker", tmp_path / where))]  # fmt: skip
    scenario = POOLED.replace("exploiter: learners/heavy", "exploiter: {name: learners/heavy}")
    finish(league(scenario, TWO, *words, where="in two"))
    assert all((tmp_path / where).exists() for where in faults)
    assert "heavy" not in sys.modules  # workers are asked whether a job can be done
    finish(league(scenario, where="here"))
    assert story(tmp_path / "in two") == story(tmp_path / "here")


@pytest.mark.parametrize(
    ("fault", "said"),
    [("raise", r"failed in fill\(asked\) \(learners.py, line \d+\): KeyError"), ("nonsense", "failed in fill")],
)
def test_a_source_that_fails_in_a_worker_is_named_and_what_was_found_stays(
    league: Make, monkeypatch: pytest.MonkeyPatch, fault: str, said: str
) -> None:
    monkeypatch.setattr("league.items.shares.MATCHES", 40)
    finish(league(POOLED, "stop.iterations=0", "measures=[]", where="broken"))
    with pytest.raises(RunError, match=rf"payoff source 'learners/coins' \(plugin 'learners' of learners 0.1\) {said}"):
        finish(league(POOLED, "compute.processes=1", f"payoffs.source.fault={fault}", "measures=[]", where="broken"))
    mended, whole = (finish(league(POOLED, "measures=[]", where=where)).ledger for where in ("broken", "whole"))
    assert mended.payoffs() == whole.payoffs() and mended.players() == whole.players()


def test_a_job_whose_workers_always_die_is_given_up_with_a_sentence(league: Make) -> None:
    with pytest.raises(RunError, match=r"the worker process died \(exit code 3\) 3 times under a job of learners/aver"):
        finish(league(PFSP, TWO, "strategy.algorithm.fault=exit"))


def test_an_error_in_a_worker_is_blamed_on_its_plugin_with_the_traceback_behind_it(league: Make) -> None:
    with pytest.raises(RunError) as error:
        finish(league(PFSP, TWO, "strategy.algorithm.fault=bug"))
    assert str(error.value).startswith("algorithm 'learners/averager' (plugin 'learners' of learners 0.1) failed in")
    assert "IndexError: list index out of range" in str(error.value)
    assert "in _fault" in str(error.value.__cause__)


def test_a_free_league_takes_what_is_done_and_writes_down_what_it_saw(league: Make, tmp_path: Path) -> None:
    """One learner waits for three jobs of the other, which by the logical clock would have to wait for it."""
    wait = ("strategy.algorithm.fault=wait", f"strategy.algorithm.marker={tmp_path / 'marker'}")
    free = finish(league(PFSP, TWO, *wait, "completions=free", "stop.iterations=5", where="free"))
    turns = [player.lineage for player in by_birth(free)]
    assert turns[:3] == ["learner_1"] * 3
    again = finish(league(PFSP, TWO, *wait, "completions=free", "stop.iterations=6", where="free"))
    assert [player.lineage for player in by_birth(again)][:5] == turns


def by_birth(manager: Manager) -> list[Any]:
    return sorted((p for _, p in manager.ledger.players() if p.born), key=lambda player: player.born)


def test_what_a_strategy_sees_depends_on_the_number_of_logical_workers_alone(league: Make, tmp_path: Path) -> None:
    one, two = (finish(league(PFSP, f"workers={count}", where=f"{count}")) for count in (1, 2))
    assert [player.lineage for player in by_birth(one)] == ["learner_0", "learner_1"] * 4
    assert by_birth(one)[0].snapshot == by_birth(two)[0].snapshot  # both met the founder
    assert one.ledger.digest() != two.ledger.digest()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("compute.pool=ray",), "pool: ray needs processes"),
        (("compute.pool=ray", TWO, "compute.backend=ray"), "backend: ray inside of pool: ray"),
        (("workers=0",), "workers"),
        (("compute.processes=-1",), "processes"),
        (("strategy.lineages=0",), "lineages"),
    ],
)
def test_what_cannot_be_is_a_sentence(league: Make, words: tuple[str, ...], said: str) -> None:
    with pytest.raises(UserError, match=said):
        league(PFSP, *words)
