"""What differs between a run and the scenario that should be it, in words."""

from __future__ import annotations

import pytest

from marl.scenario.compare import differences

THERE = """
kind: lab
name: run
env: {name: lab/table, players: 2}
player: lab/plain
seed: 0
crowd: [lab/plain, lab/search]
stop: {iterations: 5, gap: null}
"""


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("iterations: 5", "iterations: 6", "stop.iterations is 5 there and 6 here"),
        ("gap: null", "gap: 0.1", "stop.gap is null there and 0.1 here"),
        ("lab/table, players: 2", "lab/dice", "env is lab/table there and lab/dice here"),
        ("players: 2", "players: 3", "env.players is 2 there and 3 here"),
        ("player: lab/plain", "player: {name: lab/plain, depth: 1}", "player.depth is not set there and 1 here"),
        ("name: run", "name: other", "name is run there and other here"),
        ("[lab/plain, lab/search]", "[]", 'crowd is ["lab/plain", "lab/search"] there and [] here'),
        ("kind", "kind", "its scenario.yaml was edited"),
    ],
)
def test_the_key_that_differs_is_named_with_both_values(old: str, new: str, sentence: str) -> None:
    assert differences(THERE, THERE.replace(old, new)) == sentence


def test_three_keys_are_named_and_the_others_counted() -> None:
    here = "kind: lab\nname: other\nenv: lab/dice\nplayer: lab/plain\nseed: 1\ncrowd: []\nstop: {iterations: 6}\n"
    said = differences(THERE, here)
    assert said.startswith("name is run there and other here, env is") and "seed is 0 there and 1 here" in said
    assert said.endswith(", and 3 more keys differ")


def test_what_is_not_yaml_is_said() -> None:
    assert "not YAML" in differences("a: [", THERE)
    assert "was edited" in differences("", THERE)
