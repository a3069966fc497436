"""Short leagues under a strategy that a plugin brings, for `marl plugins check`; see `league.trials`."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from league.hookspecs import STRATEGIES
from marl.errors import RunError, UserError
from marl.registry import ENVIRONMENTS, RUNNERS, Component, Registry
from marl.registry.component import kind_of
from marl.scenario import load_scenario

_GAMES = ("classic/kuhn_poker", "classic/matching_pennies")
_ORACLES = ("league/best_response", "tabular/cfr")  # which answer at once, whatever the strategy asks by default
_ITERATIONS = 4
_LINES = ("step", "players", "values", "measures")  # of metrics.jsonl: what does not depend on clocks


def strategy(registry: Registry, name: str, params: Mapping[str, Any], quick: bool = False) -> str:
    """A short league under it is one and the same, whether it runs through or begins again from its ledger.

    What it asks to be trained is answered by exact oracles, so that nothing takes long. `quick`: it runs through only.
    """
    known = {one.full_name for one in registry.all(ENVIRONMENTS)}
    refused = "no game is here to try it in: marl-classic brings some"
    for game in (game for game in _GAMES if game in known):
        for given in _given(registry, name, params):
            scenario = {"kind": "league", "env": game, "strategy": {"name": name, **given}}
            try:
                _walk(registry, name, scenario, quick)
            except UserError as error:
                refused = f"not for {game}: {error}"
            else:
                return ""
    return refused


def _given(registry: Registry, name: str, params: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    schema = registry.schema(registry.find(STRATEGIES, name))
    fields = [one for one in dataclasses.fields(schema) if kind_of(one) == "algorithms"] if schema else []
    trained = [one.name for one in fields if one.name not in params and _learned(one)]
    for oracle in _ORACLES if trained else _ORACLES[:1]:
        yield {**params, **dict.fromkeys(trained, oracle)}


def _learned(field: dataclasses.Field[Any]) -> bool:
    """Whether its default is one algorithm that is not of the league, whose own are exact."""
    made = field.default if field.default_factory is dataclasses.MISSING else field.default_factory()
    return isinstance(made, Component) and not made.name.startswith("league/")


def _walk(registry: Registry, name: str, scenario: Mapping[str, Any], quick: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        whole, parts = Path(folder) / "whole", Path(folder) / "parts"
        _run(registry, scenario, whole, _ITERATIONS, resume=False)
        if quick:
            return
        _run(registry, scenario, parts, _ITERATIONS // 2, resume=False)
        _run(registry, scenario, parts, _ITERATIONS, resume=True)
        one, other = (_said(run) for run in (whole, parts))
    if one != other:
        at = next(
            (number for number, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
            min(map(len, (one, other))),
        )
        raise RunError(
            f"{registry.describe(STRATEGIES, name)} decides otherwise in a league that begins again from its ledger: "
            f"at iteration {at}. What it decides may follow from the view alone"
        )


def _run(registry: Registry, scenario: Mapping[str, Any], out: Path, iterations: int, resume: bool) -> None:
    file = out.parent / f"check{iterations}.yaml"
    file.write_text(json.dumps({**scenario, "name": "check", "stop": {"iterations": iterations}}))  # JSON is YAML
    with contextlib.redirect_stdout(io.StringIO()) as said, contextlib.redirect_stderr(said):
        loaded = load_scenario(str(file), [], registry)
        try:
            registry.load(registry.find(RUNNERS, loaded.kind))(loaded, registry, out, resume)
        except UserError as error:
            raise UserError(str(error).replace(str(out), "RUN")) from error
        except RunError as error:
            raise RunError(str(error).replace(str(out), "RUN")) from error


def _said(run: Path) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [{key: line[key] for key in _LINES if key in line} for line in lines if line.get("event") == "iteration"]
