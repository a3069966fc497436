"""What a strategy is: it decides the next jobs from the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeAlias, runtime_checkable

from league.payoffs.joint import Joint
from league.view import LeagueView
from marl.env import EnvSpec
from marl.job import Job
from marl.snapshot import Snapshot
from marl.types import Bools

Weights: TypeAlias = tuple[float, ...]  # one per player of a population, in order of birth


class Strategy(Protocol):
    """Decides from a view of the ledger, and keeps no state that the ledger lacks: so a killed run resumes.

    A strategy may do more: see `Selective`, `Ending` and `Continuing`.
    """

    def founders(self, spec: EnvSpec) -> Sequence[Sequence[Snapshot]]:
        """The players that each side starts with (at least one each)."""

    def jobs(self, view: LeagueView, seed: int) -> Sequence[Job]:
        """The jobs of the next iteration. None at all ends the league; nothing else but its stop conditions does.

        Every job's snapshot joins its side as a player, also where the side has the same one already.
        """

    def mixtures(self, view: LeagueView) -> Sequence[Weights] | Joint:
        """The meta-strategy of each of `view.populations`, or a joint one over pairings.

        `view.payoffs` has what was asked for by now.
        """


@runtime_checkable
class Selective(Protocol):
    """A strategy that does not need all payoffs. Without this, every pairing is filled in."""

    def pairings(self, view: LeagueView) -> Bools:
        """The pairings that `mixtures` and `jobs` will read, `bool[n_0, n_1, ...]`."""


@runtime_checkable
class Ending(Protocol):
    """A strategy that can say why it ends."""

    def ended(self, view: LeagueView) -> str:
        """Why there are no more jobs, as in "no best response is new". Asked after `jobs` gave none."""


@runtime_checkable
class Continuing(Protocol):
    """A strategy that says whether checkpoints are worth their space. Without this, all are kept."""

    continues: bool
    """Whether a job may go on from an earlier one's checkpoint. Where not, none is kept."""
