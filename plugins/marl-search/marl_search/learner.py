"""The loss of AlphaZero, and the network that follows it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from marl.errors import UserError
from marl.training.checkpoint import part
from marl.training.modules import ModuleSpec
from marl.training.networks import Network
from marl.types import Array
from marl_search.params import AlphaZeroParams

_WEIGHTS, _MOMENTS = "weights/", "optimiser/"


class Learner:
    """A network called `name`, and Adam. Everything follows from the seed and what it is shown."""

    def __init__(self, name: str, spec: ModuleSpec, params: AlphaZeroParams, seed: int) -> None:
        self.name, self.params = name, params
        self.network: Network = spec.build(seed, name)
        self._optimiser = torch.optim.Adam(self.network.parameters(), params.lr, weight_decay=params.decay)

    def step(self, batch: Mapping[str, Array], lr: float) -> dict[str, float]:
        """One gradient step on B positions: what the loss was.

        The loss is `(z - v)^2 - pi^T log p`, and the weight decay (Silver et al. 2018, equation 1).
        """
        for group in self._optimiser.param_groups:
            group["lr"] = lr
        shown = {name: torch.from_numpy(np.ascontiguousarray(column)) for name, column in batch.items()}
        out = self.network(shown["observation"], shown["mask"], None)
        assert out.value is not None
        log_policy = torch.log_softmax(out.inputs, dim=1)
        policy_loss = -(shown["policy"] * log_policy).sum(1).mean()
        value_loss = (shown["value"] - out.value.tanh()).square().mean()
        self._optimiser.zero_grad()
        torch.autograd.backward(policy_loss + value_loss)
        self._optimiser.step()
        return {"policy_loss": _number(policy_loss), "value_loss": _number(value_loss)}

    def save(self) -> dict[str, Array]:
        """Weights and moments."""
        arrays = {f"{_WEIGHTS}{self.name}/{key}": _array(value) for key, value in self.network.state_dict().items()}
        for key, parameter in self.network.named_parameters():
            for moment, value in self._optimiser.state.get(parameter, {}).items():
                arrays[f"{_MOMENTS}{key}/{moment}"] = _array(value)
        return arrays

    def load(self, saved: Mapping[str, Array]) -> None:
        """What `save` gave. Raises UserError where it is of another network."""
        weights, known = part(saved, f"{_WEIGHTS}{self.name}/"), self.network.state_dict()
        wrong = [key for key in known if key not in weights or weights[key].shape != tuple(known[key].shape)]
        if wrong or len(weights) != len(known):
            raise UserError(
                f"the checkpoint is of another network ({wrong[0] if wrong else 'it has more weights'}): model and "
                "environment must be those that it was trained with"
            )
        self.network.load_state_dict({key: torch.from_numpy(np.array(value)) for key, value in weights.items()})
        moments = part(saved, _MOMENTS)
        for key, parameter in self.network.named_parameters():
            mine = part(moments, f"{key}/")
            if mine:
                self._optimiser.state[parameter] = {
                    name: torch.from_numpy(np.array(value)) for name, value in mine.items()
                }


def _array(tensor: Tensor) -> Array:
    array: Array = tensor.detach().cpu().numpy().copy()
    return array


def _number(tensor: Tensor) -> float:
    return float(tensor.detach())
