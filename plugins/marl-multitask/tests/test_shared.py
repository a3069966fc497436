"""Networks with a front for each task: what is learned of one, what is shared, and what a new task starts from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("ray.rllib", reason="needs Ray's RLlib")
pytest.importorskip("marl_coop", reason="the games are marl-coop's")
pytest.importorskip("marl_classic", reason="the games are marl-classic's")
pytest.importorskip("marl_values", reason="the algorithm is marl-values's")

import torch

from marl.blobs import Blobs
from marl.cli.run import resume
from marl.errors import UserError
from marl.job import Job
from marl.registry import ALGORITHMS, ENVIRONMENTS, RUNNERS, load_registry
from marl.scenario import load_scenario
from marl.training.model import ModelConfig
from marl.training.networks import networks

TASKS = {
    "duo": {"name": "coop/stages", "rooms": 2, "size": 3, "steps": 12},
    "trio": {"name": "coop/stages", "rooms": 1, "size": 3, "agents": 3, "bait": 0.0, "steps": 8},
    "matrix": {"name": "classic/team_matrix", "game": "climbing"},
}
SMALL = {"front": [12], "back": [10, 9]}
MODEL = {"kind": "multitask/shared", "params": SMALL, "identity": True}
SCENARIO = f"""
kind: train
env: {{name: multitask/several, tasks: {json.dumps(TASKS)}}}
tasks: uniform
env_steps: 600
slice: 300
algorithm: {{name: values/qmix, lanes: 8, rows: 100, minibatch: 8, steps_per_episode: 0.5, model: {json.dumps(MODEL)}}}
evaluation: {{matches: 20, greedy: true}}
"""


class Services:
    def __init__(self, name: str, params: dict[str, Any]) -> None:
        self.make = lambda lanes: load_registry().make(ENVIRONMENTS, name, params, lanes=lanes)
        self.spec = self.make(1).spec

    def environment(self, lanes: int) -> Any:
        return self.make(lanes)

    def log(self, step: int, **values: float) -> None:
        pass

    warn = log


def run(text: str, out: Path, *overrides: str) -> Path:
    file = out.with_suffix(".yaml")
    file.write_text(text)
    registry = load_registry()
    loaded = load_scenario(file, list(overrides), registry)
    registry.load(registry.find(RUNNERS, loaded.kind))(loaded, registry, out, False)
    return out


def snapshot(out: Path, number: int = -1) -> Any:
    done = json.loads((out / "progress.json").read_text())["slices"][number]
    return Blobs(out / "blobs").get_snapshot(done["snapshot"])


def test_a_row_is_answered_by_the_front_of_its_view_and_by_the_back() -> None:
    spec = Services("multitask/several", {"tasks": TASKS}).spec
    network = networks(spec, ModelConfig(**MODEL))["agents"]
    env = Services("multitask/several", {"tasks": TASKS}).make(6)
    (rows,) = env.reset(np.arange(6), np.arange(6, dtype=np.uint64), np.arange(6) % 3)
    seen = {name: torch.from_numpy(leaf) for name, leaf in rows.observation.items()}
    shown = {"agent": torch.from_numpy(rows.agent), "observation": seen}
    view = rows.observation["view"]

    def learned() -> Any:
        return network(shown).inputs.detach().numpy()

    before = learned()
    for name, changed in (("fronts.trio", view == 1), ("back", view >= 0)):
        weights = [value for key, value in network.encoder.named_parameters() if key.startswith(name)]
        with torch.no_grad():
            for one in weights:
                one += 0.5
        after = learned()
        assert ((np.abs(after - before) > 1e-9).any(1) == changed).all()
        before = after
    for name in ("duo", "matrix"):  # what other tasks see is nothing to a row of this one
        seen[name] = seen[name] + (torch.from_numpy(view) == 1).float()[:, None]
    np.testing.assert_array_equal(learned()[view == 1], before[view == 1])


@pytest.mark.parametrize("name", ["values/qmix", "ctde/mappo"])
def test_a_run_goes_on_from_a_checkpoint_to_the_bit(name: str) -> None:
    """Teams of two and three and a game of one step, in one update; with a memory, too."""
    pytest.importorskip(f"marl_{name.split('/')[0]}", reason="the algorithm is another plugin's")
    services: Any = Services("multitask/several", {"tasks": TASKS})
    saved: dict[str, Any] = {}
    services.checkpoint = saved.get
    params = {
        "lanes": 6,
        "rows": 60,
        "minibatch": 8,
        "horizon": 300,
        "model": {**MODEL, "params": {**SMALL, "memory": 5}},
    }
    if name == "values/qmix":
        params |= {"steps_per_episode": 0.5, "capacity": 40}
    results = []
    for _ in range(2):
        algorithm: Any = load_registry().make(ALGORITHMS, name, params)
        if not results:
            saved["half"] = algorithm.train(Job(name, 0, ((),), 5, budget={"env_steps": 90}), services).checkpoint
        job = Job(name, 0, ((),), 6, budget={"env_steps": 90}, parent="half")
        results.append(algorithm.train(job, services).checkpoint)
    one, two = (result.arrays for result in results)
    assert set(one) == set(two) and all(one[key].tobytes() == two[key].tobytes() for key in one)
    assert any("fronts.trio" in key for key in one)


def test_a_new_task_starts_from_the_back_that_others_share(tmp_path: Path) -> None:
    out = run(SCENARIO, tmp_path / "several")
    events = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    assert {"task_return/duo", "task_return/trio", "task_return/matrix"} <= {key for event in events for key in event}
    frozen = ("algorithm.lr=1e-12", "env_steps=200", "slice=200", "tasks=null", "env={name: coop/stages, size: 5}")
    parts = (f"start_from={out}@2", "start_parts=[encoder.back]")
    there, here = snapshot(out), snapshot(run(SCENARIO, tmp_path / "new", *frozen, *parts))
    fresh = snapshot(run(SCENARIO, tmp_path / "fresh", *frozen))
    for key, array in here.arrays.items():
        same = there.arrays if "encoder.back" in key else fresh.arrays
        np.testing.assert_allclose(array, same[key], atol=1e-6)
    assert any("fronts.only" in key for key in here.arrays)
    assert any(not np.allclose(fresh.arrays[key], here.arrays[key], atol=1e-2) for key in here.arrays)
    with pytest.raises(UserError, match="start_parts cannot change"):
        resume(tmp_path / "new", ["start_parts=[policy_head]"], None)
    wrong = {
        "start_parts=[encoder.bakc]": r"has no part 'encoder.bakc': it has .*encoder.back",
        "start_parts=[encoder.fronts]": r"encoder.fronts.only.* of its network 'agents' is missing there",
        "algorithm.model.params.back=[10,8]": r"encoder.back.layers.1.* is \[9, 10\] there, and \[8, 10\] here",
        "start_from=null": "of whose networks\\? Name a player in `start_from`",
    }
    for number, (override, sentence) in enumerate(wrong.items()):
        with pytest.raises(UserError, match=sentence):
            run(SCENARIO, tmp_path / f"wrong{number}", *frozen, *parts, override)


def test_widths_are_looked_at() -> None:
    for params, sentence in (
        ({"back": []}, "back must be one width or more"),
        ({"memory": -1}, "memory must be 0 or more"),
    ):
        with pytest.raises(UserError, match=sentence):
            load_registry().make(ALGORITHMS, "values/qmix", {"model": {"kind": "multitask/shared", "params": params}})
