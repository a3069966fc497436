"""Agreement with what is known about the game: its own sequence form, or another environment of the same game."""

from __future__ import annotations

import numpy as np

from marl import rng
from marl.env import Exact, Rows
from marl.errors import UserError
from marl.exact import Decisions, SequenceForm
from marl.tabular import observation_keys
from marl.testing.check import NotApplicable, check, expect
from marl.testing.checks.chance import depends_on_seed
from marl.testing.compare import expect_same
from marl.testing.drive import Driver, sample_returns
from marl.testing.subject import Subject
from marl.types import Floats

SAMPLES, LANES = 2048, 256
ERRORS = 5.0  # standard errors; a right environment fails about once in a million seeds


@check("Build the sequence form from the same rules and the same observation code that `step` uses.")
def exact(subject: Subject) -> str:
    """The sequence form knows every row of real play, and its returns are those of real play."""
    env = subject.make(LANES)
    if not isinstance(env, Exact):
        raise NotApplicable("it is not Exact")
    try:
        form = env.sequence_form()
    except UserError as error:
        raise NotApplicable(f"it has no sequence form: {error}") from error
    sides = len(subject.spec.sides)
    expect(
        len(form.players) == sides, f"the sequence form has {len(form.players)} players, but there are {sides} sides"
    )
    keys = [_sound(player, index) for index, player in enumerate(form.players)]
    totals = []
    for part in range(SAMPLES // LANES):
        total, rows = sample_returns(env, rng.mix(subject.seed, 6, part, np.arange(LANES)), subject.spec.max_length)
        totals.append(total)
        for row in rows:
            for index, player in enumerate(form.players):
                _known(player, keys[index], row.take(subject.spec.side_of[row.agent] == index), index)
    expected = form.returns([player.plan(player.uniform()) for player in form.players])
    total = np.concatenate(totals)
    sampled = np.stack([total[:, list(side)].sum(axis=1) for side in subject.spec.sides], axis=1)
    bound = _agree(form, expected, sampled)
    return f"{sum(len(k) for k in keys)} information sets; uniform play within {bound:.2g} over {SAMPLES} matches"


@check("Play both by hand with these actions; the first difference is where the rules part.")
def reference(subject: Subject) -> str:
    """The same actions show the same as in the reference."""
    other = subject.reference
    if other is None:
        raise NotApplicable("no reference was given")
    if other.seeds is None and depends_on_seed(subject):
        raise NotApplicable("the game has chance, and the reference says not how seeds map (Reference.seeds)")
    mapped = rng.as_keys(subject.seeds()) if other.seeds is None else other.seeds(rng.as_keys(subject.seeds()))
    driver = Driver(other.factory(subject.matches))
    driver.reset(range(subject.matches), mapped.tolist(), subject.seeds())
    driver.run(subject.limit)
    skip = ("info", "state") if other.observations else ("info", "state", "observation", "final observation")
    for ours, theirs in zip(subject.records, driver.records, strict=True):
        expect_same(ours, theirs, "it and the reference differ", skip=skip)
        expect(
            ours.ticks == theirs.ticks, f"match seed {ours.seed} has {ours.ticks} ticks, the reference {theirs.ticks}"
        )
    return f"{subject.matches} matches agree"


def _sound(player: Decisions, index: int) -> set[int]:
    """The keys of a player's observations. Raises where its arrays do not fit together."""
    name = f"player {index} of the sequence form"
    expect((player.mask.sum(axis=1) == player.size).all(), f"{name}: sizes are not the numbers of legal actions")
    expect(
        (player.parent < player.start).all(), f"{name}: an information set comes before the sequence that leads to it"
    )
    legal = player.mask[player.infoset[1:], player.action[1:]]
    expect(legal.all(), f"{name}: a sequence takes an action that its mask forbids")
    keys = observation_keys(player.observation)
    found, counts = np.unique(keys, return_counts=True)
    if len(found) < len(keys):
        twins = np.flatnonzero(keys == found[counts > 1][0])[:2]
        names = [player.name[twin] for twin in twins]
        expect(False, f"{name}: information sets {names} have the same observation, so no policy can tell them apart")
    return set(keys.tolist())


def _known(player: Decisions, keys: set[int], rows: Rows, index: int) -> None:
    if not len(rows):
        return
    seen = observation_keys(rows.observation)
    strange = [int(row) for row, key in enumerate(seen.tolist()) if key not in keys]
    expect(not strange, f"agent {rows.agent[strange[:1]]} saw what no information set of player {index} has")
    own = observation_keys(player.observation)
    order = np.argsort(own)
    place = order[np.searchsorted(own[order], seen)]
    mask = np.ones_like(player.mask[place]) if rows.mask is None else rows.mask
    expect(
        (player.mask[place] == mask).all(),
        f"an information set of player {index} has another mask than its row in play",
    )


def _agree(form: SequenceForm, expected: Floats, sampled: Floats) -> float:
    """Raises unless the sample means lie around what is expected; the widest bound.

    The bound is 5 standard errors, and ten matches' worth of the largest payoff for what is too rare to be sampled.
    """
    expect(not np.isnan(sampled).any(), "a match of uniform play did not end within max_length")
    spread = sampled.max() - sampled.min()
    bound = ERRORS * sampled.std(axis=0) / np.sqrt(len(sampled)) + 10 * spread / len(sampled) + 1e-9
    off = np.abs(sampled.mean(axis=0) - expected)
    said = (
        f"uniform play is worth {np.round(expected, 4)} by the sequence form, but {np.round(sampled.mean(axis=0), 4)}"
    )
    expect((off <= bound).all(), f"{said} over {len(sampled)} matches (bound {np.round(bound, 4)})")
    return float(bound.max())
