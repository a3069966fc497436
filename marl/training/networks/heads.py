"""Heads: what a network says beside what it sees, as the algorithm needs it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self


@dataclass(frozen=True)
class TeamPart:
    """A team model (see `marl.training.networks.team_model`): its full name, `plugin/name`, and its parameters."""

    kind: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Heads:
    """`policy`: what the inputs of the action distribution are. `value`: whether there is a value of states besides.

    `logits`: of the distribution that goes with the action space. `values`: one for each discrete action, of which the
    greatest is played. `duelling`: values too, as the value of the state and what each action adds to it (Wang et al.,
    "Dueling network architectures for deep reinforcement learning", ICML 2016). `squashed`: real actions are drawn
    from normals that follow from what is seen, and squashed into their bounds; discrete ones are as with `logits`.

    `start`: how the layers below the heads of a new network begin (no snapshot tells it, for it has weights).
    `orthogonal` without biases, as in PPO's reference implementations. `uniform` with biases, within one over the root
    of the number of inputs, as in those of deep Q-learning (LeCun et al., "Efficient backprop", 1998; torch's default).
    `team`: what stands before them, where agents of a team hear or see what others do. `critics`: above 0, there is not
    one value of a state but so many, one for each term of a reward.

    Without biases a new network is odd (tanh) or homogeneous (relu) around 0; values of states are often neither.
    """

    policy: Literal["logits", "values", "duelling", "squashed"] = "logits"
    value: bool = True
    start: Literal["orthogonal", "uniform"] = "orthogonal"
    team: TeamPart | None = None
    critics: int = 0

    @property
    def played(self) -> dict[str, Any]:
        """What a snapshot must tell of them, as JSON: all that matters once there are weights."""
        team = {} if self.team is None else {"team": {"kind": self.team.kind, "params": dict(self.team.params)}}
        critics = {"critics": self.critics} if self.critics else {}
        return {"policy": self.policy, "value": self.value, **team, **critics}

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> Self:
        """What a snapshot tells; nothing of what it leaves out differs from the defaults."""
        team = told.get("team")
        return cls(**{**told, "team": None if team is None else TeamPart(**team)})

    @property
    def estimates(self) -> bool:
        """Whether the inputs are values of actions."""
        return self.policy in ("values", "duelling")
