"""What `marl plugins check` does to models, losses and measures: short runs, on games that they take."""

from __future__ import annotations

import contextlib
import io
import json
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from marl.errors import RunError, UserError
from marl.registry import ALGORITHMS, ENVIRONMENTS, MODELS, RUNNERS, Descriptor, Registry
from marl.registry.plugin import BUILTIN

MEASURES = "measures"  # of a league, whose kinds the core does not know
_LEARNER = "rllib/ppo"
_GAMES = ("classic/kuhn_poker", "classic/connect_four")  # where a plugin brings no environment of its own
_LEAGUES = ("classic/rock_paper_scissors", "classic/kuhn_poker")
_TINY = {"lanes": 8, "rows": 64, "minibatch": 32, "epochs": 1}  # one update
_EVALUATION = {"matches": 8, "lanes": 8, "against": [], "previous": False}
_SOURCES = ({"name": "league/sampled", "matches": 20}, {"name": "league/exact"})


class Doubtful(RunError):
    """Probably a mistake, or more than a short run can tell."""


def tried(registry: Registry, descriptor: Descriptor, params: Mapping[str, Any], quick: bool = False) -> str:
    """Run it in the first game that it takes; "", or why nothing could be run.

    Models and losses learn one update of PPO on the plugin's own environments, or on known games where it
    brings none; measures are taken of a league of two iterations, twice alike (`quick`: once). Raises RunError where it
    fails.
    """
    measured = descriptor.kind == MEASURES
    refused = []
    for scenario in (_leagues if measured else _trainings)(registry, descriptor, params):
        where = str(scenario["env"]["name"])
        try:
            logged = _run(registry, scenario)
        except UserError as error:
            refused.append(f"not for {where}: {error}")
            continue
        if descriptor.kind == MODELS.name:
            from marl.cli.check_models import apart

            apart(registry, descriptor, params, where)
        if not measured:
            return ""
        values = _values(logged)
        if any(value.get(descriptor.name) for value in values):
            if not quick and values != _values(_run(registry, scenario)):
                raise RunError(
                    f"{descriptor.full_name} has other values in the same league of {where} the second time: they "
                    "follow from the league, and chance from its seed"
                )
            return ""
        refused.append(f"it gave None after every iteration of a league of {where}")
    return refused[0] if refused else f"nothing here to try it with: {_LEARNER} and an environment are needed"


def _values(logged: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What was measured, iteration by iteration."""
    return [dict(line["measures"]) for line in logged if line.get("measures")]


def _trainings(registry: Registry, descriptor: Descriptor, params: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    own = own_games(registry, descriptor)
    known = [one for one in registry.all(ENVIRONMENTS) if one.full_name in _GAMES]
    if not any(one.full_name == _LEARNER for one in registry.all(ALGORITHMS)):
        return
    given: dict[str, Any] = {"auxiliary": [{"name": descriptor.full_name, **params}]}
    if descriptor.kind == MODELS.name:
        own_keys = descriptor.plugin == BUILTIN  # those of marl's own kinds stand beside `kind`
        given = {"model": {"kind": descriptor.full_name, **(params if own_keys else {"params": dict(params)})}}
    for one in own or known:
        yield {
            "kind": "train",
            "env": {"name": one.full_name},
            "env_steps": 64,
            "algorithm": {"name": _LEARNER, **_TINY, **given},
            "evaluation": _EVALUATION,
        }


def _leagues(registry: Registry, descriptor: Descriptor, params: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for one in (one for name in _LEAGUES for one in registry.all(ENVIRONMENTS) if one.full_name == name):
        for source in _SOURCES:
            yield {
                "kind": "league",
                "env": {"name": one.full_name},
                "payoffs": {"source": source},
                "measures": [{"name": descriptor.full_name, **params}],
                "stop": {"iterations": 2},
            }


def _run(registry: Registry, scenario: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The lines of metrics.jsonl of a run that leaves nothing behind, and says nothing."""
    from marl.scenario import load_scenario

    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()) as said:
        file, out = Path(folder) / "check.yaml", Path(folder) / "run"
        file.write_text(json.dumps(scenario))  # JSON is YAML
        with contextlib.redirect_stderr(said):
            loaded = load_scenario(str(file), [], registry)
            try:
                registry.load(registry.find(RUNNERS, loaded.kind))(loaded, registry, out, False)
            except UserError as error:
                raise UserError(str(error).replace(str(out), "RUN")) from error
            except RunError as error:
                raise RunError(str(error).replace(str(out), "RUN")) from error
        return [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]


def own_games(registry: Registry, descriptor: Descriptor) -> list[Descriptor]:
    """The environments of the same plugin that their defaults make."""
    return [
        one for one in registry.all(ENVIRONMENTS) if one.plugin == descriptor.plugin and _by_defaults(registry, one)
    ]


def _by_defaults(registry: Registry, descriptor: Descriptor) -> bool:
    try:
        registry.validate(descriptor.kind, descriptor.full_name, {})
    except UserError:
        return False
    return True
