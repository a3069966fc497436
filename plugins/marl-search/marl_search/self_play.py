"""Self-play: how AlphaZero moves while it learns, and what is written down of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import gammaincinv

from marl import rng
from marl.arena import Play
from marl.arena.play import Moves
from marl.env import Environment, Rows, Step
from marl.policy import Acts
from marl.types import Array, Bools, Ints, Keys
from marl_search.game import searchable
from marl_search.networks import NetworkJudge
from marl_search.rules import PUCT
from marl_search.search import Search

_NOISE, _DRAW = 0x6E6F697365, 0x64726177  # what else a row draws: its noise, and its move


@dataclass(slots=True, kw_only=True)
class Searched(Acts):
    """What was chosen, and how often each action was tried before: `visits` `float32[K, A]`."""

    visits: Array


class SelfPlayer:
    """The live player. `drawn`: in so many first ticks of a match it draws its moves. `simulations`: done so far."""

    def __init__(self, judge: NetworkJudge, exploration: float, simulations: int, noise: float, drawn: int) -> None:
        self._noise, self._drawn = noise, drawn
        self._search = Search(judge.facts, PUCT(exploration), judge, simulations, prove=False)
        self.ticks: Ints = np.zeros(0, dtype=np.int64)  # of the match in each lane; whoever plays it keeps that
        self.simulations = 0

    def memory(self, rows: int) -> None:
        """It remembers nothing."""
        return None

    def act(self, rows: Rows, memory: Array | None, keys: Keys) -> Acts:
        """It never plays without the match."""
        raise NotImplementedError

    def search(self, rows: Rows, matches: Environment, keys: Keys) -> Searched:
        """Search for each of K rows, with noise at the root; early moves in proportion to visits, then the most."""
        noise = (
            dirichlet(rng.extend(keys, _NOISE), self._noise, self._search.facts.legal(rows)) if self._noise else None
        )
        found = self._search(rows, searchable(matches, self._search.facts.who), keys, noise)
        self.simulations += found.simulations
        early = self.ticks[rows.lane] < self._drawn
        action = np.where(early, rng.choose(rng.extend(keys, _DRAW), found.visits), found.visits.argmax(axis=1))
        return Searched(action=action, logp=np.zeros(len(rows)), value=found.value, visits=found.visits)


def dirichlet(keys: Keys, concentration: float, mask: Bools) -> Array:
    """Dirichlet noise over the legal actions of each row, `float32[K, A]`: gamma variates, by their inverse."""
    draws = np.stack([rng.uniform(keys, draw) for draw in range(mask.shape[1])], axis=1)
    gamma = np.where(mask, np.maximum(gammaincinv(concentration, draws), 1e-12), 0.0)
    return np.asarray(gamma / gamma.sum(axis=1, keepdims=True), dtype=np.float32)


class Examples:
    """A recorder: positions that were searched wait here for the end of their match, and are handed over then.

    A column of positions: `observation` `[K, ...]`, `mask` `bool[K, A]`, `policy` `float32[K, A]` (visits, summing to
    1), `value` `float32[K]` (what its mover earned in the end, from -1 to 1), and while it waits `lane` and `agent`.
    """

    def __init__(self, judge: NetworkJudge, saved: Mapping[str, Array] | None = None) -> None:
        self._facts = judge.facts
        self._waiting: list[dict[str, Array]] = [dict(saved)] if saved else []
        self._ended: list[dict[str, Array]] = []
        self.searched = 0

    def acted(self, play: Play, moves: Moves) -> None:
        """Write down what was searched."""
        if not isinstance(moves.acts, Searched):
            return
        rows, visits = moves.rows, moves.acts.visits
        policy = visits / visits.sum(axis=1, keepdims=True)
        columns = {"observation": np.asarray(rows.observation), "mask": self._facts.legal(rows), "policy": policy}
        self._waiting.append(columns | {"lane": rows.lane, "agent": rows.agent})
        self.searched += len(rows)

    def stepped(self, play: Play, step: Step) -> None:
        """Positions of matches that ended get their outcome."""
        if not step.done.any() or not self._waiting:
            return
        ended = self._split(play.live[step.done])
        returns = play.returns @ self._facts.sides
        side = self._facts.spec.side_of[ended["agent"]]
        ended["value"] = self._facts.scaled(returns[ended["lane"], side]).astype(np.float32)
        self._ended.append(ended)

    def void(self, play: Play, lanes: Ints) -> None:
        """Forget the positions of these matches."""
        self._split(lanes)

    def take(self) -> dict[str, Array] | None:
        """The positions of matches that ended since the last time; None where there are none."""
        ended, self._ended = self._ended, []
        if not ended:
            return None
        return {name: np.concatenate([one[name] for one in ended]) for name in ended[0]}

    def save(self) -> dict[str, Array]:
        """The positions that wait."""
        return self._joined() if self._waiting else {}

    def _joined(self) -> dict[str, Array]:
        names = self._waiting[0]
        return {name: np.concatenate([one[name] for one in self._waiting]) for name in names}

    def _split(self, lanes: Ints) -> dict[str, Array]:
        """Take the positions of these lanes out of those that wait."""
        if not self._waiting:
            return {}
        joined = self._joined()
        over = np.isin(joined["lane"], lanes)
        self._waiting = [{name: column[~over] for name, column in joined.items()}]
        return {name: column[over] for name, column in joined.items()}
