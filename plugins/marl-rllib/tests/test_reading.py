"""What docs/training.md names under "Reading PPO" is all that runs when PPO trains, and no more than a dozen files."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from marl.blobs import Blobs
from marl.job import SELF, Job
from marl.registry import ALGORITHMS, Component, load_registry
from marl.services import RunServices

pytest.importorskip("marl_classic", reason="needs the plugin marl-classic, for Kuhn poker")

ROOT = Path(__file__).parents[3]
TRAINING = "marl/training/"
PLUGIN = "plugins/marl-rllib/marl_rllib/"


def named(table: str) -> list[str]:
    """The files in the first column of a table, from the root of the repository."""
    cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    names = [name for cell in cells for name in re.findall(r"`([^`]+)`", cell)]
    return [name if name.startswith("plugins/") else TRAINING + name for name in names]


@pytest.fixture(scope="module")
def page() -> tuple[list[str], list[str]]:
    """The files that are to be read, and those that are left out; a folder ends with "/"."""
    section = (ROOT / "docs/training.md").read_text().split("## Reading PPO")[1].split("\n## ")[0]
    read, left_out = section.split("| left out |")
    return named(read), named(left_out)


@pytest.fixture(scope="module")
def ran(tmp_path_factory: Any) -> set[str]:
    """The files of the engine and of the plugin whose functions are called in two updates of self-play."""
    services = RunServices(
        load_registry(),
        Component("classic/kuhn_poker", {}),
        Blobs(tmp_path_factory.mktemp("blobs")),
        lambda step, values: None,
        lambda text: None,
    )
    params = {"lanes": 8, "rows": 128, "minibatch": 64, "epochs": 2, "env_steps": 256}
    algorithm: Any = load_registry().make(ALGORITHMS, "rllib/ppo", params)
    job = Job("rllib/ppo", 0, ((), ((SELF, 1.0),)), seed=1)
    engine = algorithm.engine(job, services)
    engine.begin(job, services)
    called: set[str] = set()

    def look(frame: FrameType, event: str, _: Any) -> None:
        if event == "call":
            called.add(frame.f_code.co_filename)

    before = sys.getprofile()
    sys.setprofile(look)
    try:
        engine.update()
        engine.update()
    finally:
        sys.setprofile(before)
    files = {str(Path(name).resolve().relative_to(ROOT)) for name in called if Path(name).is_relative_to(ROOT)}
    return {name for name in files if name.startswith((TRAINING, PLUGIN))}


def test_reading_ppo_opens_a_dozen_files(page: Any) -> None:
    read, left_out = page
    assert len(set(read)) == len(read) <= 12
    assert all((ROOT / name).exists() for name in [*read, *left_out])


def test_nothing_else_runs_when_ppo_trains(page: Any, ran: set[str]) -> None:
    read, left_out = page
    assert sorted(name for name in ran if name not in read and not name.startswith(tuple(left_out))) == []


def test_all_of_it_runs_when_ppo_trains(page: Any, ran: set[str]) -> None:
    read, left_out = page
    assert set(read) - ran == {f"{PLUGIN}params.py"}
    assert all(any(name.startswith(one) for name in ran) for one in left_out)
