"""Coarse correlated equilibria by mean-field PSRO: a device that draws how the population is spread.

Each step adds the best policy of who does not listen to the device, and chooses the device anew: the one worth most
among those that nobody leaves, over the draws that it may make: everybody on one policy, the steps of a learner without
regret, and the Nash equilibrium of the restricted game.

Source: Muller et al., Learning equilibria in mean-field games: introducing mean-field PSRO, AAMAS 2022
(arXiv:2111.08350), and Learning correlated equilibria in mean-field games, 2022 (arXiv:2208.10138).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from marl.registry.ranges import at_least
from marl.types import Floats, Ints
from marl_meanfield import exact
from marl_meanfield.correlation import Device, chosen, payoffs, played
from marl_meanfield.game import MeanFieldGame
from marl_meanfield.restricted import Restricted, respond
from marl_meanfield.solver import State
from marl_meanfield.solvers.psro import nash, widened

ADDED = 3  # policies that join at a step, at most: linear programs grow with the square of their number


@dataclass
class Params:
    """Of correlated equilibria."""

    regret_steps: int = 50
    """Steps of the learner without regret in the restricted game."""
    meta_steps: int = 100
    """Steps towards the Nash equilibrium of the restricted game, at most."""

    def __post_init__(self) -> None:
        at_least(self, 1, "regret_steps", "meta_steps")


class CoarseCorrelated:
    """The population is a device's draw; its gap is what the best policy gains that does not listen."""

    gap_of = "CCE gap"
    name = "meanfield/coarse_correlated"
    swaps = False

    def __init__(self, params: Params | None = None) -> None:
        self.params = params or Params()

    def start(self, game: MeanFieldGame) -> State:
        """See `Solver`. Besides the policy: a restricted game, and the device's `draws` `[M, P, K]` and `chances`."""
        first = Restricted.empty(game, self.name).joined(respond(game, exact.flow(game, exact.uniform(game))))
        state = {"policy": exact.uniform(game), "shares": np.ones((len(game.populations), 1)), **first.arrays()}
        return self._settled(state, Device(first, state["shares"][None], np.ones(1)))

    def step(self, game: MeanFieldGame, state: State, along: Floats, number: int) -> None:
        """See `Solver`."""
        device = self.device(game, state)
        restricted = device.restricted
        for response in self._leave(device)[1][:ADDED]:
            restricted = restricted.joined(response)
        count = len(restricted.responses)
        shares = nash(restricted, widened(state["shares"], count), self.params.meta_steps, 1e-6)
        state["shares"] = shares
        even = np.full_like(shares, 1.0 / count)
        all_on_one = np.repeat(np.eye(count)[:, None], len(shares), axis=1)
        learner = np.stack(list(played(restricted, even, self.params.regret_steps)))
        draws = np.concatenate([all_on_one, shares[None], learner])
        chances = chosen(draws, payoffs(restricted, draws), self.swaps)
        drawn = chances > 0
        self._settled(state, Device(restricted, draws[drawn], chances[drawn]))

    def device(self, game: MeanFieldGame, state: State) -> Device:
        """The device of a state."""
        return Device(Restricted.of(game, state), state["draws"], state["chances"])

    def gap(self, game: MeanFieldGame, state: State) -> float:
        """See `Solver`: what is gained by leaving the device."""
        return self._leave(self.device(game, state))[0]

    def _leave(self, device: Device) -> tuple[float, list[Ints]]:
        return device.swapped() if self.swaps else device.coarse()

    def _settled(self, state: State, device: Device) -> State:
        """A state with this device, whose policy is that of the mean draw."""
        state.update(device.restricted.arrays(), draws=device.shares, chances=device.chances)
        state["policy"][...] = device.restricted.policy(np.einsum("m,mpk->pk", device.chances, device.shares))
        return state
