"""An event as JSON lines: one line says what it is, then one for each bot and each match.

Scores, verdicts and replays are all there, so that an event can be imported elsewhere and shows the same standings.
The bots' files are not: they belong to their authors.
"""

from __future__ import annotations

import base64
import json
import re
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, TypeAlias, get_origin, get_type_hints

from league.ledger import BotRow, MatchRow
from league.ledger.tournament import ROSTER
from league.tournament.changes import LEFT
from league.tournament.entry import check_name
from league.tournament.event import ENDED, Event, create, discard
from marl.blobs import write_atomically
from marl.errors import UserError
from marl.registry import Registry
from marl.scenario import load_scenario
from marl.scenario.read import read

FORMAT = 1
Numbered: TypeAlias = tuple[int, dict[str, Any]]  # a line's number and what stands there


def export_lines(event: Event) -> Iterator[str]:
    """The event, a JSON object a line."""
    head = {"event": "tournament", "format": FORMAT, "scenario": event.scenario.text, "commitment": event.commitment}
    decided = event.ledger.decisions(ROSTER)
    roster = decided.pop(0)[0]["bots"] if decided else None
    late = [data for data, _ in decided.values()]
    left = [{"bot": id, **data} for id, (data, _) in event.ledger.decisions(LEFT).items()]
    yield json.dumps({**head, "secret": event.revealed() or None, "roster": roster, "late": late, "left": left})
    for bot in event.ledger.every_bot():
        yield json.dumps({"event": "bot", **asdict(bot)})
    for match in event.ledger.matches():
        path = event.path / "replays" / match.replay
        replay = base64.b64encode(path.read_bytes()).decode() if match.replay and path.exists() else None
        yield json.dumps({"event": "match", **asdict(match), "replay_file": replay})


def import_lines(lines: Iterable[str], path: Path, registry: Registry) -> Event:
    """Make an event directory of exported lines. Raises UserError, naming the line, for anything else."""
    numbered = ((number, _parse(line, number)) for number, line in enumerate(lines, 1) if line.strip())
    _, head = next(numbered, (1, {}))
    if head.get("event") != "tournament" or head.get("format") != FORMAT:
        raise UserError(
            f"line 1 is not the head of a tournament of format {FORMAT}, as `marl tournament export` writes it"
        )
    rest = [(number, entry) for number, entry in numbered]
    bots = [_row(BotRow, entry, number) for number, entry in rest if entry.get("event") == "bot"]
    matches = [_row(MatchRow, entry, number) for number, entry in rest if entry.get("event") == "match"]
    for number, entry in rest:
        if entry.get("event") not in ("bot", "match"):
            raise UserError(f"line {number} is neither a bot nor a match")
    new = not path.exists()
    event = _create(head, path, registry)
    try:
        _fill(event, head, bots, matches, rest)
    except BaseException:
        event.close()
        discard(path, folder=new)
        raise
    return event


def _fill(
    event: Event, head: dict[str, Any], bots: list[BotRow], matches: list[MatchRow], rest: list[Numbered]
) -> None:
    """Enter everything. Rows get numbers of their own here."""
    ids = dict(zip((bot.id for bot in bots), (bot.id for bot in event.ledger.add_bots(bots)), strict=True))
    for number, entry in rest:
        if entry.get("replay_file"):
            try:
                content = base64.b64decode(entry["replay_file"], validate=True)
            except (ValueError, TypeError):
                raise UserError(f"line {number}: its replay_file is not base64") from None
            write_atomically(event.path / "replays" / entry["replay"], content)
    try:
        event.ledger.add_matches([replace(match, bots=tuple(ids[bot] for bot in match.bots)) for match in matches])
        if head["roster"] is not None:
            roster = {"bots": [ids[bot] for bot in head["roster"]], "commitment": head["commitment"]}
            event.ledger.decide(ROSTER, 0, roster, 0.0)
        for number, late in enumerate(head.get("late", []), 1):
            event.ledger.decide(ROSTER, number, {**late, "bots": [ids[bot] for bot in late["bots"]]}, 0.0)
        for left in head.get("left", []):
            event.ledger.decide(LEFT, ids[left.pop("bot")], left, 0.0)
    except KeyError as error:
        raise UserError(f"a match or the roster names the bot number {error}, which no line brings") from None
    if head["secret"]:
        event.ledger.decide(ENDED, 0, {"secret": head["secret"]}, 0.0)


def _create(head: dict[str, Any], path: Path, registry: Registry) -> Event:
    """The directory, without a secret of its own: seeds follow from one that stays where the event came from."""
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / "scenario.yaml"
        draft.write_text(str(head["scenario"]), encoding="utf-8")
        given, _ = read(draft)
        given.pop("ledger", None)
        if re.search(r"(?<!\\)\$\{", json.dumps(given, default=str)):
            raise UserError("line 1: the scenario asks for this machine's environment (${...}), which is no stranger's")
        scenario = load_scenario(draft, ["ledger=null"], registry)
    event = create(path, scenario, registry)
    (path / "secret").unlink()
    write_atomically(path / "commitment", (head["commitment"] + "\n").encode())
    return event


def _parse(line: str, number: int) -> dict[str, Any]:
    try:
        entry = json.loads(line)
    except ValueError as error:
        raise UserError(f"line {number} is not JSON: {error}") from None
    if not isinstance(entry, dict):
        raise UserError(f"line {number} is not a JSON object")
    return entry


def _row(kind: Any, entry: dict[str, Any], number: int) -> Any:
    """A row of the ledger from its line."""
    types = get_type_hints(kind)
    if missing := [name for name in types if name not in entry]:
        raise UserError(f"line {number} lacks {', '.join(missing)}")
    values: dict[str, Any] = {
        name: tuple(entry[name]) if isinstance(entry[name], list) else entry[name] for name in types
    }
    for name, value in values.items():
        wanted = get_origin(types[name]) or types[name]
        if not isinstance(value, (int, float) if wanted is float else wanted) or isinstance(value, bool):
            raise UserError(f"line {number}: {name} is {value!r:.60}, which is no {wanted.__name__}")
    for name in ("replay", "folder"):
        if values.get(name) and (Path(values[name]).name != values[name] or not values[name].isprintable()):
            raise UserError(f"line {number}: {name} is {values[name]!r:.60}, which is not the name of a file")
    for player in values.get("players", [values.get("name")]):
        check_name(player)
    return kind(**values)
