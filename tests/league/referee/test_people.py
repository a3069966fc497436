"""People at the terminal, policies of plugins, players of leagues."""

from __future__ import annotations

import numpy as np
import pytest

from league.referee import Verdict, from_snapshot, scripted
from league.referee.human import HumanPlayer
from marl.errors import UserError
from marl.registry import load_registry
from marl.snapshot import Snapshot
from marl.testing.games import kuhn, skirmish


def test_a_person_is_asked_until_the_answer_is_legal(bot, play):
    said, shown = iter(["", "bet", "2", "0", "1", "0", "0"]), []
    person = HumanPlayer("ann", ask=lambda prompt: shown.append(prompt) or next(said), show=shown.append)
    record = play([person, bot()])
    text = "\n".join(shown)
    assert "player_0, your move (0, 1): " in text
    assert "one number is needed" in text and "'bet' is not a number" in text and "2 is not legal" in text
    assert not any(record.reasons)
    assert shown[-1] == f"ann: {record.verdicts[0]}"


def test_a_person_moves_a_team(play):
    answers = iter(["0 0", "0.5 9", "0.5 -1"] + ["0 0", "0 0"] * 40)
    prompts = []
    person = HumanPlayer("ann", ask=lambda prompt: prompts.append(prompt) or next(answers), show=prompts.append)
    spec = skirmish(1).spec
    record = play([person, scripted(load_registry(), spec, "marl/random")], skirmish(1))
    assert not any(record.reasons)
    assert "red_tank, your move (2 numbers between -1 and 1): " in prompts
    assert any("not between -1 and 1" in text for text in prompts)


def test_policies_of_plugins(play):
    first = scripted(load_registry(), kuhn(1).spec, "first")
    assert first.name == "marl/first"
    record = play([first, scripted(load_registry(), kuhn(1).spec, "random")])
    assert record.players == ("marl/first", "marl/random")
    with pytest.raises(UserError, match="did you mean 'random'"):
        scripted(load_registry(), kuhn(1).spec, "randm")


def test_a_snapshot_plays_its_table(play, honest):
    spec = kuhn(1).spec
    nothing = {"keys": np.zeros(0, np.uint64), "probabilities": np.zeros((0, 2))}
    player = from_snapshot(load_registry(), spec, Snapshot("marl/tabular", nothing))
    record = play([player, honest()])
    assert not any(record.reasons) and {*record.verdicts} == {Verdict.WIN, Verdict.LOSS}


def test_a_player_of_a_league(tmp_path, play, honest):
    from league.ledger import Ledger
    from league.referee import from_league
    from league.view import Player
    from marl.blobs import Blobs

    spec = kuhn(1).spec
    snapshot = Snapshot("marl/tabular", {"keys": np.zeros(0, np.uint64), "probabilities": np.zeros((0, 2))})
    id = Blobs(tmp_path / "blobs").put_snapshot(snapshot)
    ledger = Ledger.at(tmp_path)
    ledger.add_player(Player("player_0/0", 0, id, 0))
    ledger.close()
    for name in ("player_0/0", id[:8]):
        player = from_league(load_registry(), spec, tmp_path, name)
        assert player.name == "player_0/0" and not play([player, honest()]).void
    with pytest.raises(UserError, match="did you mean 'player_0/0'"):
        from_league(load_registry(), spec, tmp_path, "player_0/1")
    with pytest.raises(UserError, match="holds no league"):
        from_league(load_registry(), spec, tmp_path / "nowhere", "x")


def test_a_policy_that_was_handed_in(tmp_path, play, honest):
    from league.referee import from_file
    from marl.blobs import Blobs
    from marl.errors import RunError

    spec, registry = kuhn(1).spec, load_registry()
    snapshot = Snapshot("marl/tabular", {"keys": np.zeros(0, np.uint64), "probabilities": np.zeros((0, 2))})
    path = tmp_path / f"{Blobs(tmp_path).put_snapshot(snapshot)}.safetensors"
    assert not play([from_file(registry, spec, path), honest()]).void
    with pytest.raises(UserError, match="never as pickles"):
        from_file(registry, spec, tmp_path / "policy.pt")
    with pytest.raises(UserError, match="one is missing"):
        from_file(registry, spec, tmp_path / "x.safetensors")
    path.write_bytes(b"\x80\x04K\x01.")  # a pickle under another name
    with pytest.raises(RunError, match="corrupt"):
        from_file(registry, spec, path)
