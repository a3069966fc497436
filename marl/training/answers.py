"""What a learner's `loss` may answer, and whose fault it is where it answers something else."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import torch

from marl.errors import RunError
from marl.registry import blamed, load_registry, wrong

RIGHT = "(a scalar tensor that depends on the weights, {name: scalar}), as in `return loss, {'entropy': entropy}`"


def asked_for_loss(
    learner: object, loss: Callable[[], Any], columns: Collection[str], coefficients: Collection[str]
) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """The loss `[]` and what to report of it, detached. Raises RunError, naming the learner and its plugin.

    `columns`, `coefficients`: the names of what there is, for the sentence about what is not.
    """

    def subject() -> str:
        return load_registry().describe_class(type(learner))

    asked = "loss(module_id, batch, inputs, value)"
    try:
        with blamed(subject, asked, RIGHT):
            answer = loss()
    except RunError as error:
        if isinstance(missing := error.__cause__, KeyError):
            raise RunError(
                f"{subject()}: its loss asks for {missing}, which is not there: the columns are "
                f"{', '.join(sorted(columns))}, and the coefficients {', '.join(sorted(coefficients))}"
            ) from missing
        raise
    if not (isinstance(answer, tuple) and len(answer) == 2 and isinstance(answer[1], dict)):
        raise wrong(subject(), asked, _short(answer), RIGHT)
    value, stats = answer
    if not (isinstance(value, torch.Tensor) and value.numel() == 1 and value.requires_grad):
        raise wrong(subject(), asked, _short(value), RIGHT)
    if taken := sorted(set(stats) & set(coefficients)):
        raise RunError(
            f"{subject()} reports {taken[0]!r} from its loss, which is the name of a coefficient: choose another one"
        )
    told = {}
    for name, number in stats.items():
        if isinstance(number, torch.Tensor) and number.ndim == 0:  # as it nearly always is
            told[name] = number.detach()
            continue
        with blamed(subject, f"{asked}: the report of {name!r}", "a number, or a tensor of one"):
            told[name] = torch.as_tensor(number).detach().reshape(())
    return value.reshape(()), told


def not_finite(learner: object, module_id: str, loss: float) -> RunError:
    """The error where a loss or its gradients are infinite or NaN: whose loss it is, and what to look for."""
    return RunError(
        f"the loss or the gradients of module {module_id!r} are not finite (loss {loss:g}), in "
        f"{load_registry().describe_class(type(learner))}: lower the learning rate, look for infinite rewards or "
        "observations, or, if the loss is yours, for logarithms and quotients of 0"
    )


def _short(answer: Any) -> object:
    """A tensor by its shape; everything else as it is."""
    return f"a tensor of shape {list(answer.shape)}" if isinstance(answer, torch.Tensor) else answer
