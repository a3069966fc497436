"""What a strategy is: it decides from the ledger what is to be learned next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeAlias, runtime_checkable

from league.orders import Order
from league.payoffs.cells import Cell
from league.payoffs.joint import Joint
from league.view import LeagueView
from marl.env import EnvSpec
from marl.snapshot import Snapshot

Weights: TypeAlias = tuple[float, ...]  # one per player of a population, in order of birth


class Strategy(Protocol):
    """Decides from a view of the ledger, and keeps no state that the ledger lacks: so a killed run resumes.

    It is asked when the league begins, and whenever an order was taken, which is an iteration; see `InRounds` for the
    other way. It may do more: see `Selective`, `Ending` and `Continuing`.
    """

    def founders(self, spec: EnvSpec) -> Sequence[Sequence[Snapshot]]:
        """The players that each side starts with (at least one each)."""

    def next(self, view: LeagueView, running: Sequence[Order]) -> Sequence[Order]:
        """What is to be done beside what is running, which is all that was ordered and not taken yet.

        None at all while something runs: wait. None while nothing runs: the league is over. `view.seed` is the
        scenario's, and `view.lineages` says what the learners have come to.
        """

    def mixtures(self, view: LeagueView) -> Sequence[Weights] | Joint:
        """The meta-strategy of each of `view.populations`, or a joint one over pairings.

        `view.payoffs` has what was asked for by now.
        """


@runtime_checkable
class InRounds(Protocol):
    """A strategy that says whether it decides in rounds: it is asked when nothing runs, and a round is an iteration.

    For those who answer to a meta-strategy of all, as PSRO does. Without this, it is asked at every completion.
    """

    rounds: bool


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
        """Why it is over, as in "no best response is new". Asked after `next` gave nothing, and nothing is running."""


@runtime_checkable
class Continuing(Protocol):
    """A strategy that says whether checkpoints are worth their space. Without this, all are kept."""

    continues: bool
    """Whether a job may go on from an earlier one's checkpoint. Where not, none is kept."""
