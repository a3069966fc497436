"""What a strategy is: it decides the next jobs from the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeAlias

from league.view import LeagueView
from marl.env import EnvSpec
from marl.job import Job
from marl.snapshot import Snapshot

Weights: TypeAlias = tuple[float, ...]  # one per player of a side, in order of birth


class Strategy(Protocol):
    """Decides from a view of the ledger, and keeps no state that the ledger lacks: so a killed run resumes."""

    def founders(self, spec: EnvSpec) -> Sequence[Sequence[Snapshot]]:
        """The players that each side starts with (at least one each)."""

    def jobs(self, view: LeagueView, seed: int) -> Sequence[Job]:
        """The jobs of the next iteration. None at all ends the league."""

    def mixtures(self, view: LeagueView) -> Sequence[Weights]:
        """The meta-strategy of each side, now that `view.payoffs` is complete."""
