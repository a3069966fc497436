"""How good the limit's policy is among N agents: what one of them gains by deviating, while the others follow it.

Two deviators are measured. One sees the time and its own state, as the policy does: its best response is exact, but
for the mean over matches, half of which find it and half of which say what it gains. The other sees how all are
distributed, too: at every time it goes as if the others went on from there as they do in the limit (a rolling
horizon), which is less than the best it could do. What others do comes of matches in the arena; what the deviator
earns, of its chances.

Where moves depend on the distribution, others react to the deviator, and what it gains is played out instead: the
same matches with it and without.

Source: Saldi, Basar, Raginsky, SIAM Journal on Control and Optimization 56, 2018 (the limit's equilibrium in the game
of N agents).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from marl.arena import Arena, Pairings, Play
from marl.arena.seats import Moves
from marl.env import Step
from marl.types import Floats, Ints
from marl_meanfield import exact
from marl_meanfield.finite.game import Finite
from marl_meanfield.finite.policy import Tabular
from marl_meanfield.game import MeanFieldGame
from marl_meanfield.restricted import Paying, rewards

TOGETHER = 200_000  # agents in all lanes together, at most


@dataclass(frozen=True)
class Gain:
    """What deviating gains among `agents` of each population, summed over populations, with standard errors.

    `value`: what an agent earns where all follow the policy. `seeing`: of who sees the distribution; NaN where that is
    not measured.
    """

    agents: int
    matches: int
    value: float
    gain: float
    error: float
    seeing: float
    seeing_error: float


class Watch:
    """A recorder of where everybody is when. All matches begin together, and are of equal length."""

    def __init__(self, environment: Finite) -> None:
        self.environment, self.now, self.found = environment, list[Ints](), list[Ints]()

    def acted(self, play: Play, moves: Moves) -> None:
        """See `Recorder`."""
        time = int(self.environment.tick[play.live[0]])
        if len(self.now) == time:
            self.now.append(self.environment.where[play.live].copy())

    def stepped(self, play: Play, step: Step) -> None:
        """See `Recorder`."""
        if step.done.any():
            self.found.append(np.stack([*self.now, self.environment.where[step.lanes]], axis=1))
            self.now = []

    def void(self, play: Play, lanes: Ints) -> None:
        """See `Recorder`."""
        raise RuntimeError("a match of a mean-field game failed")


def measured(game: MeanFieldGame, policy: Floats, agents: int, matches: int, seed: int) -> Gain:
    """What deviating from a policy gains; `matches` (4 at least, even) are played."""
    lanes = max(1, min(matches, TOGETHER // (agents * len(game.populations))))
    environment = Finite(lanes, game, agents)
    watch, players = Watch(environment), [0] * len(environment.kind)
    pairings = Pairings.repeat([players], matches, seed)
    results = Arena(environment).play([Tabular(policy)], pairings, [watch])
    where = np.concatenate(watch.found)
    value = sum(float(results.agent_returns[:, environment.kind == kind].mean()) for kind in range(len(game.initial)))
    first = [Others(environment, one) for one in where[: matches // 2]]
    response = exact.greedy(exact.best_response(averaged(game, first), first[0].flow)[0])
    if not environment.chances.steady:
        gains = played(environment, policy, response, Pairings.repeat([players], matches, seed + 1))
        return Gain(agents, matches, value, *summary(gains), float("nan"), float("nan"))
    plain, seeing = [], []
    for one in where[matches // 2 :]:
        others = Others(environment, one)
        now = others.earned(policy)
        plain.append(others.earned(response) - now)
        seeing.append(others.earned(foreseeing(game, policy, others.flow)) - now)
    return Gain(agents, matches, value, *summary(np.array(plain)), *summary(np.array(seeing)))


class Others:
    """What one agent of each population meets in a match: `flow` `[T + 1, P, S]`, itself included, and what it is paid.

    `where` `[T + 1, P * agents]`; the first agent of each population is the one that may deviate.
    """

    def __init__(self, environment: Finite, where: Ints) -> None:
        self.game, agents = environment.game, environment.agents
        shape = (self.game.horizon + 1, *self.game.initial.shape)
        cells = (np.arange(shape[0])[:, None] * shape[1] + environment.kind) * shape[2] + where
        counts = np.bincount(cells.reshape(-1), minlength=int(np.prod(shape))).reshape(shape)
        self.flow = counts / agents
        alone = np.zeros(shape)
        for kind in range(shape[1]):
            alone[np.arange(shape[0]), kind, where[:, kind * agents]] = 1.0 / agents
        self.paid, self.last = self._paid(self.flow - alone, 1.0 / agents)

    def earned(self, policy: Floats) -> float:
        """What deviators earn by a policy, summed over populations, if others go as they did."""
        along = exact.flow(self.game, policy)
        mass = policy * along[:-1, :, None, :]
        return float((mass * self.paid).sum() + (along[-1] * self.last).sum())

    def _paid(self, without: Floats, share: float) -> tuple[Floats, Floats]:
        """What actions pay in each state to who is there himself, `[T, P, A, S]`, and what states do at the end."""
        game = self.game
        paid = np.empty((game.horizon, len(game.populations), game.actions, game.states))
        last = np.empty(game.initial.shape)
        for kind in range(len(game.populations)):
            for state in range(game.states):
                here = without.copy()
                here[:, kind, state] += share
                paid[:, kind, :, state] = rewards(game, here)[:, kind, :, state]
                last[kind, state] = game.final(here[-1])[kind, state]
        return paid, last


class Averaged(Paying):
    """What matches pay and how they move, in the mean; see `Paying`."""

    def __init__(self, game: MeanFieldGame, matches: list[Others]) -> None:
        paid, last = (np.mean([getattr(one, name) for one in matches], axis=0) for name in ("paid", "last"))
        super().__init__(game, paid, last)
        self._game, self._matches = game, matches
        self.pull = self._mean

    def _mean(self, time: int, values: Floats, distribution: Floats, following: Floats) -> Floats:
        flows = (one.flow for one in self._matches)
        return np.asarray(np.mean([self._game.pull(time, values, at[time], at[time + 1]) for at in flows], axis=0))


def averaged(game: MeanFieldGame, matches: list[Others]) -> MeanFieldGame:
    """The game of one who meets others as in the mean of some matches."""
    return Averaged(game, matches)


def foreseeing(game: MeanFieldGame, policy: Floats, along: Floats) -> Floats:
    """The policy `[T, P, A, S]` of who sees at each time how others are distributed, and expects them to go on so."""
    found = np.empty_like(policy)
    for start in range(game.horizon):
        ahead = np.empty_like(along[start:])
        ahead[0] = along[start]
        for time in range(start, game.horizon):
            now = ahead[time - start]
            ahead[time - start + 1] = game.push(time, policy[time] * now[:, None, :], now)
        values = game.final(ahead[-1])
        for time in range(game.horizon - 1, start - 1, -1):
            q = game.pull(time, values, ahead[time - start], ahead[time - start + 1])
            q = q + game.rewards(slice(time, time + 1), ahead[time - start][None])[0]
            q = exact.masked(game, time, q)
            values = q.max(axis=-2)
        found[start] = exact.greedy(q)
    return found


def played(environment: Finite, policy: Floats, response: Floats, pairings: Pairings) -> Floats:
    """What the first agent of each population gains by a response, in each match, summed over populations."""
    gains = np.zeros(len(pairings))
    for kind in range(len(environment.game.populations)):
        agent, returns = kind * environment.agents, []
        for player in (0, 1):
            players = pairings.players.copy()
            players[:, agent] = player
            pair = [Tabular(policy), Tabular(response)]
            results = Arena(environment).play(pair, Pairings(players, pairings.seeds))
            returns.append(results.agent_returns[:, agent])
        gains += returns[1] - returns[0]
    return gains


def summary(values: Floats) -> tuple[float, float]:
    """A mean, and its standard error."""
    return float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values)))
