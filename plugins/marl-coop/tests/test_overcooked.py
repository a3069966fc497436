"""Overcooked: overcooked-ai's transitions, known answers, and what must hold in any kitchen."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from marl import rng
from marl_coop.overcooked.game import EAST, INTERACT, NORTH, SOUTH, STAY, WEST, Overcooked, OvercookedParams
from marl_coop.overcooked.kitchens import COUNTER, KITCHENS, POT, SERVING
from marl_coop.overcooked.rules import DISH, FULL, NOTHING, ONION, READY, SOUP

RECORDED = np.load(Path(__file__).with_name("recorded.npz"))
ONE = np.array([0])
ROOM = KITCHENS["cramped_room"]


def started(lanes: int = 1, **params: Any) -> Overcooked:
    env = Overcooked(lanes, OvercookedParams(**params))
    env.reset(np.arange(lanes), np.arange(lanes, dtype=np.uint64))
    return env


def checksums(env: Overcooked) -> list[int]:
    seen = env.observe(np.zeros(2, np.int64), np.arange(2))
    return [zlib.crc32(np.ascontiguousarray(row).tobytes()) for row in seen]


@pytest.mark.parametrize("automatic", [True, False], ids=["the paper's pots", "pots that somebody starts"])
@pytest.mark.parametrize("layout", KITCHENS)
def test_it_is_overcooked_ai_tick_by_tick(layout: str, automatic: bool) -> None:
    """By the same actions: what is paid, what is paid for shaping, and what both agents see, as layers."""
    said = {name: RECORDED[f"{layout}/{automatic}/{name}"] for name in ("actions", "paid", "shaped", "layers")}
    env = started(layout=layout, automatic=automatic)
    for tick, actions in enumerate(said["actions"].astype(np.int64)):
        step = env.step(ONE, [actions])
        assert step.rewards.sum() == said["paid"][tick], tick
        assert step.info["shaped"][0].tolist() == said["shaped"][tick].tolist(), tick
        assert checksums(env) == said["layers"][tick].tolist(), tick
    assert step.truncated.all() and step.done.all() and not step.terminated.any()
    assert said["shaped"].any()


@pytest.mark.parametrize("layout", KITCHENS)
def test_the_vector_is_overcooked_ais(layout: str) -> None:
    """But where two counters have the same: the older one is the nearer there, if both are as near."""
    said = {name: RECORDED[f"{layout}/True/{name}"][:200] for name in ("actions", "features")}
    env, compared = started(layout=layout, observation="features"), 0
    for tick, actions in enumerate(said["actions"].astype(np.int64)):
        env.step(ONE, [actions])
        things = env.content[0, (env.kitchen.place == COUNTER) & (env.content[0] > 0)].tolist()
        if len(things) == len(set(things)):
            assert checksums(env) == said["features"][tick].tolist(), tick
            compared += 1
    assert compared > 20


def test_two_cooks_serve_a_soup_in_35_ticks() -> None:
    """In the cramped room, step by step: the third onion is in the pot at tick 11, and cooks until tick 30."""
    first = [NORTH, WEST, INTERACT, STAY, STAY, EAST, NORTH, INTERACT, WEST, SOUTH, INTERACT, NORTH, EAST, NORTH]
    second = [EAST, INTERACT, WEST, NORTH, INTERACT, EAST, INTERACT, STAY, WEST, NORTH, INTERACT, EAST]
    first += [STAY] * (30 - len(first)) + [INTERACT, SOUTH, EAST, SOUTH, INTERACT]
    second += [STAY] * (35 - len(second))
    env = started()
    steps = [env.step(ONE, [np.array(both)]) for both in zip(first, second, strict=True)]
    assert [tick for tick, step in enumerate(steps, start=1) if step.rewards.any()] == [35]
    assert steps[-1].rewards.tolist() == [[10.0, 10.0]] and steps[-1].info["served"].tolist() == [[1, 0]]
    paid = {
        name: sum(step.info[name][0] for step in steps).tolist() for name in ("potted", "dishes", "soups", "shaped")
    }
    assert paid == {"potted": [1, 2], "dishes": [1, 0], "soups": [1, 0], "shaped": [11, 6]}


def test_soup_is_taken_no_tick_earlier() -> None:
    env = started(cook_time=3)
    pot, cook = env.kitchen.where(POT)[0], env.kitchen.starts[1] - 1  # in front of the pot
    env.cell[0, 0], env.held[0, 0], env.content[0, pot] = cook, ONION, FULL - 1
    held = []
    for _ in range(5):
        env.step(ONE, [np.array([INTERACT, STAY])])
        held.append(int(env.held[0, 0]))
        env.held[0, 0] = held[-1] or DISH
    assert held == [NOTHING, DISH, DISH, SOUP + FULL - 1, SOUP + FULL - 1]


def test_a_pot_that_is_started_by_hand_cooks_what_is_in_it_and_only_three_onions_pay() -> None:
    env = started(automatic=False, cook_time=1)
    pot = env.kitchen.where(POT)[0]
    for onions, worth in ((1, 0.0), (FULL, 10.0)):
        env.cell[0, 0], env.facing[0, 0], env.held[0, 0], env.content[0, pot] = (
            pot + env.kitchen.width,
            NORTH,
            0,
            onions,
        )
        env.step(ONE, [np.array([STAY, STAY])])
        assert env.content[0, pot] == onions
        env.step(ONE, [np.array([INTERACT, STAY])])
        assert env.content[0, pot] == READY + onions - 1
        env.held[0, 0] = DISH
        env.step(ONE, [np.array([INTERACT, STAY])])
        assert env.held[0, 0] == SOUP + onions - 1 and env.content[0, pot] == 0
        env.cell[0, 0], env.facing[0, 0] = env.kitchen.where(SERVING)[0] - env.kitchen.width, SOUTH
        assert env.step(ONE, [np.array([INTERACT, STAY])]).rewards[0].tolist() == [worth, worth]
        assert env.held[0, 0] == NOTHING


@pytest.mark.parametrize(
    ("cells", "actions", "then"),
    [
        pytest.param((6, 8), (EAST, WEST), (6, 8), id="both want one cell"),
        pytest.param((6, 7), (EAST, WEST), (6, 7), id="they would change places"),
        pytest.param((6, 7), (EAST, STAY), (6, 7), id="one stands there"),
        pytest.param((6, 7), (EAST, NORTH), (6, 7), id="one cannot leave"),
        pytest.param((6, 7), (EAST, EAST), (7, 8), id="one follows the other"),
        pytest.param((6, 7), (EAST, SOUTH), (7, 12), id="one makes way"),
    ],
)
def test_who_gets_where(cells: tuple[int, int], actions: tuple[int, int], then: tuple[int, int]) -> None:
    """In the cramped room: cells 6, 7 and 8 are the upper row of its floor."""
    env = started()
    env.cell[0] = cells
    env.step(ONE, [np.array(actions)])
    assert env.cell[0].tolist() == list(then)
    assert env.facing[0].tolist() == [action if action < STAY else NORTH for action in actions]


def test_one_clash_stops_everybody() -> None:
    """As in overcooked-ai: where two of three clash, the third does not move either, but turns."""
    env = started(layout="XPXOX\nX1 2X\nX   X\nX 3 X\nXDXSX")
    before = env.cell[0].tolist()
    env.step(ONE, [np.array([EAST, WEST, WEST])])
    assert env.cell[0].tolist() == before and env.facing[0].tolist() == [EAST, WEST, WEST]
    assert env.observe(np.zeros(3, np.int64), np.arange(3)).shape == (3, 27, 5, 5)


def test_the_number_of_an_agent_does_not_matter() -> None:
    """With the agents' starts exchanged, and their actions, all is exchanged, while no two interact at once."""
    lanes, swap = np.arange(40), [1, 0]
    one, two = (started(40, layout=text, steps=200) for text in (ROOM, ROOM.translate({49: 50, 50: 49})))
    for tick in range(200):
        actions = np.array([rng.integers(rng.mix(lanes, agent, tick), 6) for agent in range(2)]).T
        idle = tick % 2  # this agent does not interact now
        actions[:, idle] = np.where(actions[:, idle] == INTERACT, STAY, actions[:, idle])
        left = one.step(lanes, [actions.reshape(-1)])
        right = two.step(lanes, [actions[:, swap].reshape(-1)])
        np.testing.assert_array_equal(one.content, two.content)
        for name in ("cell", "facing", "held"):
            np.testing.assert_array_equal(getattr(one, name), getattr(two, name)[:, swap])
        np.testing.assert_array_equal(left.info["shaped"], right.info["shaped"][:, swap])
        seen, mirrored = (env.observe(np.repeat(lanes, 2), np.tile([0, 1], 40)) for env in (one, two))
        np.testing.assert_array_equal(seen.reshape(40, 2, -1), mirrored.reshape(40, 2, -1)[:, swap])
    assert one.content[:, one.kitchen.where(POT)].any()


@pytest.mark.parametrize(
    ("layout", "words"),
    [
        ("cramped_rom", "did you mean 'cramped_room'"),
        ("XPX\nX1X\nXDSO", "not equally long"),
        ("XPXX\nO1TX\nXDSX", "'T' is no cell"),
        ("XXXX\nO1 X\nXDSX", "it needs a pot, 'P'"),
        ("XPXX\nO  X\nXDSX", "there are none"),
        ("XPXX\nO13X\nXDSX", "there are 1, 3"),
        ("XPX \nO1 .\nXDSX".replace(".", "X"), "not equally long"),
        ("XP1X\nO  X\nXDSX", "must not reach the edge"),
    ],
)
def test_a_layout_that_is_none_is_a_sentence(layout: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        OvercookedParams(layout=layout)


def test_pictures_say_what_there_is() -> None:
    env = started()
    env.content[0, env.kitchen.where(POT)], env.held[0, 0] = 2, ONION
    frame = env.render(0)
    assert frame.text.splitlines()[1:] == [
        "X   X   P 2 X   X",
        "O           2^  O",
        "X   1^o         X",
        "X   D   X   S   X",
    ]
    assert frame.svg.count("<circle") > 10
