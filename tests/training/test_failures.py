"""An environment that raises is reported with the match's seed, and a command that plays it again, alone."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from marl.arena import Failures, Mixtures, Sampler
from marl.arena.failure import EnvironmentFailed, explain, play_again
from marl.compute import Compute
from marl.env import EnvSpec
from marl.errors import RunError
from marl.job import Job
from marl.registry import POLICIES, load_registry

SOURCE = '''
from marl.env import EnvSpec, Group, first_error
from marl.registry import Descriptor, hookimpl
from marl.games import Match, OneByOne, Outcome, View
from marl.space import Box, Discrete

ALONE = EnvSpec(("one",), (Group("players", (0,), Box((1,)), Discrete(2)),), ((0,),), "turns", 30)


class Brittle(Match):
    """Breaks at the third tick of about one match in fifty, when 1 was played at the first."""

    def start(self):
        self.turn, self.brittle = 0, self.chance() < 0.04

    def views(self):
        return {0: View(self.observe(0))}

    def observe(self, agent):
        return [float(self.turn)]

    def play(self, actions):
        self.turn += 1
        if self.turn == 1:
            self.first = int(actions[0])
        if self.turn == 3 and self.brittle and self.first:
            raise KeyError("a bug")
        return Outcome({0: 1.0}, done=self.turn == 5)


class Together(OneByOne):
    """One simulator under all lanes: when it breaks, nobody knows in which."""

    def step(self, lanes, actions):
        with first_error():
            return super().step(lanes, actions)


def brittle(lanes):
    return OneByOne(ALONE, lanes, Brittle)


def together(lanes):
    return Together(ALONE, lanes, Brittle)


@hookimpl
def marl_environments():
    yield Descriptor("game", "brittle:brittle", "breaks now and then")
    yield Descriptor("together", "brittle:together", "breaks now and then, all lanes at once")
'''
JOB = Job("test/gradient", 0, ((),), seed=3)
SMALL = {"lanes": 8, "rows": 128, "minibatch": 64, "env_steps": 4096}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder on the path, also of new processes, with a plugin whose game breaks."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "brittle.py").write_text(SOURCE)
    info = folder / "brittle-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: brittle\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[marl]\nbrittle = brittle\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        patch.setenv("PYTHONPATH", str(folder), prepend=os.pathsep)
        yield folder
    sys.modules.pop("brittle", None)


@pytest.fixture(scope="module")
def ray_at_site(site: Path) -> Iterator[None]:
    """Ray, started once for the tests here, anew: only then do its processes know the folder."""
    ray = pytest.importorskip("ray", reason="needs Ray's RLlib")
    from marl.training.backends import ray_session

    ray.shutdown()
    with ray_session.held():
        yield
    ray.shutdown()


def random(spec: EnvSpec) -> Any:
    return load_registry().make(POLICIES, "marl/random", {}, spec=spec)


def test_the_log_holds_what_the_failing_match_played(site: Path) -> None:
    from brittle import ALONE, brittle, together

    sampler = Sampler(together(16), [random(ALONE)], Mixtures(np.ones((1, 1)), 1), [0])
    with pytest.raises(EnvironmentFailed, match=r"KeyError.*one of 16 matches") as caught:
        sampler.collect(100_000)
    alone = Sampler(brittle(16), [random(ALONE)], Mixtures(np.ones((1, 1)), 1), [0])
    with pytest.raises(EnvironmentFailed, match=r"raised KeyError: 'a bug' \(brittle.py, line \d+\)$") as known:
        alone.collect(100_000)
    guilty = []
    for match in caught.value.matches:
        try:
            play_again(brittle(1), match)
        except KeyError:
            guilty.append(match)
    assert len(guilty) == 1
    assert len(guilty[0]["actions"]) == 3 and guilty[0]["actions"][0] == [[1]]
    assert known.value.matches == guilty  # an environment of single matches knows which it was


@pytest.mark.usefixtures("ray_at_site")
@pytest.mark.parametrize("backend", ["local", "ray"])
def test_training_names_the_match(backend: str, gradient: Any, services: Any) -> None:
    from brittle import brittle

    host = services(brittle)
    algorithm = gradient(**SMALL)
    host.compute = Compute(backend)
    where = r"KeyError: 'a bug' \(brittle.py, line \d+\)\nin the match with environment seed \d+, at tick 3"
    advice = "where this is rare and cannot be mended, such matches can be void: `marl resume RUN failures.allowed=10`"
    with pytest.raises(RunError, match=f"{where}\n{advice}$"):
        algorithm.train(JOB, host)
    algorithm.engine(JOB, host).backend.close()


@pytest.mark.usefixtures("ray_at_site")
def test_failures_that_are_put_up_with_are_told_and_the_same_everywhere(gradient: Any, services: Any) -> None:
    from brittle import brittle

    outcomes = []
    for backend in ("local", "ray"):
        host, algorithm = services(brittle), gradient(**SMALL)
        host.compute = Compute(backend)
        host.failures = Failures(100)
        trained = algorithm.train(JOB, host)
        algorithm.engine(JOB, host).backend.close()
        void = sum(values.get("void", 0) for _, values in host.logged)
        assert void == len(host.warnings) > 3
        first, *rest = host.warnings[0].split("\n")
        assert first.startswith("1 match is void, and played again with other seeds: ") and "KeyError" in first
        assert rest[0].startswith("in the match with environment seed ")
        outcomes.append((trained.snapshot.id, host.warnings, void))
    assert outcomes[0] == outcomes[1]


def test_an_environment_that_breaks_as_a_whole_is_made_anew(gradient: Any, services: Any, site: Path) -> None:
    pytest.importorskip("ray.rllib", reason="needs Ray's RLlib")
    from brittle import together

    made: list[int] = []
    host, algorithm = services(lambda lanes: made.append(lanes) or together(lanes)), gradient(**SMALL)
    host.failures = Failures(100)
    algorithm.train(JOB, host)
    assert made.count(8) == 1 + len(host.warnings)
    assert all(warning.startswith("8 matches are void") and "KeyError" in warning for warning in host.warnings)


def test_the_command_raises_what_the_environment_raised(site: Path) -> None:
    from brittle import ALONE, brittle

    with pytest.raises(EnvironmentFailed) as caught:
        Sampler(brittle(4), [random(ALONE)], Mixtures(np.ones((1, 1)), 1), [0]).collect(100_000)
    told = str(explain(caught.value, brittle, {"name": "brittle/game", "params": {}}))
    command = re.search(r"python (-m marl.arena \S+)$", told)
    assert command
    done = subprocess.run([sys.executable, *command[1].split()], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and done.stderr.endswith("KeyError: 'a bug'\n")
    Path(command[1].split()[-1]).unlink()
