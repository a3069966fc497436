"""Heads: what a network says beside what it sees, as the algorithm needs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Heads:
    """`policy`: what the inputs of the action distribution are. `value`: whether there is a value of states besides.

    `logits`: of the distribution that goes with the action space. `values`: one for each discrete action, of which the
    greatest is played. `duelling`: values too, as the value of the state and what each action adds to it (Wang et al.,
    "Dueling network architectures for deep reinforcement learning", ICML 2016). `squashed`: real actions are drawn
    from normals that follow from what is seen, and squashed into their bounds; discrete ones are as with `logits`.
    """

    policy: Literal["logits", "values", "duelling", "squashed"] = "logits"
    value: bool = True

    @property
    def estimates(self) -> bool:
        """Whether the inputs are values of actions."""
        return self.policy in ("values", "duelling")
