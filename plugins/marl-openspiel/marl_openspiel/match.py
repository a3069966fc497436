"""One match of an OpenSpiel game: its state, its seeds and counters, and who must act now."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyspiel

from marl.types import Floats
from marl_openspiel.chance import pick, stream, uniform

_CHANCE = int(pyspiel.PlayerId.CHANCE)
_SIMULTANEOUS = int(pyspiel.PlayerId.SIMULTANEOUS)


@dataclass(slots=True)
class Match:
    """A match in progress.

    `seed`: what chance follows from, through its `chance` stream; `draws`: how many numbers it drew. `acted`: a bit for
    each player that has acted. `returned`: the rewards `[N]` handed out so far. `players`: who must act, ascending, and
    `legal`: what each may do. `joint`: they act at the same time.
    """

    state: Any
    seed: int
    returned: Floats
    chance: int = 0
    draws: int = 0
    ticks: int = 0
    acted: int = 0
    over: bool = False
    joint: bool = False
    players: tuple[int, ...] = ()
    legal: tuple[list[int], ...] = ()

    def settle(self) -> None:
        """Let chance move until somebody must act or the game has ended."""
        state = self.state
        player = state.current_player()
        while player == _CHANCE:
            state.apply_action(pick(state.chance_outcomes(), uniform(self.chance, self.draws)))
            self.draws += 1
            player = state.current_player()
        if player >= 0:
            self.joint, self.players, self.legal = False, (player,), (state.legal_actions(),)
        elif player == _SIMULTANEOUS:
            options = [(each, state.legal_actions(each)) for each in range(len(self.returned))]
            options = [option for option in options if option[1]]
            self.joint = True
            self.players, self.legal = tuple(each for each, _ in options), tuple(legal for _, legal in options)
        else:
            self.joint, self.players, self.legal = False, (), ()

    @property
    def ended(self) -> bool:
        """Whether the game has ended by its own rules (at a joint node it goes on even if nobody has a choice)."""
        return not self.players and not self.joint

    def play(self, actions: Sequence[int]) -> int:
        """Play one action for each of `players`, unless one is illegal: returns who broke the rules, or -1."""
        self.ticks += 1
        for player, action, legal in zip(self.players, actions, self.legal, strict=True):
            self.acted |= 1 << player
            if action not in legal:
                return player
        if self.joint:
            joint = [0] * len(self.returned)  # what OpenSpiel expects of players who have nothing to decide
            for player, action in zip(self.players, actions, strict=True):
                joint[player] = action
            self.state.apply_actions(joint)
        elif actions:
            self.state.apply_action(actions[0])
        self.settle()
        return -1

    def clone(self) -> Match:
        """The same match once more; what either plays, the other does not see."""
        other = copy.copy(self)
        other.state, other.returned = self.state.clone(), self.returned.copy()
        return other

    def end(self) -> None:
        """Nobody acts any more."""
        self.over, self.players, self.legal = True, (), ()


def begin(game: Any, seed: int) -> Match:
    """A new match whose chance follows from `seed`."""
    match = Match(seeded(game, seed).new_initial_state(), seed, np.zeros(game.num_players()), stream(seed))
    match.settle()
    return match


def samples_itself(game: Any) -> bool:
    """Whether the game draws its chance from a generator of its own."""
    return bool(game.get_type().chance_mode == pyspiel.GameType.ChanceMode.SAMPLED_STOCHASTIC)


def seeded(game: Any, seed: int) -> Any:
    """The game itself, or, where it draws chance itself, a copy that does so from this seed."""
    if not samples_itself(game):
        return game
    parameters = {**game.get_parameters(), "rng_seed": stream(seed) >> 33}
    return pyspiel.load_game(game.get_type().short_name, parameters)
