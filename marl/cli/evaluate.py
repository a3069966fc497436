"""`marl evaluate`: how strong a player is."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from marl.cli.command import argument, option
from marl.registry import ENVIRONMENTS

if TYPE_CHECKING:
    from marl.arena import Arena
    from marl.env import EnvSpec
    from marl.registry import Component, Registry


def evaluate(
    player: str = argument(metavar="PLAYER", help="A run, RUN@NAME for one player of it, or a snapshot's file."),
    against: list[str] = option(
        ["marl/random"], "--against", metavar="PLAYER", help="Who plays the other sides: a policy, a run, a snapshot."
    ),
    matches: int = option(1000, min=1, help="Matches against each, spread evenly over the sides."),
    seed: int = option(0, help="Equal seeds, equal matches."),
    lanes: int = option(256, min=1, help="Matches played in lockstep."),
    env: str = option("", metavar="ENV", help="Where they meet, if no player comes from a run, or elsewhere."),
    failures: int = option(
        0, min=0, help="How often the environment may fail; such a match is played again with another seed."
    ),
    as_json: bool = option(False, "--json", help="Print JSON."),
) -> None:
    """Play matches and say how a player did, with 95 % intervals."""
    from marl.env import Remarking
    from marl.evaluation import measure
    from marl.registry import load_registry
    from marl.run.players import contestant, meeting_place, seats
    from marl.services import explained

    registry = load_registry()
    subject = contestant(player, registry)
    rivals = {rival: contestant(rival, registry) for rival in against}
    game = meeting_place(env, [subject, *rivals.values()], registry)
    arena = _arena(registry, game, min(lanes, matches), failures)
    spec = arena.environment.spec
    us = subject.player(registry, spec)
    scores: dict[str, dict[str, float]] = {}
    if len(spec.sides) == 1:
        with explained(game, registry):
            scores["alone"] = measure(arena, us, None, matches, seed).plain()
    for name, rival in rivals.items() if len(spec.sides) > 1 else []:
        them, sides = rival.player(registry, spec), seats(subject, rival, len(spec.sides))
        with explained(game, registry):
            scores[name] = measure(arena, us, them, matches, seed, sides).plain()
    _show(player, str(game), scores, spec, as_json)
    if isinstance(arena.environment, Remarking):
        for remark, count in arena.environment.remarks.items():
            print(f"note: {remark} ({count:,} times)", file=sys.stderr)


def _arena(registry: Registry, game: Component, lanes: int, failures: int) -> Arena:
    """An arena on the game; the failures of it that are put up with are told as they come."""
    from marl.arena import Arena, Failures, Tolerance, failure
    from marl.arena.failure import EnvironmentFailed
    from marl.env import Environment

    def make(lanes: int) -> Environment:
        return registry.make(ENVIRONMENTS, game.name, game.params, lanes=lanes)

    def told(failed: EnvironmentFailed) -> None:
        env = {"name": game.name, "params": game.params}
        print(f"warning: {failure.void(failed, make, env)}", file=sys.stderr)

    return Arena(make(lanes), Tolerance(Failures(failures), make, told) if failures else None)


def _show(player: str, env: str, scores: Mapping[str, Mapping[str, float]], spec: EnvSpec, as_json: bool) -> None:
    from marl.cli import show
    from marl.printable import printable
    from marl.words import clipped, number, uncertain

    if as_json:
        show.as_json({"player": player, "env": env, "scores": scores})
        return
    rows = []
    for name, score in scores.items():
        mean = uncertain(score["return"], score.get("return_margin"))
        row = [name, f"{score['matches']:,.0f}", mean, number(score["length"], 3)]
        if "points" in score:
            counts = " / ".join(f"{score[key]:,.0f}" for key in ("wins", "draws", "losses"))
            row += [counts, f"{score['points']:.1%} ({score['points_low']:.1%} – {score['points_high']:.1%})"]
        rows.append(row)
    headings = ["against", "matches", "return", "ticks", "won / drawn / lost", "points, 95 % interval"]
    print(f"{player} on {env}")
    show.table(headings[: len(rows[0])], rows)
    for name, score in scores.items():
        keys = [f"return_side{number}" for number in range(len(spec.sides))]
        by_side = [
            f"{clipped(printable(side), 60)} {uncertain(score[key], score.get(f'{key}_margin'))}"
            for side, key in zip(spec.side_names, keys, strict=True)
            if key in score
        ]
        if by_side:
            print(f"return by side against {printable(name)}: {', '.join(by_side)}")
        for who, whom, faults in ((player, name, "faults"), (name, player, "opponent_faults")):
            if score.get(faults):
                print(f"{who} broke the rules in {score[faults]:,.0f} of its matches against {whom}")
    for name, score in scores.items():
        known = [column for column in spec.info if f"info.{column}" in score]
        if known:
            values = [uncertain(score[f"info.{column}"], score.get(f"info.{column}_margin")) for column in known]
            print("at the end of its matches" + (f" against {printable(name)}" if len(spec.sides) > 1 else ""))
            rows = [[c, value, printable(spec.info[c])] for c, value in zip(known, values, strict=True)]
            show.table(["column", "mean", "what it says"], rows)
