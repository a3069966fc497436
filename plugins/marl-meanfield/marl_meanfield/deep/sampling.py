"""Lives of single agents in a population that is distributed as a flow says: what networks learn from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from marl import rng
from marl.types import Floats, Ints, Keys
from marl_meanfield.finite.chances import Chances
from marl_meanfield.game import MeanFieldGame
from marl_meanfield.restricted import rewards

BEGIN, ACT, MOVE = 1, 2, 3  # what an agent draws a number for


@dataclass(frozen=True)
class Lives:
    """Of n agents, at each time: `row` `[T, n]`, the number of time, population and state; `action`, `reward` `[T, n]`.

    `after` `[T, n]`: the row at the next time; at the last time there is none, and `last` `[n]` is what is paid then.
    """

    row: Ints
    action: Ints
    reward: Floats
    after: Ints
    last: Floats


def lived(game: MeanFieldGame, chances: Chances, policy: Floats, along: Floats, agents: int, key: Keys) -> Lives:
    """So many agents of each population follow a policy `[T, P, A, S]`. All chance follows from `key`, `uint64[1]`."""
    populations, states, horizon = len(game.populations), game.states, game.horizon
    kind = np.repeat(np.arange(populations), agents)
    own = rng.extend(np.broadcast_to(key, kind.shape), np.arange(len(kind)))
    here = rng.choose(rng.extend(own, BEGIN), game.initial[kind])
    paid = rewards(game, along)
    row, action, after = (np.zeros((horizon, len(kind)), dtype=np.int64) for _ in range(3))
    reward = np.zeros((horizon, len(kind)))
    for time in range(horizon):
        now = rng.extend(own, 8 * time)
        chosen = rng.choose(rng.extend(now, ACT), policy[time][kind, :, here])
        mass = policy[time] * along[time][:, None, :]
        ways = chances.at(time, mass, along[time])
        row[time] = (time * populations + kind) * states + here
        action[time], reward[time] = chosen, paid[time][kind, chosen, here]
        here = ways.drawn(kind, chosen, here, rng.uniform(rng.extend(now, MOVE)))
        after[time] = min(time + 1, horizon - 1) * populations * states + kind * states + here
    return Lives(row, action, reward, after, game.final(along[-1])[kind, here])
