"""Known answers: what happens follows from the numbers of the units alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from marl_skirmish.battle import ATTACK, BACK, FORWARD, HALF, NOOP, NORTH, STOP, Army, Facts, tick
from marl_skirmish.units import APART, CALM, KINDS, UNITS

Spot = tuple[str, float, float]


def army(first: Sequence[Spot], second: Sequence[Spot]) -> Army:
    """Two teams of (kind, x, y), fresh, in one lane."""
    units = [*first, *second]
    facts = Facts.of(np.array([[KINDS.index(kind)] for kind, _, _ in units]))
    x, y = (np.array([[unit[axis]] for unit in units], np.float32) for axis in (1, 2))
    zeros = np.zeros((len(units), 1), np.float32)
    return Army(len(first), facts, x, y, facts.health.copy(), facts.shield.copy(), zeros, zeros)


def play(one: Army, *acts: int) -> None:
    living = one.health[:, 0] > 0
    tick(one, np.where(living, acts, NOOP)[:, None])


def health(one: Army) -> list[float]:
    return one.health[:, 0].tolist()


def test_two_marines_shoot_every_fifteen_loops_and_fall_together() -> None:
    duel, shots = army([("marine", -3, 0)], [("marine", 3, 0)]), []
    for now in range(14):
        before = health(duel)
        play(duel, ATTACK, ATTACK)
        assert duel.health[0, 0] == duel.health[1, 0]
        shots += [now] * (health(duel) != before)
    assert shots == [0, 1, 3, 5, 7, 9, 11, 13] == [15 * shot // 8 for shot in range(8)]
    assert health(duel) == [0, 0] and not duel.fighting(0)[0] and not duel.fighting(1)[0]


def test_who_shoots_a_tick_earlier_wins_with_three_points_of_health() -> None:
    duel = army([("marine", -3, 0)], [("marine", 3, 0)])
    play(duel, ATTACK, STOP)
    ticks = 1
    while duel.health.min() > 0:
        play(duel, ATTACK, ATTACK)
        ticks += 1
    assert health(duel) == [3, 0] and ticks == 14


@pytest.mark.parametrize(
    ("attacker", "target", "damage"),
    [
        ("marine", "marine", 6),
        ("marine", "marauder", 5),  # armour 1
        ("zealot", "marauder", 14),  # two hits, armour 1 each
        ("marauder", "stalker", 19),  # 10 more against armoured ones
        ("marauder", "zealot", 9),  # which a zealot is not
        ("stalker", "marauder", 17),
        ("baneling", "zergling", 35),  # 19 more against light ones
        ("hydralisk", "zergling", 12),
        ("colossus", "marine", 30),
    ],
)
def test_an_attack_does_what_damage_bonus_and_armour_say(attacker: str, target: str, damage: float) -> None:
    one = army([(attacker, 0, 0)], [(target, 1, 0)])
    before = UNITS[target].health + UNITS[target].shield
    play(one, ATTACK, STOP)
    assert one.health[1, 0] + one.shield[1, 0] == before - min(damage, before)


def test_shields_go_first_and_come_back_after_twenty_quiet_ticks() -> None:
    one = army([("marauder", -3, 0)], [("stalker", 3, 0)])
    play(one, ATTACK, STOP)
    assert (one.shield[1, 0], one.health[1, 0]) == (61, 80)
    for _ in range(CALM - 1):
        play(one, STOP, STOP)
    assert one.shield[1, 0] == 61
    seen = []
    for _ in range(20):
        play(one, STOP, STOP)
        seen.append(one.shield[1, 0])
    assert seen == [*range(62, 81), 80]  # a point a tick, and never more than all


def test_damage_beyond_the_shield_hurts() -> None:
    one = army([("marauder", -3, 0)], [("stalker", 3, 0)])
    one.shield[1] = 4
    play(one, ATTACK, STOP)
    assert (one.shield[1, 0], one.health[1, 0]) == (0, 65)


def test_a_baneling_bursts_and_hits_all_enemies_near_its_target_and_no_friend() -> None:
    one = army(
        [("baneling", 0, 0), ("marine", 1, 1)],
        [("marauder", 1.5, 0), ("marauder", 3.5, 0), ("marauder", 4, 0), ("marine", 1.5, -2)],
    )
    play(one, ATTACK, STOP, STOP, STOP, STOP, STOP)
    assert health(one) == [0, 45, 110, 110, 125, 10]  # 15 from armoured ones with armour 1, 35 from a light one
    again = army([("baneling", 0, 0), ("baneling", 0, 1)], [("marauder", 1.5, 0)])
    play(again, ATTACK, ATTACK, STOP)
    assert health(again) == [0, 0, 95]


def test_a_healer_gives_four_and_a_half_points_to_the_living_up_to_their_health() -> None:
    one = army([("medivac", 0, 0), ("marine", 2, 0)], [("marine", 5, 0), ("marine", 5, 2)])
    one.health[1] = 30
    play(one, ATTACK + 1, STOP, ATTACK + 1, STOP)
    assert one.health[1, 0] == 30 - 6 + 4.5
    one.health[1] = 43
    play(one, ATTACK + 1, STOP, STOP, STOP)
    assert one.health[1, 0] == 45
    one.health[1], one.wait[:] = 6, 0
    play(one, ATTACK + 1, STOP, ATTACK + 1, STOP)
    assert one.health[1, 0] == 0  # who falls is healed no more
    assert not one.fighting(0)[0]  # a healer alone has lost


def test_units_walk_at_their_speed_up_to_the_edge() -> None:
    one = army([("marine", 0, 0), ("zergling", HALF - 0.5, 5)], [("marine", 3, 0), ("marine", -9, 0)])
    play(one, FORWARD, FORWARD, FORWARD, NORTH)
    assert one.x[:, 0].tolist() == [1.125, HALF, 1.875, -9] and one.y[:, 0].tolist() == [0, 5, 0, 1.125]
    play(one, BACK, NORTH, BACK, STOP)
    assert one.x[:, 0].tolist() == [0, HALF, 3, -9]


def test_units_of_a_team_keep_apart_and_the_dead_are_in_nobodys_way() -> None:
    one = army([("marine", 0, 0), ("marine", 0.25, 0), ("marine", 5, 5), ("marine", 5, 5.5)], [("marine", 0.1, 0)])
    one.health[3] = 0
    play(one, STOP, STOP, STOP, NOOP, STOP)
    assert one.x[1, 0] - one.x[0, 0] == pytest.approx(APART) and one.x[0, 0] == pytest.approx(-0.25)
    assert one.y[2, 0] == 5 and one.x[4, 0] == np.float32(0.1)
