"""The world of foragers: its rules by hand, its account of lives against a plain one, and its edges."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from marl.arena import Arena, Mixtures, Pairings, Sampler
from marl.errors import UserError
from marl.policies.random import Random
from marl.registry import POLICIES, load_registry
from marl_manyagent.foraging_world import measures, rules
from marl_manyagent.foraging_world.births import Births
from marl_manyagent.foraging_world.foraging_world import ForagingWorld
from marl_manyagent.foraging_world.params import ForagingParams
from marl_manyagent.foraging_world.rules import FULL, MELEE, SHOOT, STAY, STRIKE, Grid, Herd, occupied
from marl_manyagent.foraging_world.sight import Sight
from marl_manyagent.foraging_world.terrain import FIELD, FOREST, STONE, WATER

GRID = Grid(9, 3)
KEYS = np.array([7], dtype=np.uint64)
EAST, SOUTH, WEST = 1, 2, 3
LANE, SEED = np.array([0]), np.array([5], dtype=np.uint64)
ALIKE, BEFORE = np.zeros(4, dtype=np.int64), 50  # one population; an age at which one can be hit


def herd(*agents: Mapping[str, Any]) -> Herd:
    """One match of grown-up agents who lack nothing, each with what is said of it."""
    columns = {"x": 4, "y": 4, "health": FULL, "food": 20, "water": 20, "age": BEFORE, "last": -1, "struck": 0}
    arrays = {name: np.array([[one.get(name, value) for one in agents]]) for name, value in columns.items()}
    kinds = {name: np.array([[one.get(name, [0, 0]) for one in agents]]) for name in ("skill", "gathered")}
    return Herd(**arrays, **kinds)


def codes(*cells: tuple[int, int, int]) -> Any:
    """Grass, but for these cells: x, y and a code."""
    result = np.zeros((1, GRID.width, GRID.width), dtype=np.uint8)
    for x, y, code in cells:
        result[0, y + GRID.border, x + GRID.border] = code
    return result.reshape(-1)


def at(one: Herd) -> list[tuple[int, int]]:
    return list(zip(one.x[0].tolist(), one.y[0].tolist(), strict=True))


def world(lanes: int = 1, **params: Any) -> ForagingWorld:
    return ForagingWorld(lanes, ForagingParams(**{"places": 12, "size": 10, "max_length": 20, **params}))


# -- rules


def test_strikes_hit_the_nearest_and_shots_go_further() -> None:
    three = herd({}, {"x": 5}, {"x": 7})
    kills = rules.strike(three, np.array([[MELEE, STAY, SHOOT]]), GRID, occupied(three, GRID), ALIKE)
    assert three.health.tolist() == [[FULL, FULL - STRIKE - rules.SHOT, FULL]] and not kills.any()
    assert three.struck.tolist() == [[0, STRIKE + rules.SHOT, 0]]
    apart = herd({}, {"x": 6})
    rules.strike(apart, np.array([[MELEE, SHOOT]]), GRID, occupied(apart, GRID), ALIKE)
    assert apart.health.tolist() == [[FULL - rules.SHOT, FULL]], "nobody strikes two cells away"


def test_those_who_kill_together_share_what_there_was() -> None:
    three = herd({"x": 3}, {"x": 5}, {"health": 2 * STRIKE})
    kills = rules.strike(three, np.array([[MELEE, MELEE, STAY]]), GRID, occupied(three, GRID), ALIKE)
    assert kills.tolist() == [[1, 1, 0]] and not three.alive[0, 2]
    assert three.food.tolist() == [[20 + rules.SPOILS // 2] * 2 + [20]]


def test_the_newborn_and_the_own_population_are_not_hit() -> None:
    both = herd({}, {"x": 5, "age": rules.IMMUNE - 1})
    rules.strike(both, np.array([[MELEE, STAY]]), GRID, occupied(both, GRID), ALIKE)
    assert both.health[0, 1] == FULL
    three = herd({}, {"x": 5}, {"x": 6})
    rules.strike(three, np.array([[SHOOT, STAY, STAY]]), GRID, occupied(three, GRID), np.array([0, 0, 1]))
    assert three.health.tolist() == [[FULL, FULL, FULL - rules.SHOT]]


def test_one_of_those_who_go_to_a_cell_gets_there_and_nobody_walks_into_water_or_others() -> None:
    came = set()
    for key in range(20):
        both = herd({"x": 3}, {"x": 5})
        stands = occupied(both, GRID)
        rules.move(both, np.array([[EAST, WEST]]), GRID, stands, codes(), np.array([key], dtype=np.uint64))
        came.add(tuple(at(both)))
        assert (stands == occupied(both, GRID)).all()
    assert came == {((4, 4), (5, 4)), ((3, 4), (4, 4))}
    four = herd({"x": 0}, {"x": 1}, {"x": 4}, {"x": 6})
    ground = codes((0, 5, WATER), (5, 4, STONE))
    rules.move(four, np.array([[SOUTH, WEST, EAST, SOUTH]]), GRID, occupied(four, GRID), ground, KEYS)
    assert at(four) == [(0, 4), (1, 4), (4, 4), (6, 5)]


def test_practice_makes_meals_larger_and_is_unlearned() -> None:
    hungry = {"food": 5, "water": 5}
    three = herd({**hungry, "skill": [10, 4]}, {**hungry, "x": 6}, {"x": 8, "food": 25, "water": 5})
    ground = codes((4, 4, FOREST + 1), (6, 4, FIELD + 1), (8, 4, FIELD + 1), (6, 5, WATER))
    lane, who, cell, kind = rules.forage(three, GRID, ground)
    assert (who.tolist(), kind.tolist()) == ([0, 1], [0, 1]), "who is not hungry leaves it"
    assert three.food.tolist() == [[25, 15, 25]] and three.water.tolist() == [[5, 5 + rules.DRINK, 5]]
    assert three.skill.tolist() == [[[10, 3], [0, 1], [0, 0]]]
    assert three.gathered.tolist() == [[[1, 0], [0, 1], [0, 0]]]
    assert GRID.place(cell)[0].tolist() == [4, 6] and not lane.any()
    assert not len(rules.forage(herd(hungry), GRID, codes((4, 4, FOREST)))[0]), "it is not ripe"


def test_who_lacks_both_starves_twice_as_fast_and_who_lacks_nothing_heals() -> None:
    four = herd({"food": 1, "water": 1}, {"food": 0}, {"health": 20, "food": 40}, {"health": 2, "food": 1, "water": 0})
    rules.live(four)
    assert four.health.tolist() == [[FULL - 4, FULL - 2, 21, 0]]
    assert four.food[0].tolist() == [0, 0, FULL - 1, 0] and four.age[0].tolist() == [51] * 4


def test_children_are_of_their_parents_population_and_cost_them_food() -> None:
    params = ForagingParams(places=4, size=9, populations=2, fertility=1.0)
    births = Births(params, GRID, np.array([0, 0, 1, 1]))
    fed = {"food": 28, "water": 28}
    four = herd({"health": 0}, {"x": 2, "food": 5}, {**fed, "x": 6}, {"health": 0})
    region = np.array([[0, 1, 2, 3]])
    born, parents = births.children(four, region, occupied(four, GRID), codes(), KEYS)
    births.pay(four, parents)
    lane, who, x, y, line = (part.tolist() for part in born)
    assert (lane, who, line) == ([0], [3], [2]) and abs(x[0] - 6) + abs(y[0] - 4) == 1
    assert four.food.tolist() == [[20, 5, 28 - rules.CHILD, 20]]


# -- lives


def plain(game: ForagingWorld, ticks: int, dice: Any) -> tuple[dict[str, float], int]:
    """Random play, and what is known of lives from their rows alone; and how many rows there were."""
    (rows,), size = game.reset(LANE, SEED), game.params.size - 1
    lives: list[dict[str, Any]] = []
    now: dict[int, dict[str, Any]] = {}

    def look(part: Any) -> None:
        for agent, seen in zip(part.agent.tolist(), part.observation["self"], strict=True):
            here = tuple(np.round(seen[6:8] * size).astype(int).tolist())
            one = now[agent]
            one["cells"].add(here)
            one["far"] = max(one["far"], max(abs(here[0] - one["born"][0]), abs(here[1] - one["born"][1])))

    def begin(part: Any) -> None:
        for agent, first, seen in zip(part.agent.tolist(), part.first, part.observation["self"], strict=True):
            if first:
                here = tuple(np.round(seen[6:8] * size).astype(int).tolist())
                now[agent] = {"born": here, "cells": set(), "far": 0}
                lives.append(now[agent])
        look(part)

    begin(rows)
    count = deaths = 0
    for _ in range(ticks):
        count += len(rows)
        step = game.step(LANE, [dice.integers(0, 7, len(rows))])
        if step.final[0] is not None:
            look(step.final[0])
            deaths += int(step.terminated.sum())
        if step.done[0]:
            break
        (rows,) = step.turn
        begin(rows)
        assert step.info["population"] == len(rows) == step.info["births"] - step.info["deaths"]
    cells, far = ([len(one["cells"]) for one in lives], [one["far"] for one in lives])
    found = {"births": len(lives), "deaths": deaths, "lifetime": count / len(lives), "mortality": 1000 * deaths / count}
    found |= {"explored": float(np.mean(cells)), "distance": float(np.mean(far))}
    assert {name: float(step.info[name][0]) for name in found} == pytest.approx(found)
    return found, count


def test_the_columns_say_what_lives_were_like() -> None:
    game = world(places=20, size=12, max_length=60, spawns=0.1, fertility=0.2)
    found, _ = plain(game, 60, np.random.default_rng(3))
    assert found["births"] > 30 and found["deaths"] > 20


def test_everybody_may_die_in_the_first_tick() -> None:
    for spawns, over in ((0.0, True), (1.0, False)):
        game = world(spawns=spawns, death=-1.0, alive=0.5)
        (rows,) = game.reset(LANE, SEED)
        game.health[:], game.food[:], game.water[:] = np.minimum(game.health, 1), 0, 0
        game.ground[:] = 0
        step = game.step(LANE, [np.zeros(len(rows), dtype=np.int64)])
        (final,) = step.final
        assert step.terminated.sum() == len(final) == len(rows) and step.done[0] == over
        assert step.rewards.sum() == -len(rows) and not step.truncated.any()
        assert (final.observation["self"][:, 0] == 0).all(), "what the dead saw last is of themselves"
        if over:
            assert step.turn == (None,) and step.info["population"] == 0
        else:
            (born,) = step.turn
            assert born.first.all() and (born.observation["self"][:, 0] == 1).all()
            assert set(born.agent) & set(final.agent), "places are taken again at once"


def test_places_are_all_that_there_are_and_the_last_tick_bears_nobody() -> None:
    game = world(places=12, start=1.0, spawns=1.0, fertility=1.0, max_length=6)
    (rows,) = game.reset(LANE, SEED)
    for tick in range(6):
        game.food[:] = game.water[:] = FULL * (game.health > 0)
        before = game.sums[0, 0]
        step = game.step(LANE, [np.full(len(rows), STAY)])
        assert len(rows) <= 12 and (game.sums[0, 0] == before or tick < 5)
        (rows,) = step.turn
    assert step.done[0] and step.truncated.sum() == len(step.final[0]) and rows is None
    assert step.info["population"] == step.info["births"] - step.info["deaths"]


def test_lanes_that_end_at_different_ticks_keep_their_lives_apart() -> None:
    """Worlds die out at different ticks and begin anew; whatever follows a row is of the same life."""
    game = world(4, places=4, spawns=0.005, fertility=0.0, max_length=60)
    sampler = Sampler(game, [Random(game.spec)], Mixtures(np.ones((1, 1)), 3), [0])
    lengths = set()
    for _ in range(12):
        (window,) = sampler.collect(97)
        age, inside = np.round(100 * window.observation["self"][:, 3]), window.next_row >= 0
        assert (age[inside] + 1 == age[window.next_row[inside]]).all()
        assert (window.first == (age == 0)).all()
        older = np.round(100 * window.next_observation()["self"][:, 3]) - age
        assert (older == 1)[window.followed & ~window.terminated].all() and (older[window.followed] >= 0).all()
        lengths |= set(sampler.play.drain().length.tolist())
    assert len(lengths) > 3 and min(lengths) < 60


def test_results_have_the_columns_of_the_last_tick() -> None:
    game = world(3)
    results = Arena(game).play([Random(game.spec)], Pairings.repeat([[0]], 7, seed=2))
    assert len(results) == 7 and set(results.info) == set(game.spec.info)
    assert (results.info["births"] - results.info["deaths"] == results.info["population"]).all()
    lived = results.info["lifetime"] * results.info["births"]
    np.testing.assert_allclose(0.05 * (lived - results.info["deaths"]), results.returns[:, 0])


# -- measures


def test_mutual_information_of_known_counts() -> None:
    alike, split = np.array([[3, 3], [5, 5], [9, 9]]), np.eye(4) * 7
    assert measures.mutual_information(alike) == pytest.approx(0)
    assert measures.mutual_information(split) == pytest.approx(np.log(4))
    assert measures.specialisation(np.stack([split, np.ones((4, 4))])) == pytest.approx([1, 0])
    assert measures.entropy(np.array([[1, 1], [4, 0], [0, 0]])) == pytest.approx([np.log(2), 0, 0])
    half = np.array([[3, 1], [1, 3]])  # log 2 less the entropy of (3/4, 1/4)
    assert measures.mutual_information(half) == pytest.approx(np.log(2) - 0.5623351446)
    assert measures.specialisation(np.ones((1, 5))) == 0 and measures.mutual_information(np.zeros((2, 2))) == 0


def test_lives_that_do_one_thing_each_divide_the_labour() -> None:
    for each, wanted in (([[4, 0], [0, 4]], 1.0), ([[2, 2], [5, 5]], 0.0), ([[0, 0], [0, 0]], 0.0)):
        counts = np.array(each)
        found = measures.division(counts.sum(axis=0), measures.spread(counts).sum())
        assert found == pytest.approx(wanted)


def test_the_world_measures_what_its_agents_do() -> None:
    """Two populations: at first both eat both, then each what the other does not."""
    game = world(places=8, populations=2, size=12)
    game.reset(LANE, SEED)
    for did, wanted in (([[5, 5], [5, 5]], 0), ([[0, 5], [5, 0]], 1)):
        game.did[0] = did
        assert game.info(LANE)["specialisation"] == pytest.approx(wanted)
    game.went[0, 0, 3] = game.went[0, 1, 9] = 4
    assert game.info(LANE)["territory"] == pytest.approx(1)
    game.gathered[0] = 0
    game.did[0], game.spread[0] = [[5, 5], [0, 0]], 0.0
    assert game.info(LANE)["division"] == pytest.approx(1) and game.info(LANE)["variety"] == pytest.approx(1)


# -- sight and players


def test_agents_see_the_nearest_others_first() -> None:
    params = ForagingParams(places=4, size=9, view=3, entities=2)
    four = herd({}, {"x": 7}, {"x": 5, "y": 3, "health": 15}, {"x": 4, "y": 6})
    four.last[0] = [0, EAST, EAST, MELEE]
    ground = codes((4, 3, FOREST + 1), (1, 4, WATER))
    seen = Sight(params, GRID, np.array([0, 0, 0, 1]))(four, occupied(four, GRID), ground, LANE, LANE)
    assert seen["present"].tolist() == [[1, 1]]
    wanted = [[1 / 3, -1 / 3, 1, 0.5, 0, 0], [0, 2 / 3, 0, 1, 0, 0]]
    np.testing.assert_allclose(seen["entities"][0], wanted, atol=1e-6)
    tiles = seen["tiles"][0]
    assert tiles[2, 3].tolist() == [1, 0, 1, 0, 0, 0, 0] and tiles[3, 0].tolist() == [0, 0, 0, 1, 0, 0, 0]
    assert tiles[3, 6, 5] == tiles[2, 4, 5] == tiles[5, 3, 6] == 1 and tiles[..., 5:].sum() == 4
    np.testing.assert_allclose(seen["mean_action"][0], [0, 2 / 3, 0, 0, 0, 1 / 3, 0], atol=1e-6)


def test_the_forager_goes_round_the_stone() -> None:
    params = ForagingParams(places=1, size=9)
    one = herd({"food": 3})
    ground = codes((6, 4, FOREST + 1), (5, 4, STONE), (5, 3, STONE), (5, 5, FIELD))
    sight = Sight(params, GRID, np.zeros(1, dtype=np.int64))
    game = world(places=1)
    forager = load_registry().make(POLICIES, "manyagent/forager", {}, spec=game.spec)
    (rows,) = game.reset(LANE, SEED)
    way = []
    for _ in range(4):
        rows.observation = sight(one, occupied(one, GRID), ground, LANE, LANE)
        acts = forager.act(rows, forager.memory(1), KEYS)
        way.append(int(acts.action[0]))
        rules.move(one, acts.action[None], GRID, occupied(one, GRID), ground, KEYS)
    assert way == [SOUTH, EAST, EAST, 4] and at(one) == [(6, 4)]


def test_foragers_live_longer_than_random_agents() -> None:
    game = world(2, places=16, size=24, max_length=60)
    lifetime = {}
    for name in ("marl/random", "manyagent/forager"):
        policy = load_registry().make(POLICIES, name, {}, spec=game.spec)
        results = Arena(game).play([policy], Pairings.repeat([[0]], 2, seed=2))
        lifetime[name] = results.info["lifetime"].mean()
    assert lifetime["manyagent/forager"] > 1.3 * lifetime["marl/random"]


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"populations": 3}, "populations must be 1, 2, 4 or 8"),
        ({"places": 10, "populations": 4}, "share the 10 places evenly"),
        ({"rivals": True}, "two populations at least"),
        ({"start": 0}, "somebody must live"),
        ({"spawns": 1.5}, "spawns must be between 0 and 1"),
        ({"size": 4}, "size must be at least 8"),
        ({"regrowth": 0}, "regrowth must be at least 1"),
        ({"death": 1.0}, "death at most 0"),
        ({"entities": 0}, "entities must be at least 1"),
    ],
)
def test_worlds_that_cannot_be_are_refused(params: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        ForagingParams(**params)


def test_players_of_this_world_alone_say_so() -> None:
    from marl.testing.games import burrow

    with pytest.raises(UserError, match="plays manyagent/foraging_world alone"):
        load_registry().make(POLICIES, "manyagent/forager", {}, spec=burrow(1).spec)
