"""`marl meanfield ...`: finite, curves, film."""

from __future__ import annotations

from pathlib import Path

from marl.cli.command import Commands, argument, option

app = Commands("Look into mean-field runs: how good a policy is among N agents, curves of several runs, a film.")
RUN = argument(metavar="RUN", help="The run directory, as in runs/NAME.")


@app.command()
def finite(
    run: Path = RUN,
    agents: list[int] = option([10, 30, 100, 300, 1000], "--agents", min=2, help="How many in each population."),
    matches: int = option(200, min=4, help="Matches at each number of agents."),
    seed: int = option(0, min=0, help="Where chance begins."),
    out: Path = option(None, "--out", metavar="FILE", help="The page.  [default: finite.html in the run directory]"),
    png: Path = option(
        None, "--png", metavar="FILE", help="A picture of the page too; it takes an installed Chromium."
    ),
) -> None:
    """Say what one agent gains by deviating from a run's policy, in games of N agents.

    Interrupted or killed, the same command goes on: what was measured is in finite.jsonl of the run directory.
    """
    from marl.cli import show
    from marl.page.picture import keep
    from marl.words import number
    from marl_meanfield.finite.measure import Gain
    from marl_meanfield.finite.page import page, power
    from marl_meanfield.finite.sweep import Sweep, slope

    def tell(one: Gain) -> None:
        seeing = "" if one.seeing != one.seeing else f"   sees all {number(one.seeing)} ± {number(one.seeing_error)}"
        show.line(f"{one.agents:>7,} agents   gain {number(one.gain)} ± {number(one.error)}{seeing}")

    sweep = Sweep.of(run)
    limit = sweep.limit()
    gains = sweep.work(sorted(set(agents)), matches, seed, tell)
    show.line(f"  limit          gain {number(limit.nash_conv)}")
    for column, words in (("gain", "who sees its own state"), ("seeing", "who sees all")):
        show.line(f"falls like {power(slope(gains, column))}: {words}")
    keep(page(sweep, gains), out or run / "finite.html", png, 1180)


@app.command()
def curves(
    runs: list[Path] = argument(metavar="RUN...", help="Run directories, as in runs/NAME."),
    out: Path = option(Path("curves.html"), "--out", metavar="FILE", help="The page."),
    png: Path = option(
        None, "--png", metavar="FILE", help="A picture of the page too; it takes an installed Chromium."
    ),
) -> None:
    """Draw how far from equilibrium several runs were, over iterations, into one picture."""
    from marl.cli import show
    from marl.page.picture import keep
    from marl.words import number
    from marl_meanfield.curves import Curve, page

    found = [Curve.of(run) for run in runs]
    for one in found:
        iteration, value = one.measured[-1]
        show.line(f"{one.name:24}  NashConv {number(value)} after {iteration:,} iterations")
    keep(page(found), out, png, 900)


@app.command()
def film(
    run: Path = RUN,
    out: Path = option(
        None, "--out", metavar="FILE", help="The film, a .png or a .gif.  [default: film.png in the run]"
    ),
    milliseconds: int = option(120, min=10, max=60000, help="How long a picture stays."),
) -> None:
    """Make a film of who is where when, if everybody follows a run's policy: an animated PNG, or a GIF."""
    from marl.blobs import Blobs, write_atomically
    from marl.cli import show
    from marl.errors import UserError
    from marl_meanfield import progress
    from marl_meanfield.film import filmed
    from marl_meanfield.progress import Progress
    from marl_meanfield.solving import FLOW

    if not (run / progress.FILE).is_file():
        raise UserError(f"{run} holds no mean-field run: there is no {progress.FILE} in it")
    arrays, meta = Blobs(run / "blobs").get(Progress.read(run).state)
    where = out or run / "film.png"
    if where.is_dir():
        raise UserError(f"{where} is a directory: name a file in it")
    if where.suffix not in (".png", ".gif"):
        raise UserError(f"{where}: a film is an animated .png or a .gif, so its name must end so")
    where.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(where, filmed(arrays[FLOW], tuple(meta["layout"]), milliseconds, kind=where.suffix))
    show.line(f"film    {where}   {len(arrays[FLOW])} pictures")
