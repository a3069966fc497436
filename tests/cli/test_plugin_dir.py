"""A plugin that is a single file does its work in worker processes and in Ray's workers too."""

from __future__ import annotations

import tempfile

import pytest

SOURCE = """
import os
from league.oracles.best_response import BestResponse
from marl.registry import Descriptor, hookimpl

MARL_API = ">=2,<3"

class Mine(BestResponse):
    def train(self, job, services):
        with open(os.environ["WHO"], "a") as file:
            print(os.getpid(), file=file)
        return super().train(job, services)

@hookimpl
def marl_algorithms():
    return [Descriptor("br", "single:Mine", "exact best responses")]
"""
SCENARIO = """
kind: league
env: classic/kuhn_poker
strategy: {name: league/psro, oracle: single/br}
stop: {iterations: 1}
workers: 2
compute: {processes: 2}
"""


@pytest.mark.slow
@pytest.mark.parametrize("pool", ["local", "ray"])
def test_a_single_file_works_in_workers(pool, marl, tmp_path):
    pytest.importorskip("marl_classic")
    if pool == "ray":
        pytest.importorskip("ray")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "single.py").write_text(SOURCE)
    (tmp_path / "work" / "it.yaml").write_text(SCENARIO)
    words = ["--plugin-dir", str(tmp_path / "mine"), "run", "it.yaml", f"compute.pool={pool}"]
    done = marl(*words, WHO=str(tmp_path / "who"), TMPDIR=tempfile.gettempdir())  # Ray's sockets need a short path
    assert done.returncode == 0, done.stderr
    assert len(set((tmp_path / "who").read_text().split())) == 2, "two processes, neither of them this one"
