"""journal.jsonl: what a run was from its beginning to now. One JSON object an entry, each the child of another.

An entry has the whole scenario from then on, so whatever stands in scenario.yaml and is not in the newest entry was
edited by hand.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from marl.blobs import write_atomically
from marl.errors import RunError
from marl.registry import Registry
from marl.scenario import FILE as SCENARIO
from marl.scenario import Scenario, lock, provenance, write
from marl.scenario.compare import Difference, arrows, differing
from marl.scenario.record import locked

FILE = "journal.jsonl"
OLD = "lineage.jsonl"  # what runs of older versions have; the next entry makes a journal of it
Event = Literal["began", "branched", "forked", "changed", "edited"]


@dataclass(frozen=True)
class Entry:
    """A moment at which a run became what it is.

    `event`: it "began" (`run`: whose networks it started from), "branched" or "forked" off another run (`run`, its
    directory; a fork goes back to what was done by `at`), was
    "changed" by a command, or its scenario.yaml was "edited" by hand. `at`: what was done by then, as in
    `{"env_steps": 3000}`. `changes`: by key, what was there before and what is there now. `scenario`: the resolved
    scenario from then on, `uses` the code. `parent`: the `id` of the entry before, perhaps of another run, or "".
    """

    event: Event
    time: str
    scenario: str
    uses: Mapping[str, Mapping[str, str]]
    at: Mapping[str, float] = field(default_factory=dict)
    changes: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    run: str = ""
    parent: str = ""
    id: str = ""


def read(run: Path) -> list[Entry]:
    """The entries of a run, the oldest first; none where it was made by an older marl. Raises RunError if damaged."""
    file = run / (FILE if (run / FILE).is_file() else OLD)
    if not file.is_file():
        return []
    try:
        return [Entry(**json.loads(line)) for line in file.read_text(encoding="utf-8").splitlines()]
    except (ValueError, TypeError) as error:
        raise RunError(
            f"{file} is damaged ({error}): restore a backup of it, or remove it, and what the run was before is "
            "forgotten"
        ) from None


def settle(scenario: Scenario, registry: Registry, out: Path, at: Mapping[str, float]) -> list[Entry]:
    """Write down what the run in `out` is from now on, if that is new; the entries about what has changed.

    Call it with the directory locked, and when everything is known to be right. `at`: what is done so far.
    """
    uses = provenance(registry, scenario)
    if not (out / SCENARIO).is_file():
        write(scenario, registry, out)
        start = getattr(scenario.config, "start_from", None)
        _append(out, Entry("began", _now(), scenario.text, uses, at, run=start.name if start else ""))
        return []
    added: list[Entry] = []
    entries, there = read(out), written(out)
    if not entries:
        _append(out, Entry("began", _now((out / SCENARIO).stat().st_mtime), there, {}))
        entries = read(out)
    steps: list[tuple[Event, str, str]] = [("edited", entries[-1].scenario, there), ("changed", there, scenario.text)]
    for event, before, after in steps:
        changes = differing(before, after)
        if changes:
            added.append(Entry(event, _now(), after, uses, at, {one.key: one.pair for one in changes}))
            _append(out, added[-1])
            how = f"{out / SCENARIO} was edited by hand" if event == "edited" else "changed"
            print(f"{how}: {arrows(changes)} (noted in {out / FILE})")
    if there != scenario.text:
        write(scenario, registry, out)
    _note_plugins(scenario, registry, out, at, uses)
    return added


def _note_plugins(
    scenario: Scenario, registry: Registry, out: Path, at: Mapping[str, float], uses: Mapping[str, Mapping[str, str]]
) -> None:
    """Write down that the run goes on with other plugins than it had so far."""
    now = locked(registry, scenario)
    then = lock.read(out) if (out / lock.FILE).is_file() else now
    if found := lock.changes(then, now):
        _append(out, Entry("changed", _now(), scenario.text, uses, at, found))
        print(f"other plugins from here on: {', '.join(found)} (noted in {out / FILE})")
    if found or not (out / lock.FILE).is_file():
        lock.write(now, out)


def edits(run: Path) -> list[Difference]:
    """What somebody changed in scenario.yaml by hand, and no command has written down."""
    entries = read(run)
    return differing(entries[-1].scenario, written(run)) if entries else []


def story(run: Path) -> list[str]:
    """What became of a run since it began, a sentence an entry; and what nobody wrote down."""
    told = []
    for entry in read(run):
        at = "".join(f" at {name.replace('_', ' ')} {value:,}" for name, value in list(entry.at.items())[:1])
        changes = ", ".join(f"{key} {_short(old)} -> {_short(new)}" for key, (old, new) in entry.changes.items())
        if entry.event == "began" and entry.run:
            told.append(f"began on {entry.time[:10]} with the networks of {entry.run}")
        elif entry.event == "forked":
            told.append(f"forked off {entry.run}{at} on {entry.time[:10]}")
        elif entry.event == "branched":
            told.append(f"branched off {entry.run} on {entry.time[:10]}")
        elif entry.changes:
            told.append(f"{entry.event}{' by hand' * (entry.event == 'edited')}{at} on {entry.time[:10]}: {changes}")
    if found := edits(run):
        told.append(f"{SCENARIO} was edited by hand since: {arrows(found)}; `marl resume {run}` would write it down")
    return told


def _short(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def written(run: Path) -> str:
    """The scenario in a run directory as it stands there, without its comments."""
    text = (run / SCENARIO).read_text(encoding="utf-8")
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith("# "))


def branched(run: Path, new: Path) -> None:
    """Note in `new`, a copy of `run`, where it comes from."""
    entries = read(run)
    last = entries[-1] if entries else None
    uses = last.uses if last else {}
    _append(new, Entry("branched", _now(), last.scenario if last else written(run), uses, run=str(run.resolve())))


def forked(run: Path, new: Path, kept: Sequence[Entry], scenario: str, at: Mapping[str, float]) -> None:
    """Begin the journal of `new`, which is `run` as it was `at` a moment, by the entries that it had then."""
    lines = [json.dumps(asdict(known)) for known in kept]
    if lines:
        write_atomically(new / FILE, "".join(line + "\n" for line in lines).encode())
    uses = kept[-1].uses if kept else {}
    _append(new, Entry("forked", _now(), scenario, uses, at, run=str(run.resolve())))


def _append(run: Path, entry: Entry) -> None:
    entries = read(run)
    content = {**asdict(entry), "parent": entries[-1].id if entries else ""}
    content["id"] = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]
    lines = [json.dumps(asdict(known)) for known in entries] + [json.dumps(content)]
    write_atomically(run / FILE, "".join(line + "\n" for line in lines).encode())
    (run / OLD).unlink(missing_ok=True)


def _now(seconds: float | None = None) -> str:
    moment = datetime.now(UTC) if seconds is None else datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="seconds")
