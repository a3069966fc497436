"""The policy that plays networks."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from marl import tree
from marl.env import EnvSpec, Rows
from marl.errors import RunError, UserError
from marl.policy import Acts
from marl.snapshot import JSON, Snapshot, canonical
from marl.training.behaviour import Behaviour, Perturbing
from marl.training.model import Sharing
from marl.training.networks import saved
from marl.training.networks.build import module_ids, places
from marl.training.networks.network import Network, Output
from marl.training.networks.stacked import NetworkStack
from marl.training.networks.tensors import all_finite, finite, numpy, tensor, tensors
from marl.types import Array, ArrayTree, Floats, Ints, Keys


class NetworkPolicy:
    """Plays networks: one or several, by agent. It plays whatever weights they have when it is asked.

    `networks`: by module id; `sharing` says which id serves which agent (see `module_ids`). Agents whose network is
    missing cannot be played, so a policy may hold those of one side only. Equal batches give equal answers, to the bit;
    a row that stands in another batch is answered the same to about 1e-5, because products of other sizes round
    differently. Networks of different groups may be of different kinds; the memory of a row is as large as the largest.

    `behaviour` is how it acts, by what its networks say and by `coefficients`; no snapshot has either. By default
    actions are drawn from the distribution. What a `Perturbing` one remembers is the policy's memory.
    """

    def __init__(
        self,
        spec: EnvSpec,
        networks: Mapping[str, Network],
        sharing: Sharing = "all",
        behaviour: Behaviour | None = None,
    ) -> None:
        self.spec, self.networks, self.sharing = spec, dict(networks), sharing
        self.behaviour, self.coefficients = behaviour, dict[str, float]()
        ids = module_ids(spec, sharing)
        names = list(self.networks)
        unknown = sorted(set(names) - set(ids))
        if unknown:
            raise ValueError(
                f"networks {unknown} serve nobody when sharing is {sharing!r}: the ids are {sorted(set(ids))}"
            )
        self._networks = list(self.networks.values())
        self._of_agent = np.array([names.index(name) if name in self.networks else -1 for name in ids])
        self._incomplete = bool((self._of_agent < 0).any())
        self._place = places(spec)
        self._alone = [_only(self._of_agent[list(group.agents)]) for group in spec.groups]
        self._memory = max((network.memory_size for network in self._networks), default=0)
        self._perturbing = behaviour if isinstance(behaviour, Perturbing) else None
        if self._perturbing is not None:
            if self._memory:
                raise UserError("parameter noise is for models without a memory; explore by another behaviour")
            self._memory = self._perturbing.memory

    def memory(self, rows: int) -> Array | None:
        """Zeros `float32[rows, M]`, or None without a memory."""
        return np.zeros((rows, self._memory), dtype=np.float32) if self._memory else None

    def act(self, rows: Rows, memory: Array | None, keys: Keys) -> Acts:
        """Sample an action for each of K rows; see `Policy.act`. Values come with them.

        Raises RunError where the environment shows, or a network answers, numbers that are not finite.
        """
        self._check(rows)
        index = self._alone[rows.group]
        if index is None:
            which = self._of_agent[rows.agent]
            if (which != which[0]).any():
                return self._act_apart(which, rows, memory, keys)
            index = int(which[0])
        return self._act(self._networks[index], rows, memory, keys)

    def probabilities(self, rows: Rows) -> Floats:
        """The probability of each action, `float64[K, A]`. UserError with a memory, or where actions are no list."""
        if self._memory:
            raise UserError("a policy with a memory has no probabilities that follow from one row alone")
        self._check(rows)
        which = self._of_agent[rows.agent]
        tables = []
        for index in np.unique(which):
            part = rows.take(np.flatnonzero(which == index))
            network = self._networks[int(index)]
            inputs = finite(numpy(_forward(network, self.seen(part.observation, part.agent), None).inputs))
            tables.append(network.distribution.probabilities(inputs, part.mask))
        back = np.argsort(np.argsort(which, kind="stable"), kind="stable")
        return np.concatenate(tables)[back]

    def snapshot(self, meta: Mapping[str, JSON] | None = None) -> Snapshot:
        """These weights as they are now (copied), with what it takes to build the networks again, and `meta` beside."""
        return saved.save(self.networks, self.sharing, meta or {})

    def build(self) -> Hashable | None:
        """What policies must have in common to be stacked; None for those that learn, or that have several networks."""
        if len(self._networks) != 1 or not self._networks[0].stackable:
            return None
        network = self._networks[0]
        kind = canonical(saved.describe_network(network)), type(network.distribution)
        return kind, str(network.device), tuple(self._of_agent.tolist())

    def stack(self, policies: Sequence[NetworkPolicy]) -> NetworkStack:
        """Policies of this build as one; see `marl.policy.Stackable`."""
        networks = [network for policy in policies for network in policy.networks.values()]
        return NetworkStack(networks, self._check, self.seen)

    def seen(self, observation: ArrayTree, agent: Ints) -> ArrayTree:
        """What the networks see of K rows of a group: observations, with `identity` beside each agent's place (see
        `places`)."""
        if not self._networks[self._of_agent[agent[0]]].config.identity:
            return observation
        return {"agent": self._place[agent], "observation": observation}

    def _check(self, rows: Rows) -> None:
        """Refuse rows that these networks must not answer."""
        for path, leaf in tree.leaves(rows.observation):
            if leaf.dtype.kind == "f" and not all_finite(leaf):
                row = int((~np.isfinite(leaf)).reshape(len(leaf), -1).any(axis=1).argmax())
                raise RunError(
                    f"the environment shows {self.spec.agents[int(rows.agent[row])]!r} an observation"
                    f"{f' ({path})' if path else ''} that is not finite, and no network can play with that"
                )
        if self._incomplete and (absent := rows.agent[self._of_agent[rows.agent] < 0]).size:
            agent = self.spec.agents[int(absent[0])]
            raise UserError(f"this policy has no network for {agent!r}: it has {', '.join(self.networks) or 'none'}")

    def _act(self, network: Network, rows: Rows, memory: Array | None, keys: Keys) -> Acts:
        if self._perturbing is not None:
            return self._act_perturbed(self._perturbing, network, rows, _given(memory), keys)
        size = network.memory_size
        known = None if memory is None or size == 0 else memory[:, :size]
        out = _forward(network, self.seen(rows.observation, rows.agent), known)
        if out.memory is not None:
            memory = self.memory(len(rows)) if memory is None or size == self._memory else memory.copy()
            _given(memory)[:, :size] = numpy(out.memory)
        inputs = finite(numpy(out.inputs))
        if self.behaviour is None:
            action, logp = network.distribution.sample(inputs, rows.mask, keys)
        else:
            action, logp = self.behaviour.sample(network.distribution, inputs, rows.mask, keys, self.coefficients)
        value: Array | None = None if out.value is None else numpy(out.value) * network.value_scale
        return Acts(action, logp, value, memory)

    def _act_perturbed(self, behaviour: Perturbing, network: Network, rows: Rows, memory: Array, keys: Keys) -> Acts:
        memory, seen = behaviour.begun(memory, keys), self.seen(rows.observation, rows.agent)
        name = next(name for name, known in self.networks.items() if known is network)
        inputs = behaviour.inputs(name, network, tensors(seen, network.device), memory, self.coefficients)
        action, logp = behaviour.sample(network.distribution, finite(inputs), rows.mask, keys, self.coefficients)
        return Acts(action, logp, None, memory)

    def _act_apart(self, which: Ints, rows: Rows, memory: Array | None, keys: Keys) -> Acts:
        """Rows of several networks: each answers its own."""
        order = np.argsort(which, kind="stable")
        parts: list[Acts] = []
        for where in np.split(order, np.flatnonzero(np.diff(which[order])) + 1):
            part = rows.take(where)
            known = None if memory is None else memory[where]
            parts.append(self._act(self._networks[int(which[where[0]])], part, known, keys[where]))
        back = np.argsort(order, kind="stable")
        values = None if parts[0].value is None else np.concatenate([_given(part.value) for part in parts])[back]
        memories = None if memory is None else np.concatenate([_given(part.memory) for part in parts])[back]
        action, logp = (np.concatenate([getattr(part, name) for part in parts])[back] for name in ("action", "logp"))
        return Acts(action, logp, values, memories)


@dataclass
class NetworkParams:
    """How a network is played."""

    greedy: bool = False
    """The most probable action, always, instead of a draw. Where secrets matter, that can be exploited."""


@torch.inference_mode()
def _forward(network: Network, observation: ArrayTree, memory: Array | None) -> Output:
    device = network.device
    known = None if memory is None else tensor(memory, device)
    output: Output = network(tensors(observation, device), None, known)
    return output


def _only(which: Ints) -> int | None:
    """The one network that serves a whole group, or None."""
    return int(which[0]) if (which == which[0]).all() else None


def _given(array: Array | None) -> Array:
    assert array is not None
    return array
