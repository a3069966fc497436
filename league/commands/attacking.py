"""`marl league redteam`: train exploiters against a player, and show what they found."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from league.commands.app import RUN, app
from marl.cli.command import argument, option
from marl.errors import UserError

if TYPE_CHECKING:
    from marl.registry import Component, Registry

EXACT = "league/best_response"


@app.command()
def redteam(
    run: Path = RUN,
    player: str = argument("", metavar="[PLAYER]", help="Its name there, as in player_0/3.  [default: the league]"),
    exploiter: str = option(
        "", metavar="ALGORITHM", help='Who trains them, as in "rllib/ppo lr=0.001".  [default: an exact best response]'
    ),
    budget: int = option(None, min=1, metavar="STEPS", help="Environment steps that each may learn from (env_steps)."),
    exploiters: int = option(3, min=1, help="How many of them, of each side."),
    matches: int = option(1000, min=10, help="Matches to measure each; four times as many halve the interval."),
    games: int = option(3, min=0, help="Lost games to keep, of each side."),
    seed: int = option(0, help="All randomness follows from it."),
    out: Path = option(None, metavar="DIR", help="Where it goes.  [default: RUN/redteam/PLAYER]"),
    drawer: str = option("", metavar="DRAWER", help='Who draws the games, as in "marl/state".  [default: the game]'),
) -> None:
    """Train exploiters against a player for a stated budget, and say what they found, with an interval.

    The best of them meets the player again in fresh matches. A page and replays show games that the player lost. The
    same command goes on with a red team that was stopped.
    """
    from rich.console import Console

    from league.redteam import page, told
    from league.redteam.team import RedTeam
    from marl.blobs import write_atomically
    from marl.printable import printable
    from marl.registry import load_registry
    from marl.run.drawing import drawer_of
    from marl.run.players import contestant, environment_of

    registry = load_registry()
    target = contestant(f"{run}@{player}" if player else str(run), registry)
    env = target.env or environment_of(run, registry)
    if env is None:
        raise UserError(f"{run} names no environment to play in")
    folder = out or run / "redteam" / (re.sub(r"[^\w.-]+", "_", player) or "league")
    component, spelled = _exploiter(exploiter, budget, env, registry)
    team = RedTeam(registry, env, target, component, spelled, folder, exploiters, matches, games, seed)
    spec = team.services.spec
    names = ["any side"] if spec.symmetric else spec.side_names
    team.tell = lambda one: print(printable(told.progress(names[one.side], one)), flush=True)
    environment = team.services.environment(1)
    artist = drawer_of(drawer, environment, registry)
    report = team.run()
    file = folder / page.FILE
    write_atomically(file, page.render(report, folder, environment, artist).encode())
    console = Console(highlight=False)
    console.print(told.attempts(report))
    console.print("\n".join([*told.lines(report, folder), f"page    {file}"]), markup=False, soft_wrap=True)


def _exploiter(text: str, budget: int | None, env: Component, registry: Registry) -> tuple[Component, str]:
    """The algorithm that is meant, and how it is spelled. Raises UserError where it needs a budget, or takes none."""
    from league.services import LeagueServices
    from marl.blobs import Blobs
    from marl.registry import ALGORITHMS, Component
    from marl.run.players import parameters

    if not text:
        try:
            LeagueServices(registry, env, Blobs(Path())).exact()
        except UserError:
            raise UserError(
                f"{env.name} cannot be solved exactly: say who looks for weaknesses, and for how long, as in "
                "--exploiter rllib/ppo --budget 100000"
            ) from None
    name, params = parameters(text or EXACT)
    found = registry.find(ALGORITHMS, name)
    if budget is not None:
        params["env_steps"] = budget
    made = Component(found.full_name, registry.validate(ALGORITHMS, found.full_name, params))
    params |= {"env_steps": made.params["env_steps"]} if "env_steps" in made.params else {}
    words = [f"{key}={value}" for key, value in params.items()]
    return made, " ".join([found.full_name, *words])
