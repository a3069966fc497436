"""Auxiliary losses: terms that a plugin adds to the loss of any algorithm on the training engine.

algorithm: {name: rllib/ppo, auxiliary: [{name: lab/recall, weight: 0.1}]}
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import torch
from torch import nn

from marl.errors import UserError
from marl.registry import LOSSES, Component, blamed, load_registry, wrong
from marl.training.networks import Network

_RIGHT = "(a scalar tensor that depends on the features, {name: scalar})"


class AuxiliaryLoss(Protocol):
    """One term. It keeps nothing; what it learns besides is in `modules`, which only learners and checkpoints have.

    It may have `needs`, names of columns that are not always there: of what comes after a row,
    `marl.training.experience.ahead`. Then batches have them, where the algorithm's experience knows them.
    """

    def make(self, network: Network) -> Mapping[str, nn.Module]:
        """Modules of its own for a network, by name (predictors, decoders); each gets an optimiser. May be none."""

    def loss(
        self, modules: Mapping[str, nn.Module], batch: Mapping[str, Any], features: torch.Tensor
    ) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """The term of a minibatch of K rows, a mean over them, and named scalars to report.

        `batch`: the columns `[K, ...]` that the algorithm's own loss has. `features`: `[K, F]`, what the heads of the
        network stand on, with gradient. `batch["encode"](observations)` gives those of the network's encoder, `[K, E]`.
        """


class Auxiliaries:
    """The auxiliary losses of one learner, by their short names. Raises UserError where two have the same."""

    def __init__(self, components: Sequence[Component]) -> None:
        registry = load_registry()
        self._losses: dict[str, tuple[str, AuxiliaryLoss]] = {}
        for one in components:
            name = one.name.rpartition("/")[2]
            if name in self._losses:
                raise UserError(f"auxiliary: two losses are called {name!r}, and what they report would be mixed up")
            made = registry.make(LOSSES, one.name, one.params)
            self._losses[name] = (registry.describe(LOSSES, one.name), made)

    @property
    def needs(self) -> set[str]:
        """The columns that any of them needs."""
        return {need for _, one in self._losses.values() for need in getattr(one, "needs", ())}

    def modules(self, network: Network) -> dict[str, nn.Module]:
        """What all of them learn besides, by "loss/module"."""
        found: dict[str, nn.Module] = {}
        for name, (subject, one) in self._losses.items():
            with blamed(subject, "make(network)", "a dict of torch modules by name"):
                found |= {f"{name}-{key}": module for key, module in one.make(network).items()}
        return found

    def terms(
        self, modules: Mapping[str, nn.Module], batch: Mapping[str, Any], features: torch.Tensor, network: Network
    ) -> tuple[torch.Tensor | float, dict[str, torch.Tensor]]:
        """Their sum, and what to report: each term by its loss's name, and its stats as "name_stat".

        Raises UserError where one needs a column that the algorithm's batches do not have.
        """
        batch = {**batch, "encode": network.encoded}
        total: torch.Tensor | float = 0.0
        told: dict[str, torch.Tensor] = {}
        for name, (subject, one) in self._losses.items():
            own = {key.removeprefix(f"{name}-"): part for key, part in modules.items() if key.startswith(f"{name}-")}
            asked = "loss(modules, batch, features)"
            if missing := [need for need in getattr(one, "needs", ()) if need not in batch]:
                raise UserError(
                    f"auxiliary: {subject} needs {missing[0]!r} of every row, which this algorithm does not keep; "
                    "those that learn from what they have just played do"
                )
            with blamed(subject, asked, _RIGHT):
                answer = one.loss(own, batch, features)
            sound = isinstance(answer, tuple) and len(answer) == 2 and isinstance(answer[0], torch.Tensor)
            if not sound or answer[0].numel() != 1 or not isinstance(answer[1], dict):
                raise wrong(subject, asked, answer, _RIGHT)
            term = answer[0].reshape(())
            total = total + term
            told[name] = term.detach()
            told |= {f"{name}_{key}": torch.as_tensor(value).detach().reshape(()) for key, value in answer[1].items()}
        return total, told
