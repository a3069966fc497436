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
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias, cast

import numpy as np
import torch

from marl import rng, tree
from marl.errors import RunError
from marl.training.answers import asked_for_loss, not_finite
from marl.training.averaging import Average
from marl.training.experience import Columns, edges, rows_of
from marl.training.learner_state import LearnerState, Tensors, clipped, stop_where
from marl.training.networks.moments import Seen
from marl.types import Array

__all__ = ["ColumnLearner", "Stats", "Tensors"]
Stats: TypeAlias = dict[str, torch.Tensor]  # named scalars of one minibatch, on the device, without gradient
_SEQUENCE = ("memory", "first", "valid")
_REWARDS = ("advantage", "target", "value", "reward")  # columns in units of rewards


class ColumnLearner(LearnerState, abc.ABC):
    """Base of every algorithm's learner: implement `loss`. Everything else is the same for all of them.

    `hyper` are the algorithm's hyper-parameters; `coefficients` those that schedules change, by name ("lr", ...), as of
    this `fit`. `memo` and `past` are what the learner remembers of each module from one fit to the next, numbers
    (adaptive coefficients) and weights (target networks, magnets); `averages` are what snapshots carry with
    `hyper.average`; `critics` are modules that only the loss needs, by module and name (see `make_critics`). They are
    part of every checkpoint. `said` is what the loss said of each row of the last fit (see `say`).
    """

    def build(self) -> None:
        """Called by RLlib, in the process in which the learner lives."""
        self.said: dict[str, Array] = {}
        self._say: list[torch.Tensor] = []
        self.stage = ""  # of the fit at hand
        self._seed = self._drawn = 0  # of this fit, and how often `normal` was called in it
        self._fitting = ""  # the module whose gradients are at hand
        self._weight: torch.Tensor | float = 1.0  # of this learner's means among those of the group
        self._reported: Stats = {}  # of the minibatch at hand
        super().build()

    @abc.abstractmethod
    def loss(self, module_id: str, batch: Tensors, inputs: torch.Tensor, value: torch.Tensor) -> tuple[Any, Stats]:
        """The loss of a minibatch of K rows, and what to report of it: means over these rows.

        `batch`: columns `[K, ...]`. `inputs` `[K, D]` go into `distribution(module_id)`; `value` is `[K]` (None where
        the heads have none). Learners of a group may have unequal numbers of rows; what each returns is weighted by
        them.
        """

    def say(self, rows: torch.Tensor) -> None:
        """Called in `loss`: a number for each of its rows `[K]`, for an experience that wants to know (priorities)."""
        self._say.append(rows.detach())

    def normal(self, *shape: int) -> torch.Tensor:
        """Standard normal numbers, others at every call in a fit (by `prepare`, `loss`), that follow from its seed."""
        self._drawn += 1
        key = rng.mix(self._seed, self._number(self._fitting), self._drawn, self.parallel.rank if self.parallel else 0)
        drawn = np.random.Generator(np.random.Philox(key=int(key[0]))).standard_normal(shape, dtype=np.float32)
        return torch.from_numpy(drawn).to(self._device)

    def stepped(self, module_id: str) -> None:
        """Called after every gradient step, for target networks in `past`."""

    def prepare(self, module_id: str, columns: Tensors) -> Tensors:
        """Further columns that the loss needs, computed once before the first epoch."""
        return {}

    def stages(self, module_id: str) -> Sequence[str]:
        """What is fitted one after the other, each for all epochs; `stage` names the one at hand. One by default."""
        return ("",)

    def staged(self, module_id: str, columns: Tensors) -> Tensors:
        """Further columns for the stages that follow, computed once at the end of one."""
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
        self._begin(seed, coefficients)
        late, result = self._absorb_first(seen or {}), {}
        for name in sorted(columns):
            result[name] = self._fit_one(name, columns[name], epochs, minibatches[name], shuffled)
        for name, rows in late.items():
            self.network(name).absorb(rows)
        for name in sorted({module for one in columns for module in self.members(one)}) if self.hyper.average else ():
            weights = {key: parameter.detach() for key, parameter in self.network(name).named_parameters()}
            self.averages.setdefault(name, Average()).add(weights, self.hyper.average)
        return result

    def _begin(self, seed: int, coefficients: Mapping[str, float]) -> None:
        self.coefficients, self.said = dict(coefficients), {}
        if "lr" not in self.coefficients:
            raise RunError(f"{type(self.hyper).__name__}.coefficients gives no 'lr': go on from super().coefficients")
        for optimizer in self._named_optimizers.values():
            self._set_optimizer_lr(optimizer, self.coefficients["lr"])
        self._seed, self._drawn = seed, 0

    def _fit_one(self, name: str, columns: Columns, epochs: int, minibatches: int, shuffled: bool) -> dict[str, float]:
        """All epochs of one module (or team)."""
        self._fitting, table = name, self._scaled(name, self._tensors(columns))
        count = rows_of(table)
        self._weight = self._weights(table, torch.arange(count, device=self._device), 1)[0]
        table |= self.prepare(name, table)
        told = []
        for stage in self.stages(name):
            self.stage = stage
            for epoch in range(epochs):
                order = permutation(count, self._seed, self._number(name), epoch) if shuffled else torch.arange(count)
                stats = self._epoch(name, table, order.to(self._device), minibatches)
                if self.enough(name, stats):
                    break
            told.append({**stats, "epochs": float(epoch + 1)})
            table |= self.staged(name, table)
        self.stage, means = "", _means(told)
        self.fitted(name, means)
        return means

    def _epoch(self, name: str, table: Tensors, order: torch.Tensor, minibatches: int) -> dict[str, float]:
        """One epoch: its means. Raises RunError where the loss or gradients were not finite."""
        total: Stats = {}
        broken = torch.zeros((), device=self._device)  # 1 from the first gradients on that are not finite
        weights = self._weights(table, order, minibatches)
        self._say = []
        for batch, self._weight in zip(parts(table, order, minibatches), weights, strict=True):
            broken = self.step(name, batch, broken)
            for key, value in self._reported.items():
                total[key] = total.get(key, 0.0) + value * self._weight
        sums, learners = torch.stack([value.float() for value in total.values()]), 1
        if self.parallel:
            sums, learners = self.parallel.summed(sums), self.parallel.size
        stats = dict(zip(total, (sums / (minibatches * learners)).tolist(), strict=True))
        if self._say:
            said = torch.cat(self._say)
            self.said[name] = said.new_empty(len(said)).index_copy_(0, order, said).float().cpu().numpy()
        if not np.isfinite([stats["grad_norm"], stats["loss"]]).all():
            raise not_finite(self, name, stats["loss"])
        return stats

    def step(self, name: str, batch: Tensors, broken: torch.Tensor) -> torch.Tensor:
        """One gradient step, unless it, or one before, is `broken`; whether it is now."""
        gradients = self.postprocess_gradients(self.compute_gradients(self.losses(name, batch)))
        sound = self._reported["grad_norm"].isfinite() & self._reported["loss"].isfinite()
        broken = torch.maximum(broken, (~sound).float())
        if stop_where(broken, self._optimisers(name)) or not broken:
            self.apply_gradients(gradients)
            self.stepped(name)
        return broken

    def members(self, name: str) -> tuple[str, ...]:
        """The modules that are fitted together under this name: one alone; of a team, those of its agents."""
        return (name,)

    def losses(self, name: str, batch: Tensors) -> dict[str, Any]:
        """The loss of a minibatch by name, from a forward pass of the module; sets what is reported of it."""
        outputs = self.module.forward_train({name: batch})
        losses: dict[str, Any] = self.compute_losses(fwd_out=outputs, batch={name: batch})
        return losses

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
        if self.hyper.auxiliary:
            term, more = self._auxiliaries.terms(
                self.critics[module_id], batch, fwd_out["features"], self.network(module_id)
            )
            loss, stats = loss + term, {**more, **stats}
        told = {name: value.to(self._device) for name, value in stats.items()}
        self._reported = {**told, "loss": loss.detach()}
        return loss * self._weight

    def postprocess_gradients(self, gradients_dict: dict[Any, Any]) -> dict[Any, Any]:
        """RLlib's hook: clip the global norm of the module whose gradients these are, and of each of its critics."""
        if self.parallel:
            critics = (critic for module in self.members(self._fitting) for critic in self.critics[module].values())
            self.parallel.average_gradients(critics)
        self._reported["grad_norm"] = clipped(self._optimisers(self._fitting), self.hyper.max_grad_norm)
        return gradients_dict

    def normalised(self, advantage: torch.Tensor) -> torch.Tensor:
        """Advantages `[K]` of a minibatch with mean 0 and deviation 1, over all learners of the group together."""
        centred = advantage - self.mean_over_learners(advantage.mean())
        deviation = self.mean_over_learners(centred.square().mean()).sqrt()
        return centred / (deviation + 1e-8)

    def mean_over_learners(self, values: torch.Tensor) -> torch.Tensor:
        """The mean over the rows of all learners, where `values` are means over this learner's own rows.

        It is for `loss` (rows of a minibatch) and `prepare` (all rows). With one learner: the values themselves.
        """
        return self.parallel.summed(values * self._weight) / self.parallel.size if self.parallel else values

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

    def _weights(self, table: Tensors, order: torch.Tensor, minibatches: int) -> torch.Tensor:
        """What this learner's means of each minibatch weigh among those of its group, `[minibatches]`."""
        if self.parallel is None:
            return torch.ones(minibatches, device=self._device)
        return self.parallel.weights_by_rows(table, order, minibatches)

    def _tensors(self, columns: Columns) -> Tensors:
        """Columns as tensors, without a copy where they can share their memory."""

        def convert(leaf: Array) -> torch.Tensor:
            return torch.from_numpy(np.ascontiguousarray(leaf)).to(self._device, non_blocking=True)

        converted: Tensors = tree.map_tree(convert, columns)
        return converted

    def _scaled(self, name: str, tensors: Tensors) -> Tensors:
        """What is in units of rewards, in units of the module's values instead."""
        scale = self.network(name).value_scale
        if np.ndim(scale):  # one for each of several values; advantages are of their sum
            each = torch.as_tensor(scale, device=self._device)
            return tensors | {key: tensors[key] / each for key in ("target", "value")}
        known = [key for key in _REWARDS if key in tensors and scale != 1.0]
        return tensors | {key: tensors[key] / float(scale) for key in known}


def permutation(count: int, seed: int, module: int, epoch: int) -> torch.Tensor:
    """A random order of `count` rows, from counters: no generator's state needs to be kept."""
    key = rng.mix(seed, module, epoch)
    return torch.from_numpy(np.random.Generator(np.random.Philox(key=int(key[0]))).permutation(count))


def parts(tensors: Tensors, order: torch.Tensor, count: int) -> Iterator[Tensors]:
    """`count` parts of the rows in this order, as equal as can be."""
    for start, stop in itertools.pairwise(edges(len(order), count)):
        part = order[start:stop]
        yield tree.map_tree(lambda leaf: leaf.index_select(0, part), tensors)  # noqa: B023


def _means(told: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The mean of each number over those of the stages that report it."""
    known: dict[str, list[float]] = {}
    for stats in told:
        for name, value in stats.items():
            known.setdefault(name, []).append(value)
    return {name: sum(values) / len(values) for name, values in known.items()}
