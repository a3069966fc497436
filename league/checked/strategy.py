"""A strategy whose answers are checked: what is wrong is said with the plugin, the call, and what would be right."""

from __future__ import annotations

import numbers
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from league.checked.metasolver import CLOSE, distribution_fault, joint_fault
from league.checked.orders import lineage_fault, order_fault, plain_order
from league.hookspecs import STRATEGIES
from league.orders import Order
from league.payoffs.cells import Cell
from league.payoffs.joint import Joint
from league.strategy import Continuing, Ending, Selective, Strategy, Weights
from league.view import LeagueView
from marl.env import EnvSpec
from marl.errors import UserError
from marl.job import SELF, Job, marginals
from marl.registry import Registry, blamed, wrong
from marl.snapshot import Snapshot

T = TypeVar("T")


class CheckedStrategy:
    """Asks a strategy, and gives on only what a league can use. Raises RunError otherwise."""

    def __init__(self, strategy: Strategy, name: str, registry: Registry) -> None:
        self.strategy, self.registry = strategy, registry
        self.subject = registry.describe(STRATEGIES, name)

    @property
    def continues(self) -> bool:
        """Whether checkpoints are worth keeping."""
        return self.strategy.continues if isinstance(self.strategy, Continuing) else True

    def founders(self, spec: EnvSpec) -> list[list[Snapshot]]:
        """The players that each side starts with."""
        right = f"a list of one or more marl.snapshot.Snapshot for each of the {len(spec.sides)} sides"
        given = self._ask("founders(spec)", right, lambda: [list(side) for side in self.strategy.founders(spec)])
        fits = len(given) == len(spec.sides) and all(given)
        if not fits or not all(isinstance(one, Snapshot) for side in given for one in side):
            raise wrong(self.subject, "founders(spec)", given, right)
        return given

    @property
    def rounds(self) -> bool:
        """Whether it decides in rounds: it is asked when nothing runs, and a round is an iteration."""
        return bool(getattr(self.strategy, "rounds", False))

    def next(self, view: LeagueView, running: Sequence[Order]) -> list[Order]:
        """What is to be done next; nothing where it waits, or where the league ends."""
        right = "a list of league.orders.Order"
        orders = self._ask("next(view, running)", right, lambda: list(self.strategy.next(view, tuple(running))))
        good: list[Order] = []
        for order in orders:
            if not isinstance(order, Order) or not isinstance(order.job, Job):
                raise wrong(self.subject, "next(view, running)", order, right)
            order = plain_order(order)
            fault = order_fault(order) or self._job_fault(order.job, view) or lineage_fault(order, [*running, *good])
            if fault:
                raise wrong(self.subject, f"next(view, running), where {fault[0]}", order, fault[1])
            good.append(order)
        return good

    def accepted(self, orders: Sequence[Order], check: Callable[[Sequence[Job]], Iterator[Job]]) -> list[Order]:
        """Ask whoever is to do orders whether they can be done. Raises UserError, with who ordered them, where not.

        `check` gives the jobs as they are to be written down.
        """
        try:
            jobs = list(check([order.job for order in orders]))
        except UserError as error:
            raise UserError(f"{self.subject} ordered from next(view, running) what cannot be done: {error}") from error
        return [replace(order, job=job) for order, job in zip(orders, jobs, strict=True)]

    @property
    def selects(self) -> bool:
        """Whether it says which cells it wants. Where not, it wants all."""
        return isinstance(self.strategy, Selective)

    def cells(self, view: LeagueView) -> list[Cell]:
        """The cells that it wants."""
        selective, right = self.strategy, "league.payoffs.cells.Cell, a list of them, each with a player of every side"
        assert isinstance(selective, Selective)
        cells = self._ask("cells(view)", right, lambda: list(selective.cells(view)))
        for cell in cells:
            if fault := self._cell_fault(cell, view.payoffs.sizes):
                raise wrong(self.subject, f"cells(view), where {fault}", cell, right)
        return cells

    @staticmethod
    def _cell_fault(cell: Any, sizes: Sequence[int]) -> str:
        """What is wrong with a cell, or ""."""
        if not isinstance(cell, Cell):
            return f"one is a {type(cell).__name__}"
        fits = len(cell.players) == len(sizes)
        if not fits or not all(0 <= number < size for number, size in zip(cell.players, sizes, strict=True)):
            return f"players is {cell.players}, and there are {list(sizes)} on the sides"
        if cell.count is not None and (not isinstance(cell.count, int) or cell.count < 1):
            return f"count is {cell.count!r}"
        return ""

    def mixtures(self, view: LeagueView) -> tuple[tuple[Weights, ...], Joint | None]:
        """The meta-strategy of each population, and the joint one whose marginals these are, or None."""
        sizes = [len(players) for players in view.populations]
        whose = "one distribution, of the population that plays all sides," if view.payoffs.symmetric else ""
        right = f"{whose or 'a distribution for each side'} over so many players: {sizes}; or a Joint"
        given = self._ask("mixtures(view)", right, lambda: self._plain(self.strategy.mixtures(view)))
        joint = given if isinstance(given, Joint) else None
        fault = joint_fault(joint.weights, view.payoffs.sizes) if joint else ""
        weights = [tuple(one.tolist()) for one in joint.marginals[: len(sizes)]] if joint and not fault else given
        if fault := fault or distribution_fault(weights, sizes):
            right = "a Joint whose weights sum to 1" if joint and "sums to" in fault else right
            raise wrong(self.subject, f"mixtures(view), where {fault}", given, right)
        return tuple(weights), joint

    @staticmethod
    def _plain(given: Any) -> Any:
        """An answer as numbers."""
        if isinstance(given, Joint):
            return Joint(np.asarray(given.weights, dtype=np.float64))
        return [tuple(map(float, one)) for one in given]

    def ended(self, view: LeagueView) -> str:
        """Why there are no more orders, in words."""
        ending = self.strategy
        if isinstance(ending, Ending):
            return self._ask("ended(view)", "a few words", lambda: str(ending.ended(view)))
        return "the strategy has no more orders, and nothing is running"

    def _ask(self, call: str, right: str, asked: Callable[[], T]) -> T:
        with blamed(self.subject, call, right):
            return asked()

    def _job_fault(self, job: Job, view: LeagueView) -> tuple[str, str] | None:
        """What is wrong with a job and what would be right, or None."""
        sides = len(view.sides)
        if job.side not in range(sides):
            return f"side is {job.side!r}", f"a job's side is one of 0 to {sides - 1}"
        if view.payoffs.symmetric and len(job.sides) < sides and job.params.get("sharing") in ("side", "none"):
            right = "one population plays all sides here, so sharing: all, or a run with population: by_side,"
            return f"sharing is {job.params['sharing']}, so that it would learn to play one side only", right
        right = "a job's opponents are a mixture for every side, the learner's own empty"
        if job.joint is not None and (off := self._joint_fault(job)):
            return (
                off,
                "a job's joint is (a snapshot for each side, the learner's own \"\"; probability), summing to 1",
            )
        if len(job.opponents) != sides:
            return f"opponents has {len(job.opponents)} entries, and there are {sides} sides", right
        if job.opponents[job.side]:
            return f"opponents has {len(job.opponents[job.side])} for the learner's own side", right
        for side, mixture in enumerate(job.opponents):
            if side != job.side and (fault := self._mixture_fault(mixture, view, side)):
                return fault
        checkpoints = {player.checkpoint for player in view.players}
        checkpoints |= {lineage.checkpoint for lineage in view.lineages.values()}
        if job.parent is not None and job.parent not in checkpoints:
            return f"parent is {job.parent!r}", "a job's parent is the checkpoint of a player or of a lineage, or None"
        return None

    def _joint_fault(self, job: Job) -> str:
        """What is wrong with the joint distribution of a job's opponents, whose marginals are looked at by others."""
        profiles = job.joint or ()
        if not profiles or not all(len(ids) == len(job.opponents) and ids[job.side] == "" for ids, _ in profiles):
            return f"joint is {profiles!r:.80}"
        if fault := distribution_fault([[weight for _, weight in profiles]], [len(profiles)]):
            return f"of joint {fault}"
        for found, given in zip(marginals(profiles), job.opponents, strict=True):
            if dict(found).keys() != dict(given).keys() or any(abs(dict(given)[id] - w) > CLOSE for id, w in found):
                return "opponents are not the marginals of joint (marl.job.marginals)"
        return ""

    def _mixture_fault(self, mixture: Any, view: LeagueView, side: int) -> tuple[str, str] | None:
        right = "an opponent mixture is one or more (snapshot of a player of that side, probability) that sum to 1"
        pairs = list(mixture) if isinstance(mixture, Sequence) else []
        if not pairs or not all(isinstance(pair, tuple) and len(pair) == 2 for pair in pairs):
            return f"that against {view.sides[side]} is {mixture!r:.80}", right
        known = {player.snapshot for player in view.populations[view.population(side)]} | {SELF}
        if strangers := [id for id, _ in pairs if id not in known]:
            return f"nobody of {view.sides[side]} has the snapshot {strangers[0]!r}", right
        weights = [weight for _, weight in pairs]
        if not all(isinstance(weight, numbers.Real) for weight in weights):
            return f"the probabilities against {view.sides[side]} are no numbers", right
        if fault := distribution_fault([weights], [len(weights)]):
            return f"against {view.sides[side]} {fault}", right
        return None
