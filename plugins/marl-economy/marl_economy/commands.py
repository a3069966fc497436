"""`marl economy ...`: elasticity, solution."""

from __future__ import annotations

from marl.cli.command import Commands, argument, option

app = Commands("Look into economies: how elastic incomes are, and the best taxes where they can be computed.")
WORKERS = argument(metavar="WORKERS", help="Who works: a run, runs/NAME, or a policy such as economy/rational.")
ENV = option("", "--env", metavar="ENV", help="The economy.  [default: that of the run]")


@app.command()
def elasticity(
    workers: str = WORKERS,
    env: str = ENV,
    matches: int = option(128, min=1, help="Matches under rates that are drawn at random."),
    seed: int = option(0, min=0, help="Where chance begins."),
) -> None:
    """Estimate the elasticity of income that Saez's formula needs, and what the formula says then.

    It is the slope of log income over log (1 - marginal rate), where a planner draws its rates.
    """
    import numpy as np

    from marl.cli import show
    from marl_economy import saez
    from marl_economy.estimate import Estimate

    found = Estimate.of(workers, env, matches, seed)
    schedule = saez.rates(found.incomes, found.cutoffs, found.elasticity)
    show.line(f"elasticity {found.elasticity:.3f}, from {len(found.incomes):,} incomes of a year")
    for low, rate in zip(found.cutoffs.tolist(), np.round(schedule, 3).tolist(), strict=True):
        show.line(f"  from {low:>8g}  {rate:.1%}")
    show.line(f'as a player: "economy/saez elasticity={found.elasticity:.3f}"')


@app.command()
def solution(
    env: str = option("economy/labour", "--env", metavar="ENV", help="An economy of effort, with its parameters."),
) -> None:
    """Say what no taxes, Saez's formula and the best taxes come to, where workers do what is best for them."""
    import numpy as np

    from marl.cli import show
    from marl_economy.estimate import society
    from marl_economy.labour import stackelberg
    from marl_economy.labour.labour import Labour

    economy = society(env, 1)
    if not isinstance(economy, Labour):
        from marl.errors import UserError

        raise UserError(f"{env} has no solution that can be computed; economy/labour has one")
    lines = {
        "no taxes": stackelberg.outcome(economy, np.zeros(len(economy.cutoffs))),
        "Saez's formula": stackelberg.formula(economy),
        "best": stackelberg.solution(economy),
    }
    for name, one in lines.items():
        rates = " ".join(f"{100 * rate:.0f}" for rate in one.rates)
        show.line(
            f"{name:15} rates {rates} %   welfare {one.welfare:.4f}   mean income {one.output:.3f}   "
            f"equality {one.equality:.3f}"
        )
    if len(economy.cutoffs) == 1:
        show.line(f"the textbook's flat rate: {stackelberg.textbook(economy):.1%}")
