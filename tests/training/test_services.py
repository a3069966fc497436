"""What algorithms log reaches metrics.jsonl and whoever shows it, with the speed that follows from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from league.items.item import JobItem, Logged
from league.items.log import TrainingLog
from league.services import LeagueServices
from marl.blobs import Blobs
from marl.job import Job
from marl.metrics import Metrics, read
from marl.registry import Component, load_registry
from marl.services import RunServices, speeds
from marl.training.making import lender


def test_speed_and_shares_follow_from_the_seconds_of_an_update() -> None:
    found = speeds({"env_steps": 1000.0, "sample_seconds": 0.5, "learn_seconds": 1.5}, 4.0)
    assert (found["env_steps_per_s"], found["sampler_share"], found["learner_share"]) == (250.0, 0.125, 0.375)
    assert speeds({"loss": 1.0}, 1.0) == {"loss": 1.0}  # an exact oracle says nothing about time


def test_speed_counts_what_is_waited_for_between_updates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("marl.services.time.perf_counter", lambda: now[0])
    heard: list[dict[str, float]] = []
    services = RunServices(
        load_registry(), Component("classic/kuhn_poker"), Blobs(tmp_path), lambda step, values: heard.append(values)
    )
    for seconds in (2.0, 10.0):  # before the second, something was saved and measured
        now[0] += seconds
        services.log(0, env_steps=100, sample_seconds=1, learn_seconds=1)
    assert [values["env_steps_per_s"] for values in heard] == [50.0, 10.0]


def test_a_league_hears_of_every_update_and_knows_whose_it_is(tmp_path: Path) -> None:
    """Two jobs that go on at once have services of their own, of one lender."""
    log = TrainingLog(Metrics(tmp_path / "metrics.jsonl"))
    lent = LeagueServices(load_registry(), Component("classic/kuhn_poker"), Blobs(tmp_path / "blobs"))
    heard: list[tuple[int, float]] = []
    log.tell = lambda: heard.append((log.steps, log.newest.latest["kl"]))
    jobs = [Job("test", side, ((), ()), 0) for side in range(2)]
    items = [JobItem(side, 1, 4, job, f"player_{side}", keeps=True) for side, job in enumerate(jobs)]
    both = [
        lent.telling(lambda step, values, item=item: log.heard(item, Logged(step, values)), print) for item in items
    ]
    for step in (100, 250):
        for services in both:
            services.log(step, env_steps=step, kl=step / 200, sample_seconds=1, learn_seconds=1)
    assert heard == [(100, 0.5), (200, 0.5), (450, 1.25), (700, 1.25)]
    events = list(read(tmp_path / "metrics.jsonl"))
    known = [(event["step"], event["iteration"], event["side"], event["job"]) for event in events]
    assert known == [(step, 4, f"player_{side}", jobs[side].id) for step in (100, 250) for side in (0, 1)]
    assert events[1]["env_steps_per_s"] > 0
    assert lender(both[0]) is lender(both[1]) is not lender(LeagueServices(lent.registry, lent.env, lent.blobs))
    log.again(items[0])
    assert log.steps == 350
    assert {event["side"] for event in read(tmp_path / "metrics.jsonl")} == {"player_1"}
