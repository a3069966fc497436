"""Commands that change a league: asked for here, and taken by whoever drives it, or by the next who does."""

from __future__ import annotations

from pathlib import Path

from league.commands.app import RUN, app
from marl.cli.command import argument, option
from marl.printable import printable


@app.command()
def add(
    run: Path = RUN,
    player: str = argument(metavar="PLAYER", help="Whoever can play: runs/NAME@PLAYER, a snapshot, a policy, a bot."),
) -> None:
    """Let a player join a league, which may be running.

    It takes effect between two iterations, as an iteration of its own, and a resume repeats it there.
    """
    from league.operations import ask
    from marl.registry import load_registry

    _said(run, ask.add(run, player, load_registry()), f"{player} joins")


@app.command("import")
def import_(
    run: Path = RUN,
    dataset: Path = argument(metavar="DATASET", help="Recorded matches, as `marl record --out DATASET` writes them."),
    algorithm: str = option("offline/bc", metavar="ALGORITHM", help='Who learns, as in "offline/cql rows=4096".'),
    budget: int = option(100_000, min=1, metavar="TICKS", help="How many recorded ticks are learned from."),
    seed: int = option(0, help="All randomness follows from it."),
) -> None:
    """Learn from recorded matches, and let who does as they did there join a league, which may be running."""
    from league.operations import ask
    from league.operations.clone import clone
    from marl.registry import ALGORITHMS, Component, load_registry
    from marl.run.players import parameters

    registry = load_registry()
    name, params = parameters(algorithm)
    found = registry.find(ALGORITHMS, name).full_name
    chosen = Component(found, registry.validate(ALGORITHMS, found, params))
    learned = clone(run, dataset, chosen, budget, registry, seed)
    _said(run, ask.join(run, learned, f"{algorithm} on {dataset}", registry), f"what {algorithm} learned joins")


@app.command()
def retire(run: Path = RUN, player: str = argument(metavar="PLAYER", help="Its name there, as in player_0/3.")) -> None:
    """Let a player leave a league, which may be running: nobody meets it any more, and it stays in the ledger.

    It takes effect between two iterations, as an iteration of its own, and a resume repeats it there.
    """
    from league.operations import ask

    _said(run, ask.retire(run, player), f"{player} leaves")


@app.command("set")
def set_(
    run: Path = RUN,
    overrides: list[str] = argument(
        metavar="KEY=VALUE...", help="As for `marl resume`: strategy.oracle.env_steps=50000"
    ),
) -> None:
    """Change settings of a league, which may be running: budgets, weights, stop conditions, measures.

    They take effect between two iterations, when the jobs that have begun are done. journal.jsonl says what changed.
    """
    from league.operations import ask
    from marl.registry import load_registry

    _said(run, ask.settings(run, overrides, load_registry()), f"{' '.join(overrides)} is set")


@app.command()
def fork(
    run: Path = RUN,
    new: Path = argument(metavar="DIR", help="The run directory of the fork."),
    at: int = option(None, min=0, metavar="ITERATION", help="At the end of which iteration.  [default: the last one]"),
) -> None:
    """Make a run of a league as it was at the end of an iteration. The league may be running; it stays as it is."""
    from league.operations.fork import fork as forked
    from marl.registry import load_registry

    found = forked(run, new, at, load_registry())
    print(printable(f"{new} is {run} as it was at the end of iteration {found}"))
    print(printable(f"next    marl resume {new} KEY=VALUE..."))


def _said(run: Path, number: int, what: str) -> None:
    from league.operations import ask

    when = (
        "after the iteration that goes on" if ask.is_running(run) else f"once the league goes on: `marl resume {run}`"
    )
    print(printable(f"operation {number}: {what} {when}"))
