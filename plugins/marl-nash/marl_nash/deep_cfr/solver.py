"""The iterations of Deep CFR: traversals of each side, what is kept of them, and the advantages that follow."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from marl import rng, tree
from marl.algorithm import Checkpoint
from marl.env import Environment
from marl.errors import UserError
from marl.training.checkpoint import part
from marl.training.modules import ModuleSpec
from marl.training.networks import Network
from marl.training.networks.saved import weights
from marl.types import Array, Bools, Floats
from marl_nash.deep_cfr.fitting import OBSERVATION, advantages, fitted, matched, merged
from marl_nash.deep_cfr.params import DeepCFRParams
from marl_nash.reservoir import Reservoir
from marl_tabular.lanes import Lanes, Node
from marl_tabular.traversal import Level, regrets, walk

_WEIGHTS, _RESERVOIR = "advantages/", "reservoir/"


class DeepRegret:
    """All sides of an environment, learning together.

    `modules`: by side, what its network of advantages is. `players`: by agent, the network that plays for it. What a
    traversal shows of the traverser goes into its side's reservoir of regrets; how the side after it plays there goes
    into the reservoir of policies of the network that will play for that. `networks`: None before a side's first fit.
    """

    def __init__(
        self,
        make: Callable[[int], Environment],
        actions: int,
        agents: Sequence[int],
        modules: Sequence[tuple[str, ModuleSpec]],
        players: Sequence[str],
        params: DeepCFRParams,
        seed: int,
    ) -> None:
        self.lanes, self.actions, self.agents = Lanes(make, actions), actions, tuple(agents)
        self.modules, self.players, self.params, self.seed = tuple(modules), tuple(players), params, seed
        self.iterations = self.env_steps = 0
        self.networks: list[Network | None] = [None] * len(self.agents)
        self.regrets = [self._reservoir(f"regrets of {side}") for side in range(len(self.agents))]
        self.policies = {name: self._reservoir(f"policies of {name}") for name in players}

    def iterate(self) -> dict[str, float]:
        """One iteration; what to report. Sides come one after another, each against the newest of the others."""
        self.iterations += 1
        told: dict[str, float] = {}
        for side, (name, module) in enumerate(self.modules):
            levels = self.traverse(side)
            self._remember(side, levels)
            examples = merged(self.regrets[side].columns)
            seed = int(rng.mix(self.seed, self.iterations, side)[0])
            self.networks[side], loss = fitted("advantages", module, name, examples, self.params, seed)
            told |= {f"advantage_loss_{side}": loss, f"information_sets_{side}": float(len(examples.weight))}
        return {"iterations": float(self.iterations), **told}

    def traverse(self, side: int) -> list[Level]:
        """So many traversals of a side."""
        keys = rng.mix(self.seed, self.iterations, side, np.arange(self.params.traversals))
        levels = walk(self.lanes, self.agents[side], keys, self.policy)
        self.env_steps += sum(len(level.action) for level in levels)
        return levels

    def policy(self, waiting: Node) -> Floats:
        """How K matches that wait for somebody are played now, `float64[K, A]`: regret matching."""
        said = np.zeros((len(waiting), self.actions))
        for rows, where in waiting.rows:
            for side, agent in enumerate(self.agents):
                network, mine = self.networks[side], rows.agent == agent
                if network is not None and mine.any():
                    answers = advantages(network, tree.take(rows.observation, mine))
                    said[where[mine], : answers.shape[1]] = answers
        return matched(said, waiting.mask)

    def average(self, name: str, module: ModuleSpec) -> tuple[Network, float]:
        """A network that plays as its agents did on average over all iterations so far, and the loss of its fit."""
        reservoir, seed = self.policies[name], int(rng.mix(self.seed, self.iterations, len(self.agents))[0])
        if not len(reservoir):  # agents that never come to act
            return module.build(seed, name).eval().requires_grad_(False), 0.0
        return fitted("policy", module, name, merged(reservoir.columns), self.params, seed)

    def save(self) -> Checkpoint:
        """All that the next iteration depends on."""
        arrays: dict[str, Array] = {}
        for (name, _), network in zip(self.modules, self.networks, strict=True):
            arrays |= {} if network is None else {f"{_WEIGHTS}{k}": v for k, v in weights({name: network}).items()}
        for name, reservoir in self._reservoirs().items():
            arrays |= {f"{_RESERVOIR}{name}/{column}": rows for column, rows in reservoir.save().items()}
        seen = {name: reservoir.seen for name, reservoir in self._reservoirs().items()}
        return Checkpoint(arrays, {"iterations": self.iterations, "env_steps": self.env_steps, "seen": seen})

    def load(self, saved: Checkpoint) -> None:
        """Go on from what `save` gave. Raises UserError where it is of other networks, or of another game."""
        meta: Mapping[str, Any] = saved.meta
        reservoirs = self._reservoirs()
        if set(meta.get("seen", ())) != set(reservoirs):
            raise UserError(
                f"it has no reservoirs of {', '.join(reservoirs)}: is it of another algorithm or `sharing`?"
            )
        for side, (name, module) in enumerate(self.modules):
            if known := part(saved.arrays, f"{_WEIGHTS}{name}/"):
                self.networks[side] = _filled(module.build(0, name), name, known)
        for name, reservoir in reservoirs.items():
            rows = part(saved.arrays, f"{_RESERVOIR}{name}/")
            if rows and len(rows["key"]) != min(meta["seen"][name], self.params.capacity):
                raise UserError("its reservoirs have another capacity, and cannot become uniform samples of that size")
            reservoir.load(rows, meta["seen"][name])
        self.iterations, self.env_steps = meta["iterations"], meta["env_steps"]

    def _remember(self, side: int, levels: Sequence[Level]) -> None:
        """Keep what the traverser's actions came to more, and how the side after it played."""
        other = self.agents[(side + 1) % len(self.agents)]
        for level in levels:
            if (met := level.waiting.agent == other).any():
                self._add(self.policies[self.players[other]], level, met, level.policy[met])
        for number, gain in regrets(levels):
            if len(gain):
                self._add(self.regrets[side], levels[number], levels[number].traverser, gain)

    def _add(self, reservoir: Reservoir, level: Level, which: Bools, target: Floats) -> None:
        """Rows of matches that waited for one agent, in their order."""
        waiting, group = level.waiting, int(self.lanes.environment.spec.group_of[level.waiting.agent[which][0]])
        ((rows, where),) = [part for part in waiting.rows if part[0].group == group]
        mine = np.flatnonzero(which[where])
        order = mine[np.argsort(where[mine], kind="stable")]
        seen = {f"{OBSERVATION}{path}": leaf for path, leaf in tree.leaves(tree.take(rows.observation, order))}
        width = self.lanes.widths[group]
        reservoir.add(
            seen
            | {
                "key": waiting.seen[which],
                "mask": waiting.mask[which, :width],
                "iteration": np.full(len(target), self.iterations, dtype=np.int32),
                "target": target[:, :width].astype(np.float32),
            }
        )

    def _reservoir(self, name: str) -> Reservoir:
        return Reservoir(self.params.capacity, int(rng.mix(self.seed, zlib.crc32(name.encode()))[0]))

    def _reservoirs(self) -> dict[str, Reservoir]:
        return {**{f"regrets{side}": one for side, one in enumerate(self.regrets)}, **self.policies}


def _filled(network: Network, name: str, known: Mapping[str, Array]) -> Network:
    wanted = {key: tuple(value.shape) for key, value in network.state_dict().items()}
    if wrong := [key for key in wanted.keys() | known.keys() if wanted.get(key) != _shape(known.get(key))]:
        raise UserError(f"its network {name!r} is another one ({wrong[0]}): `model` and game must be as they were")
    network.load_state_dict({key: torch.from_numpy(np.array(value)) for key, value in known.items()})
    return network.eval().requires_grad_(False)


def _shape(array: Array | None) -> tuple[int, ...] | None:
    return None if array is None else array.shape
