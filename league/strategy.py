"""What a strategy is: it decides the next jobs from the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeAlias, runtime_checkable

from league.payoffs.cells import Cell
from league.payoffs.joint import Joint
from league.view import LeagueView
from marl.env import EnvSpec
from marl.job import Job
from marl.snapshot import Snapshot

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
    """A strategy that says which payoffs it needs, and how precisely. Without this, every pairing is filled in once."""

    def cells(self, view: LeagueView) -> Sequence[Cell]:
        """The cells that it wants to know better than `view.payoffs` has them.

        It is asked again when they are filled, until they lack nothing, or `payoffs.limit` matches are asked for.
        """


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
