"""A person at the terminal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from league.referee.encode import legal_actions
from league.referee.policy import PolicySeat
from league.referee.seat import Answer, Request, Table, View
from marl.errors import suggestion
from marl.snapshot import JSON
from marl.space import Box, Discrete, MultiDiscrete, Space


class Absent(KeyboardInterrupt):
    """Nobody answers: the terminal's input has ended, or there never was one. It stops a host as Ctrl-C does."""


class HumanPlayer:
    """A person, who is shown the game and asked by `ask` (as `input`) for actions; there is no clock.

    What is drawn is the environment's own picture, so in games of hidden information this person sees everything.
    """

    def __init__(
        self, name: str = "you", ask: Callable[[str], str] = input, show: Callable[[str], None] = print
    ) -> None:
        self.name = name
        self.ask = ask
        self.show = show

    def sit(self, table: Table) -> HumanSeat:
        """A seat at the terminal."""
        return HumanSeat(self, table)

    def close(self) -> None:
        """There is nothing to end."""


class HumanSeat(PolicySeat):
    """A side played by a person. It keeps the referee waiting, so it is for one match at a time."""

    blocking = True

    def __init__(self, player: HumanPlayer, table: Table) -> None:
        self._player = player
        self._table = table

    def ask(self, request: Request) -> Answer:
        """Show the position and ask until the answer is a legal action."""
        self._player.show(self._table.render().text)
        return Answer([self._one(view) for view in request.views])

    def _one(self, view: View) -> Any:
        space = self._table.pens[view.rows.group].group.action
        name = self._table.spec.agents[view.agent]
        while True:
            try:
                said = self._player.ask(f"{name}, your move ({options(space, view)}): ").strip()
            except EOFError:
                raise Absent("paused: nobody answers at this terminal") from None
            try:
                return parse(space, said, view)
            except ValueError as error:
                self._player.show(f"{error}; try again.")

    def over(self, result: Mapping[str, JSON]) -> None:
        """Show the end and the result."""
        self._player.show(self._table.render().text)
        self._player.show(f"{self._player.name}: {result['verdict']}")


def options(space: Space, view: View) -> str:
    """What may be said, in words."""
    match space:
        case Discrete(n):
            legal = list(range(n)) if view.mask is None else legal_actions(space, view.mask)
            shown = ", ".join(map(str, legal[:30])) + (" ..." if len(legal) > 30 else "")
            return shown
        case MultiDiscrete(nvec):
            return f"{len(nvec)} integers, each below {', '.join(map(str, nvec))}"
        case Box(shape, low, high):
            return f"{int(np.prod(shape))} numbers between {low:g} and {high:g}"
        case _:
            return "an action"


def parse(space: Space, said: str, view: View) -> Any:
    """The action that was said. Raises ValueError with a sentence."""
    from league.referee.decode import Illegal, Malformed, read_action

    numbers: list[Any] = []
    for word in said.replace(",", " ").split():
        try:
            numbers.append(float(word) if isinstance(space, Box) and np.dtype(space.dtype).kind == "f" else int(word))
        except ValueError:
            raise ValueError(f"{word!r} is not a number{suggestion(word, [])}") from None
    value: Any = numbers
    if isinstance(space, Discrete):
        if len(numbers) != 1:
            raise ValueError("one number is needed")
        value = numbers[0]
    elif isinstance(space, Box):
        if len(numbers) != int(np.prod(space.shape)):
            raise ValueError(f"{int(np.prod(space.shape))} numbers are needed")
        value = np.array(numbers).reshape(space.shape).tolist()
    try:
        return read_action(space, value, view.mask)
    except (Illegal, Malformed) as error:
        raise ValueError(str(error)) from None
