"""`marl rewards ...`: plot, analyze, ablate, judge."""

from __future__ import annotations

from pathlib import Path

from marl.cli.command import Commands, argument, option

app = Commands("Look into rewards: plot, analyze, ablate; and judge clips.")
PNG = option(None, "--png", metavar="FILE", help="A picture of the page too; it takes an installed Chromium or Chrome.")


@app.command()
def plot(
    scenario: str = argument(None, metavar="[SCENARIO]", help="Draw the shapes that its rewards have, too."),
    x: str = option("", metavar="AXIS", help="With --y: maps of its channels over a slice, as in observation[0]=-1:1"),
    y: str = option("", metavar="AXIS", help="The other axis: observation[2]=-8:8, or a column, info.fuel=0:1"),
    out: Path = option(Path("shapes.html"), "--out", metavar="FILE", help="The page."),
    png: Path = PNG,
) -> None:
    """Draw shape functions, curves of diminishing returns, and what combinations make of two parts."""
    from marl.page.picture import keep
    from marl.registry import load_registry
    from marl.scenario import load_scenario
    from marl_rewards.lab.reward_of import reward_of
    from marl_rewards.lab.shapes_page import page, shapes_of
    from marl_rewards.lab.slice_page import slice_of

    slices, registry = slice_of(scenario, x, y) if x or y else "", load_registry()
    own = shapes_of(reward_of(load_scenario(scenario, [], registry)), registry) if scenario else {}
    keep(page(own, scenario or "", slices), out, png, 2080 if scenario else 1660)


@app.command()
def analyze(
    run: Path = argument(metavar="RUN", help="The run directory, as in runs/NAME."),
    out: Path = option(None, "--out", metavar="FILE", help="The page.  [default: rewards.html in the run directory]"),
    png: Path = PNG,
) -> None:
    """Say what every channel added, whose the variance is, and where one grows while the game's own score falls.

    It reads metrics.jsonl alone; a run that is going on may be looked at.
    """
    from marl.cli import show
    from marl.page.picture import keep
    from marl_rewards.lab.analysis_page import page
    from marl_rewards.lab.analysis_table import lines
    from marl_rewards.lab.updates import read_updates

    updates = read_updates(run)
    for line in lines(updates):
        show.line(line)
    keep(page(updates), out or run / "rewards.html", png, 2460 + 64 * len(updates.paid))


@app.command()
def ablate(
    scenario: str = argument(help="A scenario's name (`marl scenarios list`), or a YAML file; of kind: train."),
    overrides: list[str] = argument(None, metavar="[KEY=VALUE]...", help="Change keys: env_steps=20000"),
    seeds: int = option(3, min=1, help="How many seeds each variant is trained with."),
    first: int = option(0, min=0, help="The first of the seeds; the others follow it."),
    out: Path = option(None, "--out", metavar="DIR", help="Where its runs are.  [default: runs/NAME-ablation]"),
    workers: int = option(1, min=1, help="How many runs go on at once, each in a process of its own."),
    png: Path = PNG,
) -> None:
    """Train without each channel, and with each alone, and say what that changes, with 95 % intervals.

    Interrupted or killed, the same command goes on: what is done is not done again.
    """
    from marl.cli import show
    from marl.page.picture import keep
    from marl_rewards.lab.ablation import Ablation
    from marl_rewards.lab.ablation_page import page
    from marl_rewards.lab.ablation_table import lines

    ablation = Ablation.of(scenario, overrides or [], seeds, out, first)
    ablation.work(workers)
    for line in lines(ablation):
        show.line(line)
    keep(page(ablation), ablation.out / "ablation.html", png, 1000 + 60 * len(ablation.variants))


@app.command()
def judge(
    run: Path = argument(metavar="RUN", help="The run directory, as in runs/NAME; it may be going on."),
    pairs: int = option(20, min=1, help="How many pairs of clips to show."),
    terminal: bool = option(False, "--terminal", help="Here, without a browser."),
    port: int = option(0, min=0, help="The port of the page.  [default: any that is free]"),
    seed: int = option(0, help="Which matches are shown."),
) -> None:
    """Say which of two clips of a run is better; a reward that asks people learns from it.

    Answers are kept as they come. The run need not be going on while you answer, and never waits for you.
    """
    from marl.cli import show
    from marl.registry import load_registry
    from marl_rewards.preferences.asking import asker_of, in_the_terminal, on_a_page

    asker = asker_of(run, load_registry())
    done = in_the_terminal(asker, pairs, seed) if terminal else on_a_page(asker, pairs, seed, port)
    show.line(f"{done} answer{'' if done == 1 else 's'} kept in {asker.folder}")
