"""RLlib modules around our networks, so that RLlib's learners, devices and DDP work on them."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, cast

import torch
from ray.rllib.core.rl_module.multi_rl_module import MultiRLModuleSpec
from ray.rllib.core.rl_module.rl_module import RLModuleSpec
from ray.rllib.core.rl_module.torch import TorchRLModule

from marl.env import EnvSpec
from marl.space import Space
from marl.training.networks import ModelConfig, Network, Sharing, module_ids
from marl.training.networks.build import fresh, seen_space

for _name in ("ray.rllib", "ray._common.deprecation"):  # RLlib warns of its own deprecated calls
    logging.getLogger(_name).setLevel(logging.ERROR)


@dataclass(frozen=True)
class ModuleSpec:
    """What one module is: what it sees, how it acts, and the shape of its network. Cheap to send to another process."""

    observation: Space
    action: Space
    model: ModelConfig

    def build(self, seed: int, name: str) -> Network:
        """A fresh network. Its weights follow from the seed and the module's id, whatever was drawn before."""
        return fresh(self.observation, self.action, self.model, seed, name)


class NetworkModule(TorchRLModule):
    """A `Network` as RLlib sees it. The batch is columns as tensors; with `memory` they are sequences."""

    def setup(self) -> None:
        """Called by RLlib's constructor."""
        self.spec: ModuleSpec = cast(dict[str, Any], self.model_config)["spec"]
        self.network = self.spec.build(0, "")

    def train(self, mode: bool = True) -> NetworkModule:
        """Nothing to walk through where nothing changes: RLlib asks before every minibatch."""
        return self if self.training == mode else super().train(mode)

    def _forward(self, batch: dict[str, Any], **_: Any) -> dict[str, torch.Tensor]:
        """`inputs` `[K, D]` (of the action distribution) and `value` `[K]`; padding is dropped from sequences."""
        mask = batch.get("mask")
        if "memory" not in batch:
            out = self.network(batch["observation"], mask, None)
            return {"inputs": out.inputs, "value": out.value}
        out = self.network.unroll(batch["observation"], mask, batch["memory"], batch["first"])
        return {"inputs": out.inputs[batch["valid"]], "value": out.value[batch["valid"]]}


def module_specs(spec: EnvSpec, model: ModelConfig, sharing: Sharing, sides: Collection[int]) -> dict[str, ModuleSpec]:
    """The modules that serve these sides, by id (see `marl.training.networks.module_ids`)."""
    result = {}
    for agent, name in enumerate(module_ids(spec, sharing)):
        if spec.side_of[agent] in sides:
            group = spec.groups[spec.group_of[agent]]
            result[name] = ModuleSpec(seen_space(group, model), group.action, model)
    return result


def multi_module_spec(modules: Mapping[str, ModuleSpec]) -> MultiRLModuleSpec:
    """RLlib's description of several modules, by id."""
    return MultiRLModuleSpec(
        rl_module_specs={
            name: RLModuleSpec(
                module_class=NetworkModule,
                observation_space=cast(Any, spec.observation),  # RLlib only hands them through
                action_space=cast(Any, spec.action),
                model_config={"spec": spec},
            )
            for name, spec in modules.items()
        }
    )
