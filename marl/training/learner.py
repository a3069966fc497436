"""The learner: RLlib's `TorchLearner`, fed columns, with a loop of minibatches that is stated and reproducible.

RLlib's own `update` turns batches into iterators, shards and connector pieces, updates all modules of unequal row
counts together (so a small module gets many more epochs), and logs through Python objects. `fit` does none of that,
and uses the learner's own steps (forward_train, compute_losses, compute_gradients, postprocess_gradients,
apply_gradients), so that optimisers, devices and DDP remain RLlib's.
"""

from __future__ import annotations

import abc
import itertools
import zlib
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias, cast

import numpy as np
import torch
from ray.rllib.algorithms.algorithm_config import AlgorithmConfig
from ray.rllib.core.learner.torch.torch_learner import TorchLearner

from marl import rng, tree
from marl.algorithm import Checkpoint
from marl.errors import RunError
from marl.training.answers import asked_for_loss, not_finite
from marl.training.auxiliary import Auxiliaries
from marl.training.averaging import Average
from marl.training.checkpoint import load_learner, save_learner
from marl.training.columns import Columns, rows_of
from marl.training.modules import ModuleSpec, NetworkModule, multi_module_spec
from marl.training.networks import Distribution, Network
from marl.training.networks.build import seeded
from marl.training.networks.moments import Seen
from marl.types import Array

Tensors: TypeAlias = dict[str, Any]  # columns as tensors (observations may be trees)
Stats: TypeAlias = dict[str, torch.Tensor]  # named scalars of one minibatch, on the device, without gradient
_SEQUENCE = ("memory", "first", "valid")
_REWARDS = ("advantage", "target", "value", "reward")  # columns in units of rewards


class ColumnLearner(TorchLearner, abc.ABC):
    """Base of every algorithm's learner: implement `loss`. Everything else is the same for all of them.

    `hyper` are the algorithm's hyper-parameters; `coefficients` those that schedules change, by name ("lr", ...), as of
    this `fit`. `memo` and `past` are what the learner remembers of each module from one fit to the next, numbers
    (adaptive coefficients) and weights (target networks, magnets); `averages` are what snapshots carry with
    `hyper.average`; `critics` are modules that only the loss needs, by module and name (see `make_critics`). They are
    part of every checkpoint. `said` is what the loss said of each row of the last fit (see `say`).
    """

    @classmethod
    def make(
        cls, modules: Mapping[str, ModuleSpec], hyper: Any, config: AlgorithmConfig | None = None
    ) -> ColumnLearner:
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
        self.said: dict[str, Array] = {}
        self._say: list[torch.Tensor] = []
        self._seed = self._drawn = 0  # of this fit, and how often `normal` was called in it
        self._weights_of: dict[tuple[str, str], dict[str, torch.nn.Parameter]] = {}
        self._fitting = ""  # the module whose gradients are at hand
        self._weight: torch.Tensor | float = 1.0  # of this learner's means among those of the group
        super().build()
        for name in self.names:
            self.critics[name] = self._fresh_critics(name, 0)
            for key, critic in self.critics[name].items():
                params = list(critic.to(self._device).parameters())
                optimizer = torch.optim.Adam(params, lr=self.hyper.lr, eps=1e-5, fused=True)
                self.register_optimizer(module_id=name, optimizer_name=key, optimizer=optimizer, params=params)

    def configure_optimizers_for_module(self, module_id: str, config: Any = None) -> None:
        """Adam with the epsilon that PPO's reference implementations use."""
        params = self.get_parameters(self.module[module_id])
        optimizer = torch.optim.Adam(params, lr=self.hyper.lr, eps=1e-5, fused=True)
        self.register_optimizer(module_id=module_id, optimizer=optimizer, params=params)

    @abc.abstractmethod
    def loss(self, module_id: str, batch: Tensors, inputs: torch.Tensor, value: torch.Tensor) -> tuple[Any, Stats]:
        """The loss of a minibatch of K rows, and what to report of it: means over these rows.

        `batch`: columns `[K, ...]`. `inputs` `[K, D]` go into `distribution(module_id)`; `value` is `[K]` (None where
        the heads have none). Learners of a group may have unequal numbers of rows; what each returns is weighted by
        them.
        """

    def make_critics(self, module_id: str, network: Network) -> dict[str, torch.nn.Module]:
        """Further modules that only the loss needs, by name: critics, mixers, predictors, temperatures.

        Each gets an optimiser of its own. They are in checkpoints, never in snapshots. Called once for each module,
        with its network; their weights may follow from torch's generator, which is seeded.
        """
        return {}

    def say(self, rows: torch.Tensor) -> None:
        """Called in `loss`: a number for each of its rows `[K]`, for an experience that wants to know (priorities)."""
        self._say.append(rows.detach())

    def normal(self, *shape: int) -> torch.Tensor:
        """Standard normal numbers for `loss`, others at every call; they follow from the seed of the fit alone."""
        self._drawn += 1
        rank = torch.distributed.get_rank() if self.distributed else 0
        key = rng.mix(self._seed, self._number(self._fitting), self._drawn, rank)
        drawn = np.random.Generator(np.random.Philox(key=int(key[0]))).standard_normal(shape, dtype=np.float32)
        return torch.from_numpy(drawn).to(self._device)

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

    def stepped(self, module_id: str) -> None:
        """Called after every gradient step, for target networks in `past`."""

    def prepare(self, module_id: str, columns: Tensors) -> Tensors:
        """Further columns that the loss needs, computed once before the first epoch."""
        return {}

    def enough(self, module_id: str, stats: Mapping[str, float]) -> bool:
        """Whether to stop after an epoch; `stats` are that epoch's means. All learners of a group see the same."""
        return False

    def fitted(self, module_id: str, stats: Mapping[str, float]) -> None:
        """Called after the last epoch with its means, for adaptive coefficients in `memo`."""

    def fit(
        self,
        columns: Mapping[str, Columns],
        epochs: int,
        minibatches: Mapping[str, int],
        seed: int,
        coefficients: Mapping[str, float],
        seen: Mapping[str, Seen] | None = None,
        shuffled: bool = True,
    ) -> dict[str, dict[str, float]]:
        """Fit each module (or team of modules) to its columns: `epochs` times over, in `minibatches[name]` parts.

        The parts are near equal. The order of the rows is their own, or, if `shuffled`, follows from `seed`, the module
        and the epoch alone. Learners of a group must be given the same numbers of minibatches, and the same `seen`:
        what the rows of modules that normalise were like. These take that into account afterwards, so that they are
        fitted as they have played; the first time, when they have seen nothing yet, before. Returns the means over the
        last epoch, by module and name. Raises RunError where the loss or gradients are not finite; the weights are then
        those before that minibatch.
        """
        self.coefficients = dict(coefficients)
        if "lr" not in self.coefficients:
            raise RunError(f"{type(self.hyper).__name__}.coefficients gives no 'lr': go on from super().coefficients")
        for optimizer in self._named_optimizers.values():
            self._set_optimizer_lr(optimizer, self.coefficients["lr"])
        result, self.said = {}, {}
        self._seed, self._drawn = seed, 0
        late = self._absorb_first(seen or {})
        for name in sorted(columns):
            number = self._number(name)
            tensors = self._scaled(name, self._tensors(columns[name]))
            self._weight = self._weights_by_rows(tensors, torch.arange(rows_of(tensors), device=self._device), 1)[0]
            tensors |= self.prepare(name, tensors)
            stats: dict[str, float] = {}
            for epoch in range(epochs):
                count = rows_of(tensors)
                order = _permutation(count, seed, number, epoch) if shuffled else torch.arange(count)
                stats = self._epoch(name, tensors, order.to(self._device), minibatches[name])
                if self.enough(name, stats):
                    break
            self.fitted(name, stats)
            result[name] = {**stats, "epochs": float(epoch + 1)}
        for name, rows in late.items():
            self.network(name).absorb(rows)
        for name in sorted({module for one in columns for module in self.members(one)}) if self.hyper.average else ():
            weights = {key: parameter.detach() for key, parameter in self.network(name).named_parameters()}
            self.averages.setdefault(name, Average()).add(weights, self.hyper.average)
        return result

    def members(self, name: str) -> tuple[str, ...]:
        """The modules that are fitted together under this name: one alone; of a team, those of its agents."""
        return (name,)

    def losses(self, name: str, batch: Tensors) -> dict[str, Any]:
        """The loss of a minibatch by name, from a forward pass of the module; sets what is reported of it."""
        outputs = self.module.forward_train({name: batch})
        losses: dict[str, Any] = self.compute_losses(fwd_out=outputs, batch={name: batch})
        return losses

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

    def inputs(self, module_id: str, columns: Tensors, weights: Mapping[str, torch.Tensor] | None = None) -> Any:
        """The inputs of the action distribution as a column, without gradient: of the module, or of other weights."""
        module = self._bare(module_id)
        named = {f"network.{name}": value for name, value in (weights or {}).items()}
        with torch.no_grad():
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

    def compute_loss_for_module(self, *, module_id: str, config: Any, batch: Tensors, fwd_out: Any) -> Any:
        """RLlib's hook: our loss on rows without padding."""
        if "valid" in batch:
            valid = batch["valid"]
            rows = {name: column for name, column in batch.items() if name not in _SEQUENCE}
            batch = tree.map_tree(lambda leaf: leaf[valid], rows)
        loss, stats = asked_for_loss(
            self,
            lambda: self.loss(module_id, batch, fwd_out["inputs"], cast(torch.Tensor, fwd_out.get("value"))),
            batch,
            self.coefficients,
        )
        term, also = self._auxiliaries.terms(self.critics[module_id], batch, fwd_out["features"])
        loss, stats = loss + term, {**also, **stats}
        told = {name: value.to(self._device) for name, value in stats.items()}
        self._seen = {**told, "loss": loss.detach()}
        return loss * self._weight

    def postprocess_gradients(self, gradients_dict: dict[Any, Any]) -> dict[Any, Any]:
        """RLlib's hook: clip the global norm of the module whose gradients these are, and of each of its critics."""
        self._average_critics()
        norms = []
        for optimizer in self._optimisers(self._fitting):
            every = [parameter for group in optimizer.param_groups for parameter in group["params"]]
            parameters = [parameter for parameter in every if parameter.grad is not None]
            if not parameters:
                continue
            norms.append(torch.nn.utils.get_total_norm([cast(torch.Tensor, p.grad) for p in parameters]))
            if self.hyper.max_grad_norm is not None:
                torch.nn.utils.clip_grads_with_norm_(parameters, self.hyper.max_grad_norm, norms[-1])
        self._seen["grad_norm"] = norms[0] if len(norms) == 1 else torch.stack(norms).norm()
        return gradients_dict

    def _average_critics(self) -> None:
        """What DDP does for networks: the mean of all learners' gradients (losses are weighted by rows already)."""
        modules = self.members(self._fitting) if self.distributed else ()
        critics = [critic for module in modules for critic in self.critics[module].values()]
        for parameter in (parameter for critic in critics for parameter in critic.parameters()):
            if parameter.grad is not None:
                torch.distributed.all_reduce(parameter.grad)
                parameter.grad /= self._learners

    def normalised(self, advantage: torch.Tensor) -> torch.Tensor:
        """Advantages `[K]` of a minibatch with mean 0 and deviation 1, over all learners of the group together."""
        centred = advantage - self.mean_over_learners(advantage.mean())
        deviation = self.mean_over_learners(centred.square().mean()).sqrt()
        return centred / (deviation + 1e-8)

    def mean_over_learners(self, values: torch.Tensor) -> torch.Tensor:
        """The mean over the rows of all learners, where `values` are means over this learner's own rows.

        It is for `loss` (rows of a minibatch) and `prepare` (all rows). With one learner: the values themselves.
        """
        return self._summed(values * self._weight) / self._learners if self.distributed else values

    @property
    def _learners(self) -> int:
        return torch.distributed.get_world_size() if self.distributed else 1

    def _summed(self, values: torch.Tensor) -> torch.Tensor:
        """The sum over all learners of the group."""
        if self.distributed:
            values = values.clone()
            torch.distributed.all_reduce(values)
        return values

    def _weights_by_rows(self, tensors: Tensors, order: torch.Tensor, minibatches: int) -> torch.Tensor:
        """What this learner's means of each minibatch weigh, `[minibatches]`: its part of the rows, times the learners.

        RLlib's DDP takes the plain mean of all learners' gradients, but with sequences one may have three times the
        rows of another.
        """
        rows = tensors["valid"].sum(1) if "valid" in tensors else torch.ones_like(order)
        until = torch.nn.functional.pad(rows.index_select(0, order).cumsum(0), (1, 0))
        mine = until[_edges(len(order), minibatches)].diff().double()
        return (mine * self._learners / self._summed(mine)).float()

    def _epoch(self, name: str, tensors: Tensors, order: torch.Tensor, minibatches: int) -> dict[str, float]:
        total: Stats = {}
        broken = torch.zeros((), device=self._device)  # 1 from the first gradients on that are not finite
        weights = self._weights_by_rows(tensors, order, minibatches)
        self._fitting, self._say = name, []
        for batch, self._weight in zip(_minibatches(tensors, order, minibatches), weights, strict=True):
            gradients = self.postprocess_gradients(self.compute_gradients(self.losses(name, batch)))
            sound = self._seen["grad_norm"].isfinite() & self._seen["loss"].isfinite()
            broken = torch.maximum(broken, (~sound).float())
            if self._fuse(name, broken) or not broken:
                self.apply_gradients(gradients)
                self.stepped(name)
            for key, value in self._seen.items():
                total[key] = total.get(key, 0.0) + value * self._weight
        means = self._summed(torch.stack([value.float() for value in total.values()])) / (minibatches * self._learners)
        stats = dict(zip(total, means.tolist(), strict=True))
        if self._say:
            said = torch.cat(self._say)
            self.said[name] = said.new_empty(len(said)).index_copy_(0, order, said).float().cpu().numpy()
        if not np.isfinite([stats["grad_norm"], stats["loss"]]).all():
            raise not_finite(self, name, stats["loss"])
        return stats

    def _fuse(self, name: str, broken: torch.Tensor) -> bool:
        """Tell the module's optimisers not to step if `broken`; False where one is not fused, and cannot be told."""
        optimizers = self._optimisers(name)
        if not all(optimizer.defaults.get("fused") for optimizer in optimizers):
            return False
        for optimizer in optimizers:
            cast(Any, optimizer).found_inf = broken  # so nobody waits for a GPU
        return True

    def _optimisers(self, name: str) -> list[torch.optim.Optimizer]:
        """Those of the modules that are fitted together under this name, and of their critics."""
        return [one for module in self.members(name) for _, one in self.get_optimizers_for_module(module)]

    def _number(self, name: str) -> int:
        """What sets the randomness of one module's (or team's) fit apart from that of the others."""
        return self.names.index(name) if name in self.names else zlib.crc32(name.encode())

    def _absorb_first(self, seen: Mapping[str, Seen]) -> dict[str, Seen]:
        """Let modules that have seen nothing yet take `seen` into account; what is left for the others."""
        late = {name: rows for name, rows in sorted(seen.items()) if not self.network(name).fresh}
        for name in sorted(set(seen) - set(late)):
            self.network(name).absorb(seen[name])
        return late

    def _tensors(self, columns: Columns) -> Tensors:
        def convert(leaf: Array) -> torch.Tensor:
            return torch.from_numpy(np.ascontiguousarray(leaf)).to(self._device, non_blocking=True)

        converted: Tensors = tree.map_tree(convert, columns)
        return converted

    def _scaled(self, name: str, tensors: Tensors) -> Tensors:
        """What is in units of rewards, in units of the module's values instead."""
        scale = float(self.network(name).value_scale)
        known = [key for key in _REWARDS if key in tensors and scale != 1.0]
        return tensors | {key: tensors[key] / scale for key in known}

    def _fresh_critics(self, name: str, seed: int) -> dict[str, torch.nn.Module]:
        with seeded(seed, f"{name} critics"):
            network = self.network(name)
            return {**self.make_critics(name, network), **self._auxiliaries.modules(network)}

    def _bare(self, module_id: str) -> NetworkModule:
        return cast(NetworkModule, self.module[module_id].unwrapped())


def _permutation(count: int, seed: int, module: int, epoch: int) -> torch.Tensor:
    """A random order of `count` rows, from counters: no generator's state needs to be kept."""
    key = rng.mix(seed, module, epoch)
    return torch.from_numpy(np.random.Generator(np.random.Philox(key=int(key[0]))).permutation(count))


def _minibatches(tensors: Tensors, order: torch.Tensor, count: int) -> Iterator[Tensors]:
    """`count` parts of the rows in this order, as equal as can be."""
    for start, stop in itertools.pairwise(_edges(len(order), count)):
        part = order[start:stop]
        yield tree.map_tree(lambda leaf: leaf.index_select(0, part), tensors)  # noqa: B023


def _edges(rows: int, count: int) -> list[int]:
    """Where `count` near equal parts of the rows begin, and where the last one ends."""
    edges: list[int] = np.linspace(0, rows, count + 1).astype(int).tolist()
    return edges
