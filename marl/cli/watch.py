"""`marl watch`: see a match, tick by tick."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from marl.cli.command import argument, option
from marl.cli.record import REPLAYS
from marl.errors import UserError
from marl.registry import ENVIRONMENTS

if TYPE_CHECKING:
    from marl.arena import Results
    from marl.drawer import Drawer
    from marl.env import Environment, Frame
    from marl.registry import Component, Registry


def watch(
    player: str = argument(metavar="PLAYER", help="A run, RUN@NAME, a snapshot's file, or a recorded replay."),
    against: str = option("", metavar="PLAYER", help="Who plays the other sides.  [default: PLAYER itself]"),
    side: int = option(
        None, min=0, help="The side of PLAYER, where there is somebody against.  [default: the first it can play]"
    ),
    seed: int = option(0, help="The match; equal seeds, equal matches."),
    delay: float = option(0.5, min=0.0, help="Seconds between ticks, in a terminal."),
    env: str = option("", metavar="ENV", help="Where they meet, if no player comes from a run, or elsewhere."),
    drawer: str = option("", metavar="DRAWER", help='Who draws it, as in "marl/state".  [default: the game itself]'),
) -> None:
    """Watch a match in the terminal: between players, or a replay."""
    from marl.registry import load_registry

    registry = load_registry()
    if player.endswith(REPLAYS):
        title, frames = _replay(Path(player), drawer, registry)
    else:
        title, frames = _match(player, against, side, seed, env, drawer, registry)
    _show(title, frames, delay)


def _told(frames: Iterator[tuple[str, Frame]], drawer: Drawer) -> Iterator[tuple[str, Frame]]:
    """The frames, and the moment from which on a drawer has failed."""
    failed = ""
    for line, frame in frames:
        now = getattr(drawer, "problem", "")
        yield (line if now == failed else f"{line}   {now}"), frame
        failed = now


def _replay(path: Path, drawer: str, registry: Registry) -> tuple[str, Iterator[tuple[str, Frame]]]:
    from marl.arena import Replay
    from marl.run.drawing import drawer_of

    replay = Replay.read(path)
    environment = registry.make(ENVIRONMENTS, replay.environment, replay.params, lanes=1)
    drawn = drawer_of(drawer, environment, registry)

    def frames() -> Iterator[tuple[str, Frame]]:
        for tick, frame in enumerate(replay.play(environment, drawn)):
            line = f"tick {tick}"
            if tick == len(replay.ticks):
                line += f"   over: returns {_numbers(replay.verdict.get('returns', []))}"
            yield line, frame

    return f"{replay.environment}: {' against '.join(replay.players)}", _told(frames(), drawn)


def _match(
    player: str, against: str, side: int | None, seed: int, env: str, drawer: str, registry: Registry
) -> tuple[str, Iterator[tuple[str, Frame]]]:
    from marl.run.drawing import drawer_of
    from marl.run.players import contestant, meeting_place, seats

    subject = contestant(player, registry)
    rival = contestant(against, registry) if against else subject
    game = meeting_place(env, [subject, rival], registry)
    environment = registry.make(ENVIRONMENTS, game.name, game.params, lanes=1)
    sides = len(environment.spec.sides)
    if subject.sides is not None and not against and len(subject.sides) < sides:
        raise UserError(
            f"{player} learned to play side {', '.join(map(str, subject.sides))} only: say who plays the others, "
            "as in --against marl/random"
        )
    if side is not None and side >= sides:
        raise UserError(f"--side {side}: the sides of {game.name} are 0 to {sides - 1}")
    if side is not None and not against:
        raise UserError("--side needs somebody on the other sides: say who, as in --against marl/random")
    if against and sides == 1:
        raise UserError(f"--against: {game.name} has one side only, so there is nobody to play against")
    possible = seats(subject, rival, sides) if against else [0]
    if side is None:
        side = possible[0]
    if side not in possible:
        raise UserError(f"--side {side}: {player} can have side {' or '.join(map(str, possible))} against {against}")
    taken = [(subject if here == side else rival).player(registry, environment.spec) for here in range(sides)]
    title = f"{game.name}: {' against '.join(seat.name for seat in taken)}, seed {seed}"
    drawn = drawer_of(drawer, environment, registry)
    return title, _told(_explained(_play(environment, taken, seed, drawn), game, registry), drawn)


def _explained(frames: Iterator[tuple[str, Frame]], game: Component, registry: Registry) -> Iterator[tuple[str, Frame]]:
    from marl.services import explained

    with explained(game, registry):
        yield from frames


def _play(environment: Environment, seats: list[Any], seed: int, drawer: Drawer) -> Iterator[tuple[str, Frame]]:
    """Frames of one match, with a line about what was just done."""
    import numpy as np

    from marl.arena import Mixtures, Play

    policies = [policy for seat in seats for policy in seat.policies]
    weights, first = np.zeros((len(seats), len(policies))), 0
    for side, seat in enumerate(seats):
        weights[side, first : first + len(seat.policies)] = seat.weights[side]
        first += len(seat.policies)
    told: list[str] = []
    play = Play(environment, policies, Mixtures(weights, seed, limit=1), [_Teller(environment.spec.agents, told)])
    yield "tick 0", drawer.render(0)
    while not play.over:
        told.clear()
        play.tick()
        ended = _ending(play.drain(), environment.spec.agents) if play.over else ""
        yield f"tick {play.clock}   {', '.join(told)}{ended}", drawer.render(0)


def _ending(results: Results, agents: Sequence[str]) -> str:
    fault = int(results.fault[0])
    blamed = f": {agents[fault]} broke the rules" if fault >= 0 else ""
    return f"   over: returns {_numbers(results.returns[0].tolist())}{blamed}"


class _Teller:
    """A recorder that says who did what."""

    def __init__(self, agents: tuple[str, ...], told: list[str]) -> None:
        self.agents, self.told = agents, told

    def acted(self, play: Any, moves: Any) -> None:
        """See `marl.arena.Recorder`."""
        for agent, action in zip(moves.rows.agent.tolist(), moves.acts.action.tolist(), strict=True):
            shown = _numbers(action) if isinstance(action, list) else str(action)
            self.told.append(f"{self.agents[agent]} plays {shown}")

    def stepped(self, play: Any, step: Any) -> None:
        """See `marl.arena.Recorder`."""

    def void(self, play: Any, lanes: Any) -> None:
        """See `marl.arena.Recorder`."""


def _numbers(values: list[float]) -> str:
    return " ".join(f"{value:+.3g}" for value in values)


def _show(title: str, frames: Iterator[tuple[str, Frame]], delay: float) -> None:
    from rich.console import Console, Group
    from rich.live import Live
    from rich.panel import Panel
    from rich.text import Text

    console = Console(highlight=False)
    if not console.is_terminal:
        print(title)
        for line, frame in frames:
            print(f"\n{line}\n{frame.text}")
        return
    with Live(console=console, auto_refresh=False) as live:
        for line, frame in frames:
            picture = Panel(Text(frame.text), title=title, title_align="left", expand=False, padding=(1, 3))
            live.update(Group(picture, Text(line)), refresh=True)
            time.sleep(delay)
