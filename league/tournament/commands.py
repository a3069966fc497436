"""`marl tournament ...`"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TextIO

from rich.console import Console

from league.hookspecs import RATINGS, SANDBOXES
from league.referee.check import check as check_bot
from league.tournament.changes import Manner
from league.tournament.event import create as create_event
from league.tournament.event import opened
from league.tournament.exchange import export_lines, import_lines
from league.tournament.leave import leave
from league.tournament.operate import Options
from league.tournament.page import write as write_page
from league.tournament.pgn import export_pgn
from league.tournament.runner import Playing
from league.tournament.standings import terminal, view
from league.tournament.submit import Submitted, Terms, submit_all
from league.tournament.verify import problems
from marl.cli.command import Commands, argument, option
from marl.errors import RunError, UserError
from marl.printable import printable
from marl.registry import Component, Registry, load_registry
from marl.run.drawing import drawer_of
from marl.run.life import carry_out
from marl.run.players import parameters
from marl.scenario import load_scenario

app = Commands("Host a tournament: create, submit, check, run, standings.")

EVENT = argument(metavar="EVENT", help="The event's directory.")
TRUST = option(False, "--trust", help="All bots are your own: any sandbox will do.")


@app.command()
def create(
    event: Path = argument(metavar="EVENT", help="The directory to make."),
    overrides: list[str] = argument(
        None, metavar="[KEY=VALUE]...", help="More of it: schedule.rounds=5 clocks.move=0.1 limits.memory_mb=256"
    ),
    game: str = option(
        ..., "--game", metavar="GAME", help='An environment, with its parameters if need be: "NAME KEY=VALUE ...".'
    ),
    schedule: str = option("round_robin", "--schedule", metavar="NAME", help="round_robin, swiss, ladder, ..."),
) -> None:
    """Make an event: a game, a schedule, and what bots may use."""
    registry = load_registry()
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / "scenario.yaml"
        draft.write_text(f"kind: tournament\nname: {event.resolve().name}\n")
        given = [*_game(game), f"schedule={schedule}", *(overrides or [])]
        scenario = load_scenario(draft, given, registry)
    made = create_event(event, scenario, registry)
    console = Console(highlight=False)
    console.print(f"{event}: {made.config.env}, {made.config.schedule.name}", markup=False, soft_wrap=True)
    console.print(f"commitment  {made.commitment}  (publish it before the first match)", markup=False, soft_wrap=True)
    console.print(f"next        marl tournament submit {event} BOT", markup=False, soft_wrap=True)
    made.close()


def _game(text: str) -> list[str]:
    """The overrides that `"NAME KEY=VALUE ..."` stands for."""
    name, _ = parameters(text)
    return [f"env={name}", *(f"env.{word}" for word in text.strip().removeprefix(name).split())]


@app.command()
def submit(
    event: Path = EVENT,
    bots: list[str] = argument(
        metavar="BOT...",
        help="A folder or archive with a bot.yaml, a policy (PLUGIN/NAME), or a run, RUN@PLAYER or snapshot's file; "
        'all but bots with parameters if need be, as in "PLUGIN/NAME KEY=VALUE". NAME=... names it.',
    ),
    trust: bool = TRUST,
    replace: bool = option(False, "--replace", help="A name that is taken: a new version, by the same author."),
    anybody: bool = option(False, "--anybody", help="With --replace: by another author too."),
    validate: bool = option(True, help="Let bots play a match against themselves first."),
) -> None:
    """Let bots take part, all or none of those that are named."""
    terms = Terms(trust, validate, replace, anybody)
    with opened(event, load_registry(), writes=True) as found:
        for done in submit_all(found, bots, terms):
            print(sentence(done))
        count = len(found.ledger.bots())
    print(f"{count} player{'s' if count != 1 else ''}; when all are there: marl tournament run {event}")


def sentence(done: Submitted) -> str:
    """What became of a submission."""
    bot = done.bot
    origin = " of" if bot.kind in ("policy", "snapshot") else ", by"  # a plugin, a policy or a run; or its author
    what = printable(f"{bot.name} ({bot.kind}{origin} {bot.author})")
    if done.unchanged:
        return f"{what} is here already, exactly as it is: nothing to do"
    if done.before is not None:
        return f"{what} is now version {bot.version}, in place of version {done.before.version}"
    return f"{what} takes part" + (f" from round {done.joined} on" if done.joined else "")


@app.command()
def withdraw(
    event: Path = EVENT,
    player: str = argument(metavar="PLAYER", help="Who leaves."),
    reason: str = option("", "--reason", metavar="TEXT", help="Why; shown in the standings."),
) -> None:
    """Let a player leave. What was played counts; what was still to be played with it is forfeited."""
    _leave(event, player, "withdrawn", reason)


@app.command()
def disqualify(
    event: Path = EVENT,
    player: str = argument(metavar="PLAYER", help="Who is out, also after the end."),
    reason: str = option(..., "--reason", metavar="TEXT", help="Why; shown in the standings."),
) -> None:
    """Put a player out, and last in the standings. What was played counts for its opponents; the rest is forfeited."""
    _leave(event, player, "disqualified", reason)


def _leave(event: Path, player: str, manner: Manner, reason: str) -> None:
    with opened(event, load_registry(), writes=True) as found:
        bot = leave(found, player, manner, reason)
        going = found.has_begun and not found.has_ended
    print(f"{bot.name} is {manner}" + (f"; go on with `marl tournament run {event}`" if going else ""))


@app.command()
def check(
    bot: Path = argument(metavar="BOT", help="A folder or archive with a bot.yaml."),
    game: str = option(None, "--game", metavar="NAME", help="Only this one of the games that it plays."),
    sandbox: str = option("bubblewrap", "--sandbox", metavar="NAME", help="Where to try it."),
    transcript: bool = option(False, "--transcript", help="Show every line of every match that was tried."),
) -> None:
    """Everything that would go wrong with a bot, before it is submitted: tried on every game, in every seat."""
    registry = load_registry()
    place = registry.make(SANDBOXES, sandbox, {})
    probe = place.probe()
    if not probe.ok:
        raise UserError(f"the sandbox {sandbox!r} does not work on this machine: {probe.reason}")
    found = check_bot(bot, registry, place, game)
    print(found.text())
    if transcript:
        print(found.transcript)
    if not found.ok:
        problems = sum(finding.level == "problem" for finding in found.findings)
        more = "" if transcript else "; --transcript shows every line"
        raise UserError(f"{bot} has {problems} problem{'s' if problems != 1 else ''}{more}")


@app.command()
def run(
    event: Path = EVENT,
    workers: int = option(0, "--workers", min=0, help="Matches at once.  [default: one for each processor]"),
    trust: bool = TRUST,
    ray: bool = option(False, "--ray", help="Play on the Ray cluster that this machine belongs to."),
) -> None:
    """Play the event, or go on with it. Nothing that was finished is played again."""
    with opened(event, load_registry(), writes=True) as found:
        carry_out(Playing(found, Options(workers, trust, ray), f"marl tournament run {event}"))


@app.command()
def standings(
    event: Path = EVENT,
    as_json: bool = option(False, "--json", help="Print JSON, and write no page."),
    rating: str = option(
        None,
        "--rating",
        metavar="NAME",
        help='Rate by another system, with parameters if need be: "elo k=10". The page keeps the event\'s own.',
    ),
    out: Path = option(None, "--out", metavar="FILE", help="Where to write the page.  [default: in EVENT]"),
    drawer: str = option(
        "", metavar="DRAWER", help='Who draws the replays, as in "marl/state".  [default: as the event says]'
    ),
) -> None:
    """Who is best, and how sure that is: a table, a crosstable, and a page with all replays."""
    with opened(event, load_registry()) as found:
        shown = view(found, _rating(rating, found.registry))
        artist = drawer_of(drawer, found.environment, found.registry) if drawer else None
        if as_json:
            print(terminal.as_json(shown))
            return
        if out is not None and out.is_dir():
            raise UserError(f"--out {out} is a directory: name the file, as in --out {out / 'standings.html'}")
        page, lacks = out or event / "standings.html", ""
        try:  # before anything is printed: `| head` stops reading when it has enough
            write_page(found, page, view(found) if rating else shown, artist)
        except RunError:
            if out is not None or os.access(event, os.W_OK):
                raise
            lacks = f"none, since {event} cannot be written; --out FILE writes it elsewhere"
    terminal.show(shown, Console(highlight=False))
    print(f"page  {lacks or page}")


def _rating(text: str | None, registry: Registry) -> Component | None:
    """What `--rating` names."""
    if not text:
        return None
    name, params = parameters(text)
    return Component(registry.find(RATINGS, name).full_name, params)


@app.command()
def export(
    event: Path = EVENT,
    pgn: bool = option(False, "--pgn", help="Portable Game Notation, where moves have names (chess and kin)."),
) -> None:
    """The whole event on standard output: JSON lines, or PGN."""
    with opened(event, load_registry()) as found:
        for text in export_pgn(found) if pgn else export_lines(found):
            print(text)


@app.command("import")
def import_event(
    event: Path = argument(metavar="EVENT", help="The directory to make."),
    file: TextIO = argument(metavar="FILE", help="What `export` wrote; - is standard input."),
) -> None:
    """Make an event of exported JSON lines: its standings, matches and replays, without the bots' files."""
    found = import_lines(file, event, load_registry())
    print(f"{event}: {len(found.ledger.every_bot())} bots and {found.ledger.match_count()} matches")
    found.close()


@app.command()
def verify(event: Path = EVENT) -> None:
    """Check an event that is over: the secret, every seed, and every match by playing its replay again."""
    with opened(event, load_registry()) as found:
        wrong = list(problems(found))
        count = found.ledger.match_count()
    for problem in wrong:
        print(printable(problem))
    if wrong:
        raise RunError(f"{len(wrong)} things in {event} are not as they should be")
    print(f"the secret is the one that was committed to; {count} matches have its seeds and play again as recorded")
