from __future__ import annotations

import gzip
import json

import numpy as np
import pytest

from marl.arena import Arena, Pairings, Replay, ReplayRecorder
from marl.errors import RunError, UserError


@pytest.fixture
def recorded(game, shape):
    sides = len(shape.sides)
    recorder = ReplayRecorder("test/jungle", {"agents": 2}, [1, 7, 99], lambda player: f"player {player}", frames=True)
    pairings = Pairings.repeat([[0, 1, 0][:sides]], 10, seed=4)
    results = Arena(shape.make(3)).play([game.Dice(), game.Counter()], pairings, [recorder])
    return results, recorder.finished


def test_chosen_matches_are_recorded_with_their_verdict(recorded):
    results, finished = recorded
    assert sorted(finished) == [1, 7]
    for match, replay in finished.items():
        assert replay.seed == results.seeds[match]
        assert replay.players[:2] == ["player 0", "player 1"][: len(replay.players)]
        assert replay.verdict["returns"] == results.agent_returns[match].tolist()
        assert replay.verdict["length"] == len(replay.ticks) == results.length[match]
        assert np.sum([tick["rewards"] for tick in replay.ticks], axis=0).tolist() == replay.verdict["returns"]
        assert replay.versions["marl"]


def test_a_replay_is_written_read_and_played_again(recorded, shape, tmp_path):
    replay = recorded[1][7]
    path = tmp_path / "7.json.gz"
    replay.write(path)
    again = Replay.read(path)
    assert again == replay
    frames = list(again.play(shape.make(2)))
    assert [list(frame) for frame in frames] == replay.frames
    assert len(frames) == len(replay.ticks) + 1
    assert [file.name for file in tmp_path.iterdir()] == ["7.json.gz"]
    replay.write(tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == path.read_bytes()


def test_other_rules_are_noticed(recorded, shape):
    replay = recorded[1][1]
    replay.ticks[-1]["rewards"][0] += 1.0
    with pytest.raises(UserError, match=r"does not match this environment at tick \d+: rewards are"):
        list(replay.play(shape.make(1)))
    replay.ticks[-1]["rewards"][0] -= 1.0
    replay.ticks[0]["actions"] = {}
    with pytest.raises(UserError, match=r"at tick 0: agents .* must act"):
        list(replay.play(shape.make(1)))
    replay.ticks.clear()
    with pytest.raises(UserError, match="the match goes on, but the replay ends"):
        list(replay.play(shape.make(1)))


@pytest.mark.parametrize("damage", ["cut", "text", "format", "lacks"])
def test_damaged_files_are_refused_in_a_sentence(tmp_path, damage):
    replay = Replay("test/jungle", {}, 1, ["a", "b"])
    path = tmp_path / "r.json.gz"
    replay.write(path)
    content = json.loads(gzip.decompress(path.read_bytes()))
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-20])
    elif damage == "text":
        path.write_bytes(b"hello")
    elif damage == "format":
        path.write_bytes(gzip.compress(json.dumps(content | {"format": 9}).encode()))
    else:
        del content["ticks"]
        path.write_bytes(gzip.compress(json.dumps(content).encode()))
    with pytest.raises(UserError, match=r"r\.json\.gz is (not a replay|damaged)"):
        Replay.read(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UserError, match="there is no replay"):
        Replay.read(tmp_path / "none")


def test_a_write_that_fails_leaves_nothing_behind(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(RunError, match=r"could not write .*No space"):
        Replay("test/jungle", {}, 1, ["a", "b"]).write(tmp_path / "r")
    assert list(tmp_path.iterdir()) == []
