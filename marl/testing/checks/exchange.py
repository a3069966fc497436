"""Whether sides that are said to be alike can be exchanged."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from marl import rng, space, tree
from marl.env import Exact, Rows
from marl.errors import UserError
from marl.exact import Decisions, SequenceForm
from marl.tabular import observation_keys
from marl.testing.check import NotApplicable, check, expect
from marl.testing.checks.chance import depends_on_seed
from marl.testing.subject import Subject
from marl.types import Array, Floats, Ints, Keys

CHARACTERS, MATCHES = 4, 128  # sets of policies, and matches of each where there is chance
SEEN, FUNCTIONS = 512, 32  # matches, and functions of what is seen
ERRORS = 5.0  # standard errors; a right environment fails about once in ten thousand seeds


@check(
    "What a side sees, may do and earns must follow from what is played, not from which side it is: own things first."
)
def symmetric(subject: Subject) -> str:
    """Where it is symmetric, policies that are exchanged earn each other's returns."""
    spec = subject.spec
    if not spec.symmetric or len(spec.sides) < 2:
        raise NotApplicable("it does not say that its sides are symmetric")
    for agents in zip(*spec.sides, strict=True):
        groups = {spec.groups[spec.group_of[agent]].name for agent in agents}
        expect(
            len(groups) == 1, f"its sides are not alike: {_names(subject, agents)} are in the groups {sorted(groups)}"
        )
    env = subject.make(1)
    if isinstance(env, Exact):
        try:
            return _exact(env.sequence_form(), subject.seed)
        except UserError:
            pass  # too large for a sequence form
    return _played(subject)


def _exact(form: SequenceForm, seed: int) -> str:
    """Compare expected returns of policies that are random functions of what they see."""
    sides = len(form.players)
    for first in range(sides - 1):  # exchanges of neighbours make all others
        order = _exchange(sides, first)
        for number in range(CHARACTERS):
            characters = rng.mix(seed, 8, number, np.arange(sides))
            before = form.returns([p.plan(_table(p, key)) for p, key in zip(form.players, characters, strict=True)])
            after = form.returns(
                [p.plan(_table(p, key)) for p, key in zip(form.players, characters[order], strict=True)]
            )
            off = np.abs(before - after[order]).max()
            said = f"policies on sides {first} and {first + 1} earn {np.round(before, 4)}, and when they are exchanged"
            expect(off < 1e-9 * max(1.0, np.abs(form.payoff).max()), f"{said} {np.round(after, 4)}")
    return f"{sides} sides, by the sequence form"


def _table(player: Decisions, character: int) -> Floats:
    """A behaviour `[I, A]` that follows from what is seen and may be done."""
    keys = observation_keys(player.observation)[:, None]
    weights = player.mask * (0.01 + rng.uniform(rng.mix(character, keys, np.arange(player.mask.shape[1]))))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def _played(subject: Subject) -> str:
    """Compare the returns of matches."""
    sides, chance = len(subject.spec.sides), depends_on_seed(subject)
    if chance:
        _seen_alike(subject)
    sets, each = (CHARACTERS, MATCHES) if chance else (2 * CHARACTERS, 1)
    number = np.repeat(np.arange(sets), each)
    characters = rng.mix(subject.seed, 9, number[:, None], np.arange(sides))
    seeds = rng.mix(subject.seed, 10, np.arange(len(number)))
    before = _returns(subject, seeds, characters)
    for first in range(sides - 1):
        order = _exchange(sides, first)
        gap = before - _returns(subject, seeds, characters[:, order])[:, order]
        said = f"policies on sides {first} and {first + 1} earn {{}} on average, and {{}} when they are exchanged"
        for index in range(sets):
            own = number == index
            mean, bound = gap[own].mean(axis=0), 1e-9
            if chance:
                bound = ERRORS * gap[own].std(axis=0) / np.sqrt(each) + 2 * np.ptp(before[own]) / each + 1e-9
            earned = before[own].mean(axis=0)
            expect((np.abs(mean) <= bound).all(), said.format(np.round(earned, 4), np.round((earned - mean)[order], 4)))
    return f"{sides} sides, over {2 * len(number)} matches"


def _seen_alike(subject: Subject) -> None:
    """Compare what sides see where all of them play the same policy: random linear functions of it, and their squares.

    Returns of policies tell little of wrong observations where chance decides much.
    """
    spec, sides = subject.spec, len(subject.spec.sides)
    sums = np.zeros((SEEN, sides, 2 * FUNCTIONS))

    def watch(rows: Rows) -> None:
        leaves = [np.asarray(leaf, dtype=float).reshape(len(rows), -1) for _, leaf in tree.leaves(rows.observation)]
        seen = np.concatenate(leaves, axis=1)
        feature = np.arange(seen.shape[1])[:, None]
        value = seen @ (rng.uniform(rng.mix(subject.seed, 11, rows.group, feature, np.arange(FUNCTIONS))) - 0.5)
        np.add.at(sums, (rows.lane, spec.side_of[rows.agent]), np.concatenate([value, value**2], axis=1))

    number = np.arange(SEEN)
    characters = np.repeat(rng.mix(subject.seed, 12, number)[:, None], sides, axis=1)
    _returns(subject, rng.mix(subject.seed, 13, number), characters, watch)
    for first in range(sides - 1):
        gap = sums[:, first] - sums[:, first + 1]
        bound = ERRORS * gap.std(axis=0) / np.sqrt(SEEN) + 2 * np.ptp(sums, axis=(0, 1)) / SEEN + 1e-9
        expect(
            (np.abs(gap.mean(axis=0)) <= bound).all(),
            f"sides {first} and {first + 1} see other things, although both play alike",
        )


def _returns(
    subject: Subject, seeds: Keys, characters: Keys, watch: Callable[[Rows], None] = lambda rows: None
) -> Floats:
    """The returns `[B, S]` of matches in which a side does what follows from its character, its tick and its view.

    `watch` is shown all rows.
    """
    spec, lanes = subject.spec, np.arange(len(seeds))
    env, total = subject.make(len(seeds)), np.zeros((len(seeds), len(spec.agents)))
    place = np.zeros(len(spec.agents), dtype=np.int64)
    for side in spec.sides:
        place[list(side)] = np.arange(len(side))
    turn = env.reset(lanes, seeds)
    for tick in range(subject.limit):
        actions: list[Array | None] = []
        for group, rows in zip(spec.groups, turn, strict=True):
            if rows is None or not len(rows):
                actions.append(None)
                continue
            watch(rows)
            own = characters[rows.lane, spec.side_of[rows.agent]]
            keys = rng.mix(own, place[rows.agent], tick, observation_keys(rows.observation))
            actions.append(space.sample(group.action, keys, rows.mask))
        step = env.step(lanes, actions)
        total[lanes] += step.rewards
        lanes, turn = lanes[~step.done], step.turn
        if not len(lanes):
            break
    return np.stack([total[:, list(side)].sum(axis=1) for side in spec.sides], axis=1)


def _exchange(sides: int, first: int) -> Ints:
    order = np.arange(sides)
    order[[first, first + 1]] = first + 1, first
    return order


def _names(subject: Subject, agents: tuple[int, ...]) -> str:
    return " and ".join(subject.spec.agents[agent] for agent in agents)
