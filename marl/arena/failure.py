"""Environments that raise: which match it was, and a command that plays it again, alone.

    python -m marl.arena FILE

makes the environment of the file, resets one lane with the match's seed, repeats its actions, and raises what they
raised.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from marl import rng, space
from marl.arena.contract import Contract, ContractBroken
from marl.env import Environment, EnvSpec, Turn, first_error
from marl.errors import RunError
from marl.registry import ENVIRONMENTS
from marl.registry.place import at
from marl.types import Array, Ints, Keys

_ROOM = 1 << 22  # rows whose actions are kept for this, at most
_PATIENCE = 20.0  # seconds to look for the one match among many


class EnvironmentFailed(RunError):
    """An environment raised an exception. `matches` are those of which one must be what it raised in.

    Each is `{"seed": the environment's, "task": ..., "actions": [tick][group] -> actions of its rows, or None}`: no
    "task" where the environment has none; `actions` is None where a match is longer than what is kept. `void`: how many
    matches are lost by it. `advice`: what could be set.
    """

    matches: list[dict[str, Any]]
    void: int = 1
    advice: str = ""


class Log:
    """The actions of the matches in progress, by reference: what it takes to play them again."""

    def __init__(self, spec: EnvSpec, lanes: int) -> None:
        size = max(1, min(spec.max_length + 1, _ROOM // (lanes * len(spec.agents))))
        self._ticks: deque[tuple[list[Ints | None], Sequence[Array | None]]] = deque(maxlen=size)

    def add(self, turn: Turn, actions: Sequence[Array | None]) -> None:
        """These rows are answered so."""
        self._ticks.append(([None if rows is None else rows.lane for rows in turn], actions))

    def failed(
        self, error: Exception, lanes: Ints, seeds: Keys, ticks: Ints, tasks: Ints | None = None
    ) -> EnvironmentFailed:
        """The error to raise. `seeds`: the environment's, by lane. `ticks`: how many of the last ticks are a lane's."""
        where = f" (in one of {len(lanes)} matches)" if len(lanes) > 1 else ""
        failure = EnvironmentFailed(f"the environment {_what(error)}{where}")
        failure.matches = [
            {"seed": int(seed), "actions": self._actions(int(lane), int(count))}
            for lane, seed, count in zip(lanes, seeds, ticks, strict=True)
        ]
        for match, task in zip(failure.matches, [] if tasks is None else tasks.tolist(), strict=False):
            match["task"] = task
        return failure

    def _actions(self, lane: int, count: int) -> list[Any] | None:
        if count > len(self._ticks):
            return None
        recent = [self._ticks[len(self._ticks) - count + index] for index in range(count)]
        return [[_of_lane(lane, place, action) for place, action in zip(*tick, strict=True)] for tick in recent]


def explain(
    failure: EnvironmentFailed,
    make: Callable[[int], Environment],
    env: Mapping[str, Any] | None,
    folder: Path | None = None,
) -> RunError:
    """The same error with the seed of the match that raises when it is alone, and the command that plays it again.

    `make` makes the environment (with so many lanes); `env` is its `{"name": ..., "params": ...}`, where it has a name.
    What the command plays is kept in `folder`, or where temporary files are.
    """
    advice = f"\n{failure.advice}" if failure.advice else ""
    deadline = time.monotonic() + _PATIENCE
    for match in failure.matches:
        if match["actions"] is None or time.monotonic() > deadline:
            continue
        try:
            play_again(make(1), match)
        except Exception as error:
            again = RunError(
                f"{env['name'] if env else 'the environment'} {_what(error)}\n"
                f"in the match with environment seed {match['seed']}{_task(match)}, at tick {len(match['actions'])}"
                + (f". Again, and alone:\n  python -m marl.arena {_keep(match, env, folder)}" if env else "")
                + advice
            )
            again.__cause__ = error
            return again
    if len(failure.matches) > 1:
        return RunError(f"{failure}; none of those that could be played again raises when it is alone{advice}")
    (match,) = failure.matches
    return RunError(
        f"{failure}\nin the match with environment seed {match['seed']}{_task(match)}"
        + ("" if match["actions"] is None else ", which raises nothing when it is played again, alone")
        + advice
    )


@contextmanager
def explained(make: Callable[[int], Environment], env: Mapping[str, Any] | None) -> Iterator[None]:
    """Where an environment raises in here, the error is that of `explain`."""
    try:
        yield
    except EnvironmentFailed as failure:
        raise explain(failure, make, env) from failure


def void(
    failure: EnvironmentFailed,
    make: Callable[[int], Environment],
    env: Mapping[str, Any] | None,
    folder: Path | None = None,
) -> str:
    """The sentence about matches that are void, and why: `explain` with these arguments."""
    count = "1 match is" if failure.void == 1 else f"{failure.void} matches are"
    return f"{count} void, and played again with other seeds: {explain(failure, make, env, folder)}"


def play_again(environment: Environment, match: Mapping[str, Any]) -> None:
    """Play a match of `EnvironmentFailed.matches` on lane 0; what the environment raises is not caught."""
    with first_error():
        _play(environment, match)


def _play(environment: Environment, match: Mapping[str, Any]) -> None:
    lane = np.zeros(1, dtype=np.int64)
    contract = Contract(environment.spec, 1)
    which = (np.array([match["task"]]),) if "task" in match else ()
    contract.begin(lane, environment.reset(lane, rng.as_keys([match["seed"]]), *which))
    likes = [space.zeros(group.action, 0) for group in environment.spec.groups]
    for number, tick in enumerate(match["actions"]):
        actions = [
            None if given is None else np.array(given, dtype=like.dtype).reshape(-1, *like.shape[1:])
            for given, like in zip(tick, likes, strict=True)
        ]
        contract.step(environment.step(lane, actions), np.array([number + 1]))


def main(arguments: Sequence[str]) -> None:
    """Play the match in the file again."""
    from marl.registry import load_registry

    match = json.loads(Path(arguments[0]).read_text())
    env = match["env"]
    play_again(load_registry().make(ENVIRONMENTS, env["name"], env["params"], lanes=1), match)
    print(f"{env['name']} plays the match with seed {match['seed']} to the end of the file, and raises nothing")


def _task(match: Mapping[str, Any]) -> str:
    return f" and task {match['task']}" if "task" in match else ""


def _what(error: Exception) -> str:
    if isinstance(error, ContractBroken):
        return str(error)
    reason = f"{type(error).__name__}: {error}".rstrip(": ")
    return f"failed: {error}" if isinstance(error, RunError) else f"raised {reason}{at(error.__traceback__)}"


def _keep(match: Mapping[str, Any], env: Mapping[str, Any], folder: Path | None) -> Path:
    text = json.dumps({"env": dict(env), **match})
    folder = folder or Path(tempfile.gettempdir())
    folder.mkdir(exist_ok=True)
    path = folder / f"marl-failure-{hashlib.sha256(text.encode()).hexdigest()[:12]}.json"
    path.write_text(text)
    return path


def _of_lane(lane: int, lanes: Ints | None, actions: Array | None) -> Any:
    if lanes is None or actions is None:
        return None
    mine = actions[lanes == lane]
    return mine.tolist() if len(mine) else None
