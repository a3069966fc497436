"""What a learner has, beside its loss: networks, critics, optimisers, target networks; how it starts and is saved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, cast

import torch
from ray.rllib.algorithms.algorithm_config import AlgorithmConfig
from ray.rllib.core.learner.torch.torch_learner import TorchLearner

from marl.algorithm import Checkpoint
from marl.training.auxiliary import Auxiliaries
from marl.training.averaging import Average
from marl.training.checkpoint import load_learner, save_learner
from marl.training.data_parallel import DataParallel
from marl.training.minibatches import Tensors
from marl.training.modules import ModuleSpec, NetworkModule, multi_module_spec
from marl.training.networks import Distribution, Network
from marl.training.networks.build import seeded
from marl.training.optimisers import adam
from marl.types import Array


class LearnerState(TorchLearner):
    """RLlib's `TorchLearner` with our networks, and with critics and what is remembered beside them.

    What it has is told by `marl.training.learner.ColumnLearner`, which fits it.
    """

    @classmethod
    def make(cls, modules: Mapping[str, ModuleSpec], hyper: Any, config: AlgorithmConfig | None = None) -> Self:
        """A learner in this process. It does not start Ray."""
        learner = cls(config=config or cls.configuration(hyper), module_spec=multi_module_spec(modules))
        learner.build()
        return learner

    @classmethod
    def configuration(cls, hyper: Any) -> AlgorithmConfig:
        """What RLlib must know: which learner, and our hyper-parameters for it."""
        config = AlgorithmConfig().framework("torch").learners(learner_class=cls, learner_config_dict={"hyper": hyper})
        config.torch_skip_nan_gradients = True  # RLlib's check of every gradient is slow; `fit` checks their norm
        return config

    def build(self) -> None:
        """Called by RLlib, in the process in which the learner lives."""
        torch.set_num_threads(1)  # small networks are slower on several threads
        self.hyper: Any = self.config.learner_config_dict["hyper"]
        self._auxiliaries = Auxiliaries(self.hyper.auxiliary)
        self.coefficients: dict[str, float] = {}
        self.memo: dict[str, dict[str, float]] = {}
        self.past: dict[str, dict[str, torch.Tensor]] = {}
        self.averages: dict[str, Average] = {}
        self.critics: dict[str, dict[str, torch.nn.Module]] = {}
        self._weights_of: dict[tuple[str, str], dict[str, torch.nn.Parameter]] = {}
        super().build()
        self.parallel = DataParallel(bool(self.distributed))
        for name in self.names:
            self.critics[name] = self._fresh_critics(name, 0)
            for key, critic in self.critics[name].items():
                params = list(critic.to(self._device).parameters())
                optimizer = adam(params, self.hyper.lr)
                self.register_optimizer(module_id=name, optimizer_name=key, optimizer=optimizer, params=params)

    def configure_optimizers_for_module(self, module_id: str, config: Any = None) -> None:
        """RLlib's hook: `marl.training.optimisers.adam` for a network."""
        params = self.get_parameters(self.module[module_id])
        self.register_optimizer(module_id=module_id, optimizer=adam(params, self.hyper.lr), params=params)

    def make_critics(self, module_id: str, network: Network) -> dict[str, torch.nn.Module]:
        """Further modules that only the loss needs, by name: critics, mixers, predictors, temperatures.

        Each gets an optimiser of its own. They are in checkpoints, never in snapshots. Called once for each module,
        with its network; their weights may follow from torch's generator, which is seeded.
        """
        return {}

    def target(self, module_id: str, name: str = "") -> dict[str, torch.Tensor]:
        """The weights of a target network, in `past`: of the module's network or a critic; at first those of now."""
        now = self._named(module_id, name)
        past, prefix = self.past.setdefault(module_id, {}), f"{name}:" if name else ""
        for key, value in now.items():
            if f"{prefix}{key}" not in past:
                past[f"{prefix}{key}"] = value.detach().clone()
        return {key: past[f"{prefix}{key}"] for key in now}

    def follow(self, module_id: str, rate: float, name: str = "") -> None:
        """Let a target network go this far towards the weights of now; 1 makes them equal."""
        past, now = self.target(module_id, name), self._named(module_id, name)
        torch._foreach_lerp_(list(past.values()), [now[key].detach() for key in past], rate)

    def _named(self, module_id: str, critic: str = "") -> dict[str, torch.nn.Parameter]:
        """The weights of a module's network or critic by name; they are found once, for they stay the same objects."""
        if (module_id, critic) not in self._weights_of:
            module = self.critics[module_id][critic] if critic else self.network(module_id)
            self._weights_of[module_id, critic] = dict(module.named_parameters())
        return self._weights_of[module_id, critic]

    def reset(self, seed: int) -> None:
        """A cold start in place: fresh weights, fresh optimisers, nothing remembered."""
        for name in self.names:
            fresh = self._bare(name).spec.build(seed, name)
            self.network(name).load_state_dict(fresh.state_dict())
            for key, critic in self._fresh_critics(name, seed).items():
                self.critics[name][key].load_state_dict(critic.state_dict())
        for optimizer in self._named_optimizers.values():
            optimizer.state.clear()
        self.memo, self.past, self.averages = {}, {}, {}

    def inputs(
        self,
        module_id: str,
        columns: Tensors,
        weights: Mapping[str, torch.Tensor] | None = None,
        learns: bool = False,
    ) -> Any:
        """The inputs of the action distribution as a column: of the module, or of other weights.

        `learns`: with a gradient.
        """
        module = self._bare(module_id)
        named = {f"network.{name}": value for name, value in (weights or {}).items()}
        with torch.set_grad_enabled(learns):
            inputs = (torch.func.functional_call(module, named, (columns,)) if named else module(columns))["inputs"]
        if "valid" not in columns:
            return inputs
        valid = columns["valid"]
        column = inputs.new_zeros((*valid.shape, *inputs.shape[1:]))
        column[valid] = inputs
        return column

    @property
    def names(self) -> tuple[str, ...]:
        """The module ids."""
        return tuple(sorted(self.module.keys()))

    def network(self, module_id: str) -> Network:
        """The network of a module: the very one that is trained."""
        network: Network = self._bare(module_id).network
        return network

    def distribution(self, module_id: str) -> Distribution:
        """The action distribution of a module."""
        return self.network(module_id).distribution

    def weights(self) -> dict[str, Array]:
        """A copy of all weights, by "module/parameter"."""
        return {
            f"{name}/{key}": value.detach().cpu().numpy().copy()
            for name in self.names
            for key, value in self.network(name).state_dict().items()
        }

    def save(self) -> Checkpoint:
        """Weights, optimisers, `memo`, `past` and `averages`: everything that a fit depends on."""
        return save_learner(self)

    def load(self, checkpoint: Checkpoint) -> None:
        """Go back (or on) to a saved state, whichever is older."""
        load_learner(self, checkpoint)

    def _fresh_critics(self, name: str, seed: int) -> dict[str, torch.nn.Module]:
        with seeded(seed, f"{name} critics"):
            network = self.network(name)
            return {**self.make_critics(name, network), **self._auxiliaries.modules(network)}

    def _bare(self, module_id: str) -> NetworkModule:
        return cast(NetworkModule, self.module[module_id].unwrapped())
