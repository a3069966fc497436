"""The networks of deep solvers, what they see of a state, and how they stand in a solver's state."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from marl import rng
from marl.types import Floats
from marl_meanfield import exact
from marl_meanfield.game import MeanFieldGame
from marl_meanfield.solver import State


class Sight:
    """What a network sees of each time, population and state, `[T * P * S, F]`, and what is legal there, `[.., A]`.

    One number for each time, population, and coordinate of a state in the game's layout, 1 where it is that one.
    """

    def __init__(self, game: MeanFieldGame) -> None:
        self.shape = (game.horizon, len(game.populations), game.states, game.actions)
        places = np.unravel_index(np.arange(game.states), game.layout)
        state = np.concatenate([np.eye(size)[place] for size, place in zip(game.layout, places, strict=True)], axis=1)
        parts = (np.eye(game.horizon)[:, None, None], np.eye(len(game.populations))[None, :, None], state[None, None])
        seen = np.concatenate([np.broadcast_to(part, (*self.shape[:3], part.shape[-1])) for part in parts], axis=-1)
        self.seen = torch.from_numpy(seen.reshape(-1, seen.shape[-1]).astype(np.float32))
        legal = np.ones((*self.shape[:2], game.actions, game.states), bool)
        if game.legal is not None:
            legal = np.broadcast_to(game.legal, legal.shape)
        self.legal = torch.from_numpy(np.ascontiguousarray(legal.transpose(0, 1, 3, 2)).reshape(-1, game.actions))

    def table(self, values: Tensor) -> Floats:
        """Of all rows `[T * P * S, A]` to a policy's shape, `[T, P, A, S]`."""
        whole = values.detach().numpy().astype(np.float64).reshape(self.shape)
        return np.ascontiguousarray(whole.transpose(0, 1, 3, 2))

    def logits(self, values: Tensor, rows: Tensor | None = None) -> Tensor:
        """Minus infinity where an action is not legal."""
        legal = self.legal if rows is None else self.legal[rows]
        return values.masked_fill(~legal, -torch.inf)


def network(inputs: int, outputs: int, width: int, seed: int, what: int) -> nn.Sequential:
    """Two hidden layers; weights follow from the seed, and from which network of a solver it is."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(rng.mix(seed, what)[0]) >> 1)
        return nn.Sequential(
            nn.Linear(inputs, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, outputs)
        )


class Learner:
    """A network with Adam, in a solver's state under its name: so that runs resume to the last bit."""

    def __init__(self, name: str, make: Callable[[], nn.Sequential], rate: float, state: State | None = None) -> None:
        self.name, self.net = name, make()
        self.adam = torch.optim.Adam(self.net.parameters(), lr=rate)
        if state is not None:
            self._load(state)

    def fit(self, loss: Tensor) -> None:
        """One step down a loss; gradients are at most of length 10."""
        self.adam.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 10.0)
        self.adam.step()

    def arrays(self) -> State:
        """All that the next step depends on."""
        found: State = {}
        for index, weights in enumerate(self.net.parameters()):
            found[f"{self.name}/{index}"] = weights.detach().numpy().copy()
            for moment in ("exp_avg", "exp_avg_sq", "step"):
                known = self.adam.state[weights].get(moment)
                if known is not None:
                    found[f"{self.name}/{index}/{moment}"] = known.numpy().copy()
        return found

    def _load(self, state: State) -> None:
        with torch.no_grad():
            for index, weights in enumerate(self.net.parameters()):
                weights.copy_(torch.from_numpy(state[f"{self.name}/{index}"]))
                if f"{self.name}/{index}/step" in state:
                    self.adam.state[weights] = {
                        moment: torch.from_numpy(state[f"{self.name}/{index}/{moment}"].copy())
                        for moment in ("step", "exp_avg", "exp_avg_sq")
                    }


def size_of(game: MeanFieldGame) -> float:
    """How large values are: what networks say is multiplied by it, so that they say numbers of the size of 1."""
    policy = exact.uniform(game)
    return float(max(1.0, np.abs(exact.value(game, policy, exact.flow(game, policy))).max()))


def batches(key: int, number: int, what: int, count: int, size: int, steps: int) -> list[Tensor]:
    """Which of `count` rows each of so many steps learns from, `[size]` each, drawn with replacement."""
    keys = rng.mix(key, number, what, np.arange(steps)[:, None] * size + np.arange(size))
    return list(torch.from_numpy(rng.integers(keys.reshape(-1), count).reshape(steps, size)))
