"""What the arena holds an environment to at every tick: what is cheap to look at, and does harm unseen.

`marl.testing` checks far more, and says how to mend it.
"""

from __future__ import annotations

import math

import numpy as np

from marl import space, tree
from marl.env import EnvSpec, Rows, Step, Turn
from marl.types import Bools, Ints

_LATE = (
    "; who can come back or be paid later has not ended: end its part then, and leave it without rows meanwhile, "
    "or with one legal action"
)


class ContractBroken(Exception):
    """An environment does not do what it says of itself. The text goes on after the environment's name."""


class Contract:
    """Shapes of observations and masks, no NaN, a legal action for whoever must act, finite rewards, and an end.

    An agent's part ends once: who has ended neither acts nor is paid any more in that match. `ended`: `bool[lanes, N]`.
    Where the spec has births, that is who does not live now, until a row that is `first` begins another life.
    """

    def __init__(self, spec: EnvSpec, lanes: int) -> None:
        self._spec = spec
        self.ended: Bools = np.zeros((lanes, len(spec.agents)), dtype=np.bool_)
        self._shapes = [
            {path: leaf.shape[1:] for path, leaf in tree.leaves(space.zeros(group.observation, 0))}
            for group in spec.groups
        ]
        self._widths = [space.mask_width(group.action) for group in spec.groups]

    def begin(self, lanes: Ints, turn: Turn) -> Turn:
        """The rows of new matches in `lanes`. Raises ContractBroken."""
        self.ended[lanes] = self._spec.births
        return self.turn(turn)

    def turn(self, turn: Turn) -> Turn:
        """The same rows. Raises ContractBroken."""
        for rows in turn:
            if rows is not None and len(rows):
                self._rows(rows)
        return turn

    def step(self, step: Step, ticks: Ints) -> Step:
        """The same step. `ticks`: `int64[L]`, how many each lane has had, with this one. Raises ContractBroken."""
        if not np.isfinite(step.rewards).all():
            row, agent = np.argwhere(~np.isfinite(step.rewards))[0].tolist()
            raise ContractBroken(f"gives {self._spec.agents[agent]!r} a reward of {step.rewards[row, agent]}")
        if ticks.max(initial=0) >= self._spec.max_length and not step.done[ticks >= self._spec.max_length].all():
            raise ContractBroken(f"goes on after {self._spec.max_length} ticks, its max_length")
        for rows in step.final:
            if rows is not None and len(rows):
                self._numbers(rows)
        self._end(step)
        self.turn(step.turn)
        return step

    def _end(self, step: Step) -> None:
        ended, agents = self.ended.reshape(-1), self.ended.shape[1]
        if ended.any():  # somebody whose match goes on without it; rarely more than a few
            paid, agent = np.divmod((step.rewards != 0).reshape(-1).nonzero()[0], agents)
            late = ended.take(step.lanes.take(paid) * agents + agent)
            if late.any():
                raise ContractBroken(f"pays {self._name(agent[late][0])} after its part ended{_LATE}")
        row, agent = np.divmod((step.terminated | step.truncated).reshape(-1).nonzero()[0], agents)
        place = step.lanes.take(row) * agents + agent
        if self._spec.births and ended.take(place).any():
            raise ContractBroken(f"ends {self._name(agent[ended.take(place)][0])}, where nobody lives")
        ended[place] = True

    def _name(self, agent: int) -> str:
        return repr(self._spec.agents[agent])

    def _rows(self, rows: Rows) -> None:
        group, count = self._spec.groups[rows.group], len(rows)
        ended, place = self.ended.reshape(-1), rows.lane * self.ended.shape[1] + rows.agent
        late = ended.take(place)
        if self._spec.births:
            if (rows.first & ~late).any():
                name = self._name(rows.agent[rows.first & ~late][0])
                raise ContractBroken(f"begins a life of {name} (its row is `first`) before the last one ended")
            late &= ~rows.first
            ended[place[rows.first]] = False
        if late.any():
            born = "; the first row of another life is `first`" if self._spec.births else _LATE
            raise ContractBroken(f"asks {self._name(rows.agent[late][0])} to act after its part ended{born}")
        wanted = {path: (count, *shape) for path, shape in self._shapes[rows.group].items()}
        seen = {path: np.shape(leaf) for path, leaf in tree.leaves(rows.observation)}
        if seen != wanted:
            raise ContractBroken(
                f"shows group {group.name!r} observations of shape {_said(seen, count)}, "
                f"and its spec says {_said(wanted, count)}"
            )
        self._numbers(rows)
        if rows.mask is None:
            return
        if rows.mask.shape != (count, self._widths[rows.group]):
            raise ContractBroken(
                f"gives group {group.name!r} masks of shape {rows.mask.shape[1:]}, "
                f"and its actions need ({self._widths[rows.group]},)"
            )
        empty = space.empty_choices(group.action, rows.mask)
        if empty.any():
            row, choice = np.argwhere(empty)[0].tolist()
            what = f"option in choice {choice} of its actions" if empty.shape[1] > 1 else "action"
            raise ContractBroken(f"leaves {self._spec.agents[int(rows.agent[row])]!r} no legal {what}")

    def _numbers(self, rows: Rows) -> None:
        for path, leaf in tree.leaves(tree.map_tree(np.asarray, rows.observation)):
            if leaf.dtype.kind == "f" and math.isnan(
                np.vdot(leaf, leaf)
            ):  # squares: a fast look that no infinity fools
                row = int(np.isnan(leaf).reshape(len(leaf), -1).any(axis=1).argmax())
                raise ContractBroken(
                    f"shows {self._spec.agents[int(rows.agent[row])]!r} an observation{f' ({path})' if path else ''} "
                    "that is not a number (NaN)"
                )


def _said(shapes: dict[str, tuple[int, ...]], count: int) -> str:
    """The shapes of one row (or of the whole batch, where it has another number of rows), for people."""
    rows = {path: str(shape[1:] if shape[:1] == (count,) else shape) for path, shape in shapes.items()}
    return ", ".join(f"{path} {shape}".strip() for path, shape in rows.items()) or "nothing"
