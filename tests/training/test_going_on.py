"""A training run that ended goes on: longer, with other hyper-parameters, or in a branch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from marl.cli.run import resume
from marl.errors import UserError
from marl.registry import RUNNERS, load_registry
from marl.scenario import load_scenario

for plugin in ("marl_rllib", "marl_classic"):
    pytest.importorskip(plugin, reason=f"needs the plugin {plugin}")

SMALL = """
kind: train
env: classic/kuhn_poker
env_steps: 1000
slice: 500
algorithm: {name: rllib/ppo, lanes: 16, rows: 128, minibatch: 64, epochs: 2, model: {hidden: [8]}}
evaluation: {matches: 20}
"""


def train(folder: Path, out: Path, *overrides: str) -> Path:
    (folder / "small.yaml").write_text(SMALL)
    registry = load_registry()
    loaded = load_scenario(folder / "small.yaml", list(overrides), registry)
    registry.load(registry.find(RUNNERS, "train"))(loaded, registry, out, False)
    return out


def slices(run: Path) -> list[Any]:
    found = json.loads((run / "progress.json").read_text())["slices"]
    return [(done["env_steps"], done["snapshot"], done["scores"]) for done in found]


def journal(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / "journal.jsonl").read_text().splitlines()]


def test_a_longer_run_is_the_one_that_was_that_long_from_the_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = train(tmp_path, tmp_path / "run")
    assert f"marl resume {run} env_steps=2000" in capsys.readouterr().out
    resume(run, ["env_steps=2000"], None)
    said = capsys.readouterr().out
    assert f"changed: env_steps 1000 -> 2000 (noted in {run}/journal.jsonl)" in said and "note:" not in said
    assert slices(run) == slices(train(tmp_path, tmp_path / "other", "env_steps=2000"))
    assert journal(run)[1]["at"] == {"env_steps": slices(run)[1][0], "slice": 2}


def test_schedules_that_are_stretched_are_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = train(tmp_path, tmp_path / "run", "algorithm.lr_end=0.0")
    resume(run, ["env_steps=1500"], None)
    assert (
        "schedules (lr) run over 1,500 env steps from now on; algorithm.horizon=1000 leaves" in capsys.readouterr().out
    )


def test_hyper_parameters_change_in_a_branch_and_the_run_stays(tmp_path: Path) -> None:
    run, new = train(tmp_path, tmp_path / "run"), tmp_path / "new"
    before = slices(run)
    resume(run, ["env_steps=1500", "algorithm.lr=0.01"], new)
    assert slices(run) == before == slices(new)[:2] and len(slices(new)) == 3
    assert [entry["event"] for entry in journal(new)] == ["began", "branched", "changed"]
    assert journal(new)[-1]["changes"] == {"env_steps": [1000, 1500], "algorithm.lr": [0.0003, 0.01]}
    rates = [json.loads(line).get("lr") for line in (new / "metrics.jsonl").read_text().splitlines()]
    assert {rate for rate in rates if rate is not None} == {0.0003, 0.01}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            "algorithm.model.hidden=[16]",
            r"algorithm\.model\.hidden cannot change, since its networks are there already",
        ),
        ("algorithm=rllib/a2c", "algorithm cannot change, since its checkpoints are of this algorithm"),
        ("env=classic/tic_tac_toe", "env cannot change, since what was learned"),
        ("algorithm.sharing=side", r"algorithm\.sharing cannot change"),
    ],
)
def test_what_belongs_to_the_networks_cannot_change(tmp_path: Path, change: str, expected: str) -> None:
    run = train(tmp_path, tmp_path / "run", "env_steps=500")
    with pytest.raises(UserError, match=expected):
        resume(run, [change], None)
    assert len(journal(run)) == 1


def test_a_run_goes_on_elsewhere_and_back_with_the_same_numbers(tmp_path: Path) -> None:
    """Three slices: in this process, in processes of Ray, in this process; two samplers throughout."""
    run = train(tmp_path, tmp_path / "run", "algorithm.samplers=2", "env_steps=500")
    resume(run, ["compute.backend=ray", "env_steps=1000"], None)
    resume(run, ["compute.backend=local", "env_steps=1500"], None)
    assert slices(run) == slices(train(tmp_path, tmp_path / "other", "algorithm.samplers=2", "env_steps=1500"))


@pytest.mark.parametrize(("key", "value"), [("backend", "ray"), ("learners", 2), ("gpus_per_learner", 1)])
def test_where_work_is_done_is_no_part_of_the_algorithm(tmp_path: Path, key: str, value: Any) -> None:
    with pytest.raises(UserError, match=f"algorithm.{key}: rllib/ppo has no key .*write `compute: {{{key}: ...}}`"):
        train(tmp_path, tmp_path / "run", f"algorithm.{key}={value}")


def test_a_run_that_is_over_leaves_no_session_of_ray(tmp_path: Path) -> None:
    """Whoever comes next in the same process starts one that knows the paths and variables of then."""
    import ray

    train(tmp_path, tmp_path / "run", "compute.backend=ray", "env_steps=500")
    assert not ray.is_initialized()
