"""Datasets: what is read is what was played, whatever interrupted the writing, and damage is told in a sentence."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marl import tree
from marl.arena import Arena, Record, ReplayRecorder, Sampler
from marl.datasets import Dataset, recording, replays
from marl.datasets.header import Header, spec_of
from marl.errors import RunError, UserError
from marl.policies.random import Random
from marl.testing.games import corridor, kuhn, skirmish

GAMES = {"skirmish": skirmish, "kuhn": kuhn, "corridor": corridor}
PLAYERS = [{"name": name, "policy": "marl/random", "snapshot": ""} for name in ("one", "other")]


def plan(game: str, each: int = 20, seed: int = 5) -> tuple[Header, recording.Cast, Any]:
    """Random play: in every other match a second such player has the last side."""
    spec = GAMES[game](1).spec
    lineups = np.zeros((2, len(spec.sides), 2))
    lineups[:, :, 0] = 1.0
    lineups[1, -1] = (0.0, 1.0)
    cast = recording.Cast([Random(spec), Random(spec)], lineups)
    header = Header(f"test/{game}", {}, spec_of(spec), PLAYERS, lineups.tolist(), seed, each)
    return header, cast, GAMES[game]


def written(root: Path, game: str, matches: int, **more: Any) -> Dataset:
    header, cast, make = plan(game, **more)
    for _ in recording.record(root, recording.begun(root, header), cast, make, matches):
        pass
    return Dataset(root)


@pytest.fixture(scope="module", params=list(GAMES))
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Dataset, Any]:
    """A dataset of 50 matches in three parts, and the windows of the same matches as a sampler records them."""
    header, cast, make = plan(request.param)
    dataset = written(tmp_path_factory.mktemp("data"), request.param, 50)
    environment = make(7)
    spec = environment.spec
    wanted = Record(earned=True, before=bool(spec.info), whole=True, state=spec.state is not None)
    sampler = Sampler(environment, cast.policies, cast.pairings(header.seed, 0, 50), [0, 1], record=wanted)
    return dataset, sampler.collect(10**9)


def keyed(window: Any) -> dict[tuple[int, int, int], int]:
    """Where each row is, by match, agent and tick."""
    columns = (window.match.tolist(), window.agent.tolist(), window.tick.tolist())
    return {key: row for row, key in enumerate(zip(*columns, strict=True))}


def same(one: Any, other: Any) -> bool:
    pairs = zip(tree.leaves(one), tree.leaves(other), strict=True)
    return all(a[0] == b[0] and a[1].dtype == b[1].dtype and np.array_equal(a[1], b[1]) for a, b in pairs)


def test_rows_are_those_that_were_played(pair: Any) -> None:
    dataset, played = pair
    assert len(dataset) == 50 and len(dataset.parts) == 3
    for window, then in zip(dataset.windows(np.arange(50)), played, strict=True):
        assert len(window) == len(then)
        index = keyed(then)
        rows = np.array([index[key] for key in keyed(window)])
        for name in ("player", "action", "logp", "reward", "terminated", "truncated", "first", "mask", "earned"):
            mine, theirs = getattr(window, name), getattr(then, name)
            assert (mine is None) == (theirs is None) and (mine is None or np.array_equal(mine, theirs[rows])), name
        assert same(window.observation, tree.take(then.observation, rows))
        assert same(window.next_observation(), tree.take(then.next_observation(), rows))
        assert same(window.info, tree.take(then.info, rows)) and same(window.before, tree.take(then.before, rows))
        assert (np.diff(window.clock) >= 0).all()


def test_teams_did_together_what_they_did(pair: Any) -> None:
    dataset, played = pair
    side = dataset.header.spec["sides"][0]
    for window, then in zip(dataset.windows(np.arange(50)), played, strict=True):
        mine = [agent for agent in side if agent in dataset.header.spec["groups"][window.group]["agents"]]
        if mine:
            one, other = window.joint(0, mine), then.joint(0, mine)
            known = [{key: value for key, value in vars(each).items() if value is not None} for each in (one, other)]
            assert set(known[0]) == set(known[1]) and same(*known)


@settings(max_examples=20, deadline=None)
@given(numbers=st.lists(st.integers(0, 49), min_size=1, max_size=20, unique=True))
def test_any_matches_can_be_read_in_any_order(pair: Any, numbers: list[int]) -> None:
    dataset, _ = pair
    whole = dataset.windows(np.arange(50))
    for window, everything in zip(dataset.windows(numbers), whole, strict=True):
        index = keyed(everything)
        assert sorted(keyed(window)) == sorted(key for key in index if key[0] in numbers)
        rows = np.array([index[key] for key in keyed(window)], dtype=np.int64)
        assert [numbers[lane] for lane in window.lane.tolist()] == window.match.tolist()
        assert same(window.next_observation(), tree.take(everything.next_observation(), rows))
        assert np.array_equal(window.reward, everything.reward[rows])


def test_an_agent_has_a_log_of_its_own(pair: Any) -> None:
    dataset, _ = pair
    for number, name in enumerate(dataset.agents):
        log = dataset.agent(name).log(np.arange(50))
        inside = log.match[1:] == log.match[:-1]
        here = np.flatnonzero(inside)
        assert same(tree.take(log.observation, here + 1), tree.take(log.next_observation, here))
        assert ((log.terminated | log.truncated)[:-1] == ~inside).all()
        one = list(dataset.agent(number))[3]
        assert np.array_equal(one.reward, log.reward[log.match == 3]) and set(one.match.tolist()) <= {3}
    returns = sum(dataset.agent(name).log(np.arange(50)).reward.sum() for name in dataset.agents)
    assert returns == pytest.approx(dataset.each("returns").sum())  # in these games nobody earns before a first turn
    with pytest.raises(UserError, match="has no agent 'nobody'"):
        dataset.agent("nobody")


def test_a_recording_goes_on_to_the_bit_whatever_interrupted_it(tmp_path: Path) -> None:
    header, cast, make = plan("skirmish")
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    written(whole, "skirmish", 50)
    steps = recording.record(broken, recording.begun(broken, header), cast, make, 50)
    next(steps)
    steps.close()
    (broken / "part-000001.safetensors").write_bytes(b"half of it")  # written, and not yet in the header
    (broken / ".part-000001.safetensors.7").write_bytes(b"less")
    written(broken, "skirmish", 50)
    files = sorted(path.name for path in whole.iterdir())
    assert sorted(path.name for path in broken.iterdir()) == files
    assert all((whole / name).read_bytes() == (broken / name).read_bytes() for name in files)
    assert len(written(broken, "skirmish", 30)) == 50  # fewer than there are: nothing is done
    longer = written(broken, "skirmish", 55)
    assert len(longer) == 55 and longer.id != Dataset(whole).id
    with pytest.raises(UserError, match="with other seed: 5 there, 6 here"):
        written(whole, "skirmish", 55, seed=6)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "letter.txt").write_text("dear")
    with pytest.raises(UserError, match="belong to no dataset"):
        written(tmp_path / "other", "kuhn", 1)


def damaged(root: Path, what: str) -> None:
    part, head = root / "part-000000.safetensors", root / "dataset.json"
    content = part.read_bytes()
    if what == "cut":
        part.write_bytes(content[:-100])
    elif what == "flipped":
        part.write_bytes(content[:-100] + bytes([content[-100] ^ 1]) + content[-99:])
    elif what == "empty":
        part.write_bytes(b"")
    elif what == "missing":
        part.unlink()
    elif what == "header":
        head.write_bytes(head.read_bytes()[:-30])
    elif what == "lacks":
        head.write_text(json.dumps({k: v for k, v in json.loads(head.read_text()).items() if k != "parts"}))
    else:
        head.write_text(head.read_text().replace('"format": 1', '"format": 2'))


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("cut", "part-000000.safetensors is damaged: it has [0-9,]+ bytes, and was written with"),
        ("flipped", "part-000000.safetensors is damaged: its content is not what was written"),
        ("empty", "part-000000.safetensors is damaged: it cannot be read"),
        ("missing", "part-000000.safetensors is damaged: it is missing"),
        ("header", "dataset.json is damaged"),
        ("lacks", "dataset.json is damaged: it lacks parts"),
        ("format", "is of format 2, and this version of marl reads format 1"),
    ],
)
def test_damage_is_told_in_a_sentence(tmp_path: Path, what: str, said: str) -> None:
    written(tmp_path, "kuhn", 50)
    damaged(tmp_path, what)
    with pytest.raises((RunError, UserError), match=said):
        Dataset(tmp_path).windows([0])
    if what in ("cut", "flipped", "empty", "missing"):  # the rest can be read, and is not lost
        assert len(Dataset(tmp_path).windows([26])[0]) > 0
        with pytest.raises(RunError, match=said):
            Dataset(tmp_path).check()
        header = Header.read(tmp_path)
        replace(header, parts=[]).write(tmp_path)  # what the sentence advises
        assert Header.read(tmp_path).matches == 0


def test_no_dataset_is_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no dataset in"):
        Dataset(tmp_path / "nothing")
    dataset = written(tmp_path / "kuhn", "kuhn", 3)
    dataset.fits(kuhn(1).spec)
    with pytest.raises(UserError, match="is of test/kuhn, whose agents are"):
        dataset.fits(skirmish(1).spec, "test/skirmish")


def test_memory_holds_what_was_asked_for(tmp_path: Path) -> None:
    header = written(tmp_path, "skirmish", 20).header
    (info,) = header.parts
    for number in range(1, 100):
        shutil.copy(tmp_path / info.file, tmp_path / f"{number}.safetensors")
        header = header.with_part(replace(info, file=f"{number}.safetensors"))
    header.write(tmp_path)
    dataset, most = Dataset(tmp_path), 0
    tracemalloc.start()
    for first in range(0, 2000, 50):
        dataset.windows(np.arange(first, first + 10))
        most = max(most, tracemalloc.get_traced_memory()[1])
        tracemalloc.reset_peak()
    tracemalloc.stop()
    assert most < 100 * info.bytes / 8


def test_only_so_many_files_are_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("marl.datasets.dataset._OPEN", 2)
    dataset = written(tmp_path, "kuhn", 200, each=20)
    windows = dataset.windows(np.arange(200))
    assert sum("_content" in vars(part) for part in dataset.parts) <= 2
    assert same(windows[0].observation, dataset.windows(np.arange(200))[0].observation)


def test_replays_become_a_dataset(tmp_path: Path) -> None:
    _, cast, make = plan("skirmish")
    recorder = ReplayRecorder("test/skirmish", {}, range(9), lambda player: f"player {player}")
    Arena(make(4)).play(cast.policies, cast.pairings(5, 0, 9), [recorder])
    paths = []
    for number, replay in recorder.finished.items():
        replay.write(tmp_path / f"{number}.json.gz")
        paths.append(tmp_path / f"{number}.json.gz")
    read = replays.read(sorted(paths))
    about = replays.header(read, make(1).spec, 4, {})
    for _ in replays.record(tmp_path / "data", recording.begun(tmp_path / "data", about), read, make):
        pass
    from_replays, direct = Dataset(tmp_path / "data"), written(tmp_path / "direct", "skirmish", 9)
    assert [player["name"] for player in from_replays.header.players] == ["player 0", "player 1"]
    for one, other in zip(from_replays.windows(np.arange(9)), direct.windows(np.arange(9)), strict=True):
        assert same(one.observation, other.observation) and np.array_equal(one.reward, other.reward)
        assert np.isnan(one.logp).all() and same(one.ticks.state, other.ticks.state)
    read[3].ticks[0]["rewards"][0] += 1.0
    with pytest.raises(UserError, match="at tick 0: rewards are"):
        list(replays.record(tmp_path / "wrong", recording.begun(tmp_path / "wrong", about), read, make))
    read[3].verdict["broken_off"] = "time"
    read[3].write(paths[3])
    with pytest.raises(UserError, match="broken off"):
        replays.read(paths)


def test_the_command_goes_on_after_a_kill(tmp_path: Path, marl: Any) -> None:
    pytest.importorskip("marl_classic", reason="needs the plugin marl-classic")
    command = ["record", "marl/random", "marl/first", "--env", "classic/connect_four", "--matches", "1000"]
    assert marl(*command, "--out", tmp_path / "whole").returncode == 0
    program = [sys.executable, "-m", "marl", *command, "--out", str(tmp_path / "killed")]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as killed:
        assert killed.stdout is not None and "own turns" in killed.stdout.readline()
        killed.kill()
    assert marl(*command, "--out", tmp_path / "killed").returncode == 0
    shown = [json.loads(marl("dataset", tmp_path / name, "--json").stdout) for name in ("whole", "killed")]
    assert shown[0] == shown[1] and shown[0]["matches"] == 1000
    wrong = marl(*command, "--seed", 1, "--out", tmp_path / "whole")
    assert wrong.returncode == 2 and "with other seed" in wrong.stderr
    wrong = marl("record", "marl/random", "--against", "marl/first", "--env", "gymnasium/none", "--out", tmp_path / "x")
    assert wrong.returncode == 2 and not (tmp_path / "x").exists()
