"""What algorithms log reaches metrics.jsonl and whoever shows it, with the speed that follows from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from league.services import LeagueServices
from marl.blobs import Blobs
from marl.metrics import Metrics, read
from marl.registry import Component, load_registry
from marl.services import RunServices, speeds


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


def test_a_league_hears_of_every_update(tmp_path: Path) -> None:
    metrics = Metrics(tmp_path / "metrics.jsonl")
    services = LeagueServices(load_registry(), Component("classic/kuhn_poker"), Blobs(tmp_path / "blobs"), metrics)
    heard: list[tuple[int, float]] = []
    services.tell = lambda: heard.append((services.steps, services.latest["kl"]))
    services.iteration = 4
    for step in (100, 250):
        services.log(step, env_steps=step, kl=0.5, sample_seconds=1, learn_seconds=1)
    assert heard == [(100, 0.5), (350, 0.5)]
    events = list(read(tmp_path / "metrics.jsonl"))
    assert [(event["step"], event["iteration"]) for event in events] == [(100, 4), (250, 4)]
    assert events[1]["env_steps_per_s"] > 0
