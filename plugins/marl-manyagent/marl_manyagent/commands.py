"""`marl manyagent ...`: order, ising."""

from __future__ import annotations

from pathlib import Path

from marl.cli.command import Commands, argument, option

app = Commands("See many agents: order parameters over time, and the Ising model's against temperature.")
PNG = option(None, "--png", metavar="FILE", help="A picture of the page too; it takes an installed Chromium.")


@app.command()
def order(
    players: list[str] = argument(metavar="PLAYER...", help="Runs, snapshots or policies; each plays with itself."),
    env: str = option("", metavar="ENV", help="Where they play, if no player comes from a run, or elsewhere."),
    ticks: int = option(200, min=1, help="How long, at most."),
    matches: int = option(8, min=1, help="Matches of each."),
    seed: int = option(0, help="Equal seeds, equal matches."),
    out: Path = option(Path("order.html"), "--out", metavar="FILE", help="The page."),
    png: Path = PNG,
) -> None:
    """Draw what an environment says of itself over time: order parameters, the living, and so on."""
    from marl.cli import show
    from marl.page.picture import keep
    from marl.registry import ENVIRONMENTS, load_registry
    from marl.run.players import contestant, meeting_place
    from marl.words import number
    from marl_manyagent.seen.page import over_time
    from marl_manyagent.seen.track import check_columns, settled, tracked

    registry = load_registry()
    found = [contestant(player, registry) for player in players]
    where = meeting_place(env, found, registry)
    game = registry.make(ENVIRONMENTS, where.name, where.params, lanes=matches)
    check_columns(game.spec)
    tracks = [tracked(game, one.player(registry, game.spec), seed, ticks) for one in found]
    for track in tracks:
        means = ", ".join(f"{name} {number(settled(track, name)[0])}" for name in track.columns)
        show.line(f"{track.name:28}  {means} (mean of the last three quarters)")
    keep(over_time(tracks, dict(game.spec.info), str(where)), out, png, 360 + 470 * len(game.spec.info))


@app.command()
def ising(
    runs: list[Path] = argument(default=[], metavar="[RUN]...", help="Runs that have learned manyagent/ising."),
    temperature: list[float] = option(
        [], "--temperature", min=0.1, help="Of the exact sampler, in J / k_B.  [default: ten]"
    ),
    size: int = option(20, min=2, help="Spins along a side."),
    ticks: int = option(400, min=4, help="Ticks of a match; the first quarter does not count."),
    matches: int = option(4, min=1, help="Matches at each temperature."),
    seed: int = option(0, help="Equal seeds, equal matches."),
    out: Path = option(Path("ising.html"), "--out", metavar="FILE", help="The page."),
    png: Path = PNG,
) -> None:
    """Draw the Ising model's order against temperature: what runs learned, the exact sampler, the infinite lattice."""
    from marl.cli import show
    from marl.page.picture import keep
    from marl_manyagent.ising import IsingParams
    from marl_manyagent.seen.page import against_temperature
    from marl_manyagent.seen.sweep import TEMPERATURES, exact, learned, onsager

    params = IsingParams(size=size, max_length=ticks, magnetisation=1.0)
    found = [learned(run, params, matches, seed) for run in runs]
    every = sorted(temperature) or [*TEMPERATURES]
    sampled = exact(every, params, matches, seed)
    for one in (*sampled, *found):
        show.line(
            f"{one.name:24}  T {one.temperature:.3f}   order {one.order:.3f} ± {one.error:.3f}   "
            f"infinite lattice {onsager(one.temperature):.3f}   energy {one.energy:.3f}"
        )
    keep(against_temperature(sampled, found, size, ticks), out, png, 1050 + 29 * len([*sampled, *found]))
