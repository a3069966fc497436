"""Players of any run are opponents, yardsticks, and what to start from; who was met stays as it was then."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from marl.blobs import Blobs
from marl.cli.run import resume
from marl.errors import UserError
from marl.registry import RUNNERS, load_registry
from marl.run.players import contestant, label, meaning, place
from marl.scenario import load_scenario

for plugin in ("marl_rllib", "marl_classic"):
    pytest.importorskip(plugin, reason=f"needs the plugin {plugin}")

SMALL = """
kind: train
env: classic/kuhn_poker
env_steps: 600
slice: 300
algorithm: {name: rllib/ppo, lanes: 16, rows: 128, minibatch: 64, epochs: 2, model: {hidden: [8]}}
evaluation: {matches: 20}
"""
LEAGUE = "kind: league\nenv: classic/kuhn_poker\nstop: {iterations: 2}\n"


def run(text: str, out: Path, *overrides: str) -> Path:
    file = out.with_suffix(".yaml")
    file.write_text(text)
    registry = load_registry()
    loaded = load_scenario(file, list(overrides), registry)
    registry.load(registry.find(RUNNERS, loaded.kind))(loaded, registry, out, False)
    return out


def progress(out: Path) -> Any:
    return json.loads((out / "progress.json").read_text())


def scores(out: Path) -> list[Any]:
    return [done["scores"] for done in progress(out)["slices"]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs: `learned`, a training run, and `league`."""
    pytest.importorskip("league", reason="needs the league")
    folder = tmp_path_factory.mktemp("players")
    run(SMALL, folder / "learned")
    run(LEAGUE, folder / "league")
    return folder


def test_players_of_runs_are_opponents_and_yardsticks(folder: Path, tmp_path: Path) -> None:
    opponents = f"opponents=[{folder}/learned@1, marl/first, {{name: {folder}/learned, greedy: true}}]"
    against = f"evaluation.against=['{folder}/learned greedy=true', {folder}/league, marl/random]"
    out = run(SMALL, tmp_path / "run", opponents, against)
    assert [list(one) for one in scores(out)] == [["learned greedy=true", "league", "marl/random"]] * 2
    kept = json.loads((out / "players.json").read_text())
    first = progress(folder / "learned")["slices"][0]["snapshot"]
    assert kept[f"{folder}/learned@1"]["mixtures"] == [[[first, 1.0]]]
    assert first in Blobs(out / "blobs")


def test_a_run_goes_on_without_the_runs_that_it_met(folder: Path, tmp_path: Path) -> None:
    there = Path(shutil.copytree(folder / "learned", tmp_path / "there"))
    overrides = (f"opponents=[{there}@1]", f"evaluation.against=[{there}]", f"start_from={there}@2")
    undisturbed = scores(run(SMALL, tmp_path / "long", *overrides, "env_steps=900"))
    out = run(SMALL, tmp_path / "run", *overrides)
    shutil.rmtree(there)
    resume(out, ["env_steps=900"], None)
    assert scores(out) == undisturbed and len(undisturbed) == 3


def test_a_run_starts_from_the_networks_of_another(folder: Path, tmp_path: Path) -> None:
    frozen = ("algorithm.lr=1e-12", "env_steps=200")
    out = run(SMALL, tmp_path / "run", f"start_from={folder}/learned@1", *frozen)
    (before,) = contestant(f"{folder}/learned@1", load_registry()).mixtures[0]
    after = Blobs(out / "blobs").get_snapshot(progress(out)["slices"][0]["snapshot"])
    cold = run(SMALL, tmp_path / "cold", *frozen)
    fresh = Blobs(cold / "blobs").get_snapshot(progress(cold)["slices"][0]["snapshot"])
    for name, array in before[0].arrays.items():
        np.testing.assert_allclose(after.arrays[name], array, atol=1e-6)
    assert any(not np.allclose(fresh.arrays[name], array, atol=1e-3) for name, array in before[0].arrays.items())
    (began,) = (json.loads(line) for line in (out / "journal.jsonl").read_text().splitlines())
    assert (began["event"], began["run"]) == ("began", f"{folder}/learned@1")
    with pytest.raises(UserError, match="start_from cannot change, since the run has started"):
        resume(out, [f"start_from={folder}/learned@2"], None)


@pytest.mark.parametrize(
    ("overrides", "sentence"),
    [
        (
            ["start_from=F/learned", "algorithm.model.hidden=[16]"],
            r"has another config: hidden is \[8\] there and \[16\]",
        ),
        (["start_from=F/learned", "env=classic/leduc_poker"], "its network 'players' has another observation"),
        (["start_from=F/learned", "algorithm.sharing=side"], "and not 'side0.players': is `sharing` another one"),
        (["start_from=F/league@player_0/1"], "it is a policy 'marl/tabular', and only networks"),
        (["opponents=[F/learned]", "env=classic/leduc_poker"], r"opponents\[0\]: .* learned classic/kuhn_poker"),
        (["opponents=[F/league@player_0/1]"], r"opponents\[0\]: .*player_0/1 did not learn to play side 1"),
        (["evaluation.against=[F/learned@9]"], r"evaluation.against\[0\]: .*learned has no player '9'"),
        (["opponents=[/gone/run]"], r"opponents\[0\]: there is no run, snapshot or bot '/gone/run'"),
        (["opponents=[marl/randm]"], r"command line: opponents\[0\]: .*did you mean 'marl/random'"),
    ],
)
def test_who_cannot_be_met_is_named_before_anything_is_written(
    folder: Path, tmp_path: Path, overrides: list[str], sentence: str
) -> None:
    with pytest.raises(UserError, match=sentence):
        run(SMALL, tmp_path / "run", *(one.replace("F/", f"{folder}/") for one in overrides))
    assert not (tmp_path / "run" / "scenario.yaml").exists()


def test_what_is_named_is_what_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for file in ("a/scenario.yaml", "odd@1/scenario.yaml", "bot/bot.yaml", "0f.safetensors", "bot.tgz"):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).touch()
    monkeypatch.chdir(tmp_path)
    named = {"a": "run", "a@player_0/3 greedy=true": "run", "odd@1": "run", "odd@1@2": "run", "bot": "bot"}
    named |= {"0f.safetensors": "snapshot", "bot.tgz": "bot", "person:ann": "person", "marl/random": "policy"}
    assert {text: meaning(text) for text in named} == named
    assert place("odd@1@2") == (Path("odd@1"), "2")
    assert label(f"{tmp_path}/a@player_0/3 greedy=true") == "a@player_0/3 greedy=true"
    with pytest.raises(UserError, match="takes part in tournaments only"):
        contestant("bot", load_registry())
