"""What a learner has, beside its loss: networks, critics, optimisers, target networks; how it starts and is saved."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Self, TypeAlias, cast

import torch
from ray.rllib.algorithms.algorithm_config import AlgorithmConfig
from ray.rllib.core.learner.torch.torch_learner import TorchLearner
from ray.rllib.core.rl_module.multi_rl_module import MultiRLModuleSpec
from ray.rllib.core.rl_module.rl_module import RLModuleSpec
from ray.rllib.core.rl_module.torch import TorchRLModule

from marl.algorithm import Checkpoint
from marl.training.auxiliary import Auxiliaries
from marl.training.averaging import Average
from marl.training.checkpoint import load_learner, save_learner
from marl.training.data_parallel import DataParallel
from marl.training.modules import ModuleSpec
from marl.training.networks import Distribution, Network
from marl.training.networks.build import seeded
from marl.types import Array

Tensors: TypeAlias = dict[str, Any]  # columns as tensors (observations may be trees)
for _name in ("ray.rllib", "ray._common.deprecation"):  # RLlib warns of its own deprecated calls
    logging.getLogger(_name).setLevel(logging.ERROR)


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
        """`inputs` `[K, D]` (of the action distribution), `features` `[K, F]` and, if the heads have it, `value` `[K]`.

        Padding is dropped from sequences.
        """
        mask = batch.get("mask")
        if "memory" in batch:
            out = self.network.unroll(batch["observation"], mask, batch["memory"], batch["first"])
        else:
            out = self.network(batch["observation"], mask, None)
        said = {"inputs": out.inputs, "features": out.features}
        if out.value is not None:
            said["value"] = out.value
        return {name: part[batch["valid"]] for name, part in said.items()} if "memory" in batch else said


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
        self._places: dict[str, dict[str, list[tuple[dict[str, Any], str]]]] = {}
        super().build()
        self.parallel = DataParallel() if self.distributed else None
        for name in self.names:
            self.critics[name] = self._fresh_critics(name, 0)
            for key, critic in self.critics[name].items():
                params = list(critic.to(self._device).parameters())
                optimizer = adam(params, self.hyper.lr)
                self.register_optimizer(module_id=name, optimizer_name=key, optimizer=optimizer, params=params)

    def configure_optimizers_for_module(self, module_id: str, config: Any = None) -> None:
        """RLlib's hook: `adam` for a network."""
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
        with torch.set_grad_enabled(learns), self._put(module_id, weights or {}):
            inputs = self._bare(module_id)(columns)["inputs"]
        if "valid" not in columns:
            return inputs
        valid = columns["valid"]
        column = inputs.new_zeros((*valid.shape, *inputs.shape[1:]))
        column[valid] = inputs
        return column

    @contextmanager
    def _put(self, module_id: str, weights: Mapping[str, torch.Tensor]) -> Iterator[None]:
        """While it lasts, the network of a module has these weights, by name.

        It does what `torch.func.functional_call` does, which walks through the module every time: a tenth of a step.
        """
        if not weights:
            yield
            return
        if module_id not in self._places:
            self._places[module_id] = _places(self.network(module_id))
        places = self._places[module_id]
        own = [(holder, name, holder[name]) for key in weights for holder, name in places[key]]
        try:
            for key, value in weights.items():
                for holder, name in places[key]:
                    holder[name] = value
            yield
        finally:
            for holder, name, value in own:
                holder[name] = value

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


def _places(network: torch.nn.Module) -> dict[str, list[tuple[dict[str, Any], str]]]:
    """Where each weight of a network is kept, by its name; in several places where layers share it."""
    known = {id(value): key for key, value in network.named_parameters()}
    found: dict[str, list[tuple[dict[str, Any], str]]] = {key: [] for key in known.values()}
    for part in network.modules():
        for name, value in part._parameters.items():
            if value is not None:
                found[known[id(value)]].append((cast(dict[str, Any], part._parameters), name))
    return found


def adam(params: Iterable[torch.Tensor], lr: float) -> torch.optim.Optimizer:
    """Adam with the epsilon that PPO's reference implementations use (Huang et al., 2022)."""
    return torch.optim.Adam(params, lr=lr, eps=1e-5, fused=True)


def clipped(optimizers: Sequence[torch.optim.Optimizer], most: float | None) -> torch.Tensor:
    """Clip the global norm of each optimiser's gradients at `most` (None: not at all); the norm of all, before."""
    norms = []
    for optimizer in optimizers:
        every = [parameter for group in optimizer.param_groups for parameter in group["params"]]
        parameters = [parameter for parameter in every if parameter.grad is not None]
        if not parameters:
            continue
        norms.append(torch.nn.utils.get_total_norm([cast(torch.Tensor, p.grad) for p in parameters]))
        if most is not None:
            torch.nn.utils.clip_grads_with_norm_(parameters, most, norms[-1])
    return norms[0] if len(norms) == 1 else torch.stack(norms).norm()


def stop_where(broken: torch.Tensor, optimizers: Sequence[torch.optim.Optimizer]) -> bool:
    """Tell optimisers not to step if `broken`; False where one is not fused, and cannot be told."""
    if not all(optimizer.defaults.get("fused") for optimizer in optimizers):
        return False
    for optimizer in optimizers:
        cast(Any, optimizer).found_inf = broken  # so nobody waits for a GPU
    return True


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
