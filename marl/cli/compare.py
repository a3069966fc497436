"""`marl compare`: which method is better, over seeds and tasks."""

from __future__ import annotations

from pathlib import Path

from marl.cli.command import argument, option
from marl.errors import UserError

_SCORES = ("points", "return")


def compare(
    runs: list[Path] = argument(metavar="RUN...", help="Directories of training runs: methods, tasks and seeds."),
    score: str = option("", "--score", metavar="NAME", help="points or return.  [default: points, if all have them]"),
    against: str = option("", "--against", metavar="PLAYER", help="The opponent.  [default: each run's first]"),
    env_steps: int = option(None, "--env-steps", min=1, help="Where to compare.  [default: where the shortest ends]"),
    out: Path = option(Path("compare.html"), "--out", metavar="FILE", help="The page."),
    png: Path = option(None, "--png", metavar="FILE", help="A picture of it too; it takes an installed browser."),
    as_json: bool = option(False, "--json", help="Print JSON, and write no page."),
) -> None:
    """Which method is better, over seeds and tasks, with intervals.

    The page has interquartile means, probabilities of improvement, profiles and curves.

    Runs are of one method where their scenarios differ in nothing but the environment, the seed and how long they run;
    they are of one task where they have the same environment and opponents. With several tasks and returns for scores,
    each task's range becomes 0 to 1. Needs rliable: pip install 'marl-league[compare]'
    """
    from marl.cli import show
    from marl.page.picture import keep
    from marl.registry import load_registry
    from marl.training.compare import statistics, table
    from marl.training.compare.page import page
    from marl.training.compare.runs import read_runs

    if score and score not in _SCORES:
        raise UserError(f"--score: there is no {score!r}; scores are {' and '.join(_SCORES)}")
    measured, kind = read_runs(runs, score, against, load_registry())
    tasks = {run.task for run in measured}
    found = statistics.compared(statistics.tabled(measured, kind == "return" and len(tasks) > 1, env_steps))
    if as_json:
        show.as_json(table.as_json(found, kind))
        return
    show.line(
        f"{kind} at {found.table.env_steps:,} env steps, {len(tasks)} task{'s' * (len(tasks) > 1)}, 95 % intervals"
    )
    for headings, lines in table.tables(found):
        show.line("")
        show.table(headings, lines)
    for note in found.table.notes:
        show.line(f"note: {note}")
    command = ["marl", "compare", *map(str, runs)]
    command += [text for name, value in (("--score", score), ("--against", against)) if value for text in (name, value)]
    command += [] if env_steps is None else ["--env-steps", str(env_steps)]
    keep(page(found, kind, command), out, png, 1700 + 100 * len(found.table.runs) * len(found.aggregates))
