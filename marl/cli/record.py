"""`marl record` and `marl dataset`: matches, written down to learn from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from marl.cli.command import argument, option
from marl.errors import UserError
from marl.registry import ENVIRONMENTS

REPLAYS = (".json.gz", ".replay", ".gz")  # what files of replays are called

if TYPE_CHECKING:
    from marl.datasets.header import Header
    from marl.datasets.recording import Cast
    from marl.env import Environment, EnvSpec
    from marl.registry import Component, Registry
    from marl.run.players import Contestant
    from marl.snapshot import JSON
    from marl.types import Floats


def record(
    players: list[str] = argument(
        metavar="PLAYER...", help="Who plays: runs, RUN@NAME, snapshots, policies, by turns. Or replays, all of them."
    ),
    against: list[str] = option(
        None, "--against", metavar="PLAYER", help="Who plays the other sides, by turns.  [default: PLAYER itself]"
    ),
    out: Path = option(..., "--out", metavar="DIR", help="The dataset; one that was interrupted is gone on with."),
    matches: int = option(1000, min=1, help="How many there shall be in all."),
    seed: int = option(0, help="Equal seeds, equal matches."),
    env: str = option("", metavar="ENV", help="Where they meet, if no player comes from a run, or elsewhere."),
) -> None:
    """Play matches and write them down, to learn from without playing.

    What was finished stays, whatever interrupts it: the same command goes on. With a larger --matches, it adds some.
    """
    from marl.registry import load_registry
    from marl.run.directory import locked

    registry = load_registry()
    if any(player.endswith(REPLAYS) for player in players):
        found = _from_replays(players, against, env, registry, out)
    else:
        found = _from_players(players, against or [], env, registry, out, matches, seed)
    with locked(out):
        try:
            for header in found():
                print(f"{header.matches:,} matches, {header.rows:,} own turns", flush=True)
        except KeyboardInterrupt:
            print(f"stopped; what was finished is in {out}, and the same command goes on")
            raise
    print(f"next: marl dataset {out}")


def dataset(
    directory: Path = argument(metavar="DATASET", help="Its directory, as in `marl record ... --out DATASET`."),
    as_json: bool = option(False, "--json", help="Print JSON."),
) -> None:
    """Say what is in a dataset, and check that nothing of it is damaged."""
    from marl.cli import show
    from marl.datasets import Dataset
    from marl.words import number

    there = Dataset(directory)
    there.check()
    header = there.header
    returns = there.each("returns").mean(axis=0).tolist() if len(there) else []
    if as_json:
        figures = {"id": there.id, "matches": len(there), "rows": header.rows, "ticks": header.ticks}
        show.as_json({**header.about(), **figures, "returns": returns})
        return
    print(f"{directory}: {header.environment}")
    rows = [["matches", f"{len(there):,}"], ["ticks", f"{header.ticks:,}"], ["own turns", f"{header.rows:,}"]]
    rows += [["players", ", ".join(str(player["name"]) for player in header.players)]]
    rows += [["mean return", "  ".join(map(number, returns))], ["id", there.id]]
    show.table(["what", ""], rows)


Found = Callable[[], Iterator["Header"]]


def _from_players(
    players: Sequence[str], against: Sequence[str], env: str, registry: Registry, out: Path, matches: int, seed: int
) -> Found:
    """Who plays is known, and fits what is in `out` already: what records them."""
    from marl.datasets import recording
    from marl.datasets.header import Header, spec_of
    from marl.run.players import contestant, meeting_place
    from marl.services import explained

    ours, theirs = ([contestant(one, registry) for one in names] for names in (players, against))
    game = meeting_place(env, [*ours, *theirs], registry)
    make = _maker(game, registry)
    spec = make(1).spec
    cast, described = _cast(ours, theirs, registry, spec)
    wanted = Header(game.name, game.params, spec_of(spec), described, cast.lineups.tolist(), seed, recording.each(spec))

    def found() -> Iterator[Header]:
        header = recording.begun(out, wanted)
        with explained(game, registry):
            yield from recording.record(out, header, cast, make, matches) if header.matches < matches else [header]

    return found


def _cast(
    ours: Sequence[Contestant], theirs: Sequence[Contestant], registry: Registry, spec: EnvSpec
) -> tuple[Cast, list[dict[str, JSON]]]:
    """Policies and line-ups: every one of ours with every one of theirs, on every side that it can play."""
    import numpy as np

    from marl.datasets.recording import Cast
    from marl.run.players import seats

    everybody, sides = [*ours, *theirs], len(spec.sides)
    if theirs and sides == 1:
        raise UserError("--against: there is one side only, so there is nobody to play against")
    known = [one.player(registry, spec) for one in everybody]
    first = np.cumsum([0, *(len(player.policies) for player in known)])
    lineups = []

    def on(index: int, side: int) -> Floats:
        row = np.zeros(int(first[-1]))
        row[first[index] : first[index + 1]] = known[index].weights[side]
        return row

    for mine, one in enumerate(ours):
        if not theirs:
            missing = set(range(sides)) - set(range(sides) if one.sides is None else one.sides)
            if missing:
                raise UserError(f"{one.name} did not learn to play side {min(missing)}: say who does, with --against")
            lineups.append([on(mine, side) for side in range(sides)])
        for other, rival in enumerate(theirs, len(ours)):
            for seat in seats(one, rival, sides):
                lineups.append([on(mine if side == seat else other, side) for side in range(sides)])
    described: list[dict[str, JSON]] = [
        {"name": one.name, "policy": snapshot.policy, "snapshot": snapshot.id}
        for one in everybody
        for snapshot in {snapshot.id: snapshot for side in one.mixtures for snapshot, _ in side}.values()
    ]
    return Cast([policy for player in known for policy in player.policies], np.array(lineups)), described


def _from_replays(
    players: Sequence[str], against: Sequence[str] | None, env: str, registry: Registry, out: Path
) -> Found:
    from marl.datasets import recording, replays
    from marl.registry import Component
    from marl.services import explained

    if against or env or not all(player.endswith(REPLAYS) for player in players):
        raise UserError("replays say who played and where: name replays only, without --against and --env")
    read = replays.read([Path(player) for player in players])
    params = registry.validate(ENVIRONMENTS, read[0].environment, read[0].params)
    game = Component(read[0].environment, params)
    make = _maker(game, registry)
    wanted = replays.header(read, make(1).spec, recording.each(make(1).spec), params)

    def found() -> Iterator[Header]:
        header = recording.begun(out, wanted)
        with explained(game, registry):
            yield from replays.record(out, header, read, make) if header.matches < len(read) else [header]

    return found


def _maker(game: Component, registry: Registry) -> Callable[[int], Environment]:
    return lambda lanes: registry.make(ENVIRONMENTS, game.name, game.params, lanes=lanes)
