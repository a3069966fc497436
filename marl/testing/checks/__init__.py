"""The conformance checks by name, in the order in which they run."""

from __future__ import annotations

from marl.testing.check import Check
from marl.testing.checks.chance import determinism, seeds
from marl.testing.checks.declared import plays, spaces, spec, steps
from marl.testing.checks.endings import final, returns, termination
from marl.testing.checks.exchange import symmetric
from marl.testing.checks.lanes import batched, independence, partial_reset, partial_step
from marl.testing.checks.powers import copies, deterministic, fork, render, state
from marl.testing.checks.rows import first, masks, rows
from marl.testing.checks.rules import aliasing, arguments, faults
from marl.testing.checks.solved import exact, reference
from marl.testing.checks.tasks import tasks

FIRST = (
    "plays",
    "spec",
    "spaces",
    "steps",
    "rows",
    "first",
    "masks",
    "termination",
)  # can look at a match that broke off
CHECKS: dict[str, Check] = {
    check.name: check
    for check in (
        *(plays, spec, spaces, steps, rows, first, masks, faults, arguments, termination, final, returns),
        *(determinism, seeds, batched, independence, partial_reset, partial_step, aliasing),
        *(state, render, fork, copies, deterministic, tasks, symmetric, exact, reference),
    )
}
