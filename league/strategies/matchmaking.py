"""Whom a learner of an AlphaStar league meets in its next slice, and how often.

The pseudocode draws an opponent for every match; a slice's mixture has each with the probability that it is drawn.
Source: Vinyals et al., Nature 575 (2019), pseudocode, `get_match` of the three roles.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

import numpy as np

from league.strategies.priorities import Weighting, shares
from league.strategies.standing import LEAGUE_EXPLOITER, MAIN, MAIN_EXPLOITER, Learner, Standing
from marl.job import SELF, Mixture
from marl.types import Floats

_LIVE = -1  # instead of a place: the learner itself
_PRIORITISED, _VERIFIED = 0.5, 0.15  # a main agent's matches; the rest is self-play
_OUT_OF_REACH, _EXPLOITED, _FORGOTTEN, _BARELY = 0.3, 0.3, 0.7, 0.1  # chances to win

Drawn: TypeAlias = Iterator[tuple[int, float]]  # (place in the population opposite, share)


def opponents(now: Standing, learner: Learner) -> Mixture:
    """The mixture of a learner's next slice; players that are the same count as one."""
    players = now.view.populations[now.population(learner, opposite=True)]
    found: dict[str, float] = {}
    for place, share in _ROLES[learner.role](now, learner):
        if share > 0:
            id = SELF if place == _LIVE else players[place].snapshot
            found[id] = found.get(id, 0.0) + share
    return tuple(found.items())


def _main(now: Standing, learner: Learner) -> Drawn:
    """Half by priority; the rest against main agents, a part of it for those whom it may have overlooked."""
    frozen = now.historical[now.population(learner, opposite=True)]
    yield from _prioritised(now, learner, frozen, "hard", _PRIORITISED)
    mains = now.mains(1 - learner.side)
    for opponent in mains:
        overlooked = _overlooked(now, learner, opponent)
        played = (1 - _PRIORITISED) / len(mains)
        if overlooked:
            verified = _VERIFIED / len(mains)
            yield from _prioritised(now, learner, overlooked, "hard", verified)
            played -= verified
        yield from _self_play(now, learner, opponent, played)


def _self_play(now: Standing, learner: Learner, opponent: Learner, share: float) -> Drawn:
    """A main agent as it is now, or its past where it is too strong."""
    if learner == opponent:
        yield _LIVE, share
    elif now.chances(learner, [now.now(opponent)])[0] > _OUT_OF_REACH:
        yield now.now(opponent), share
    else:
        yield from _prioritised(now, learner, now.of(opponent), "variance", share)


def _overlooked(now: Standing, learner: Learner, opponent: Learner) -> Sequence[int]:
    """Frozen main exploiters, where one of them wins too often, or the past of a main agent that was forgotten."""
    number = now.population(learner, opposite=True)
    players = now.view.populations[number]
    exploiters = [place for place in now.historical[number] if players[place].role == MAIN_EXPLOITER]
    if exploiters and now.chances(learner, exploiters).min() < _EXPLOITED:
        return exploiters
    past = now.of(opponent)
    chance = now.chances(learner, past)
    kept = without_monotonic_end(chance)
    return past[:kept] if kept and chance[:kept].min() < _FORGOTTEN else []


def without_monotonic_end(chance: Floats) -> int:
    """How many are left without the end over which chances fall: newer ones are harder, and that is as it should be."""
    rises = np.flatnonzero(np.diff(chance) > 0)
    return int(rises[-1]) + 2 if len(rises) else 0


def _main_exploiter(now: Standing, learner: Learner) -> Drawn:
    """Main agents as they are now, or their past while it hardly ever beats them."""
    mains = now.mains(1 - learner.side)
    for opponent in mains:
        if now.chances(learner, [now.now(opponent)])[0] > _BARELY:
            yield now.now(opponent), 1 / len(mains)
        else:
            yield from _prioritised(now, learner, now.of(opponent), "variance", 1 / len(mains))


def _league_exploiter(now: Standing, learner: Learner) -> Drawn:
    """All that is frozen."""
    yield from _prioritised(now, learner, now.historical[now.population(learner, opposite=True)], "capped", 1.0)


def _prioritised(now: Standing, learner: Learner, places: Sequence[int], weighting: Weighting, share: float) -> Drawn:
    """These by priority, `share` in all."""
    yield from zip(places, (share * shares(weighting, now.chances(learner, places))).tolist(), strict=True)


_ROLES = {MAIN: _main, MAIN_EXPLOITER: _main_exploiter, LEAGUE_EXPLOITER: _league_exploiter}
