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
