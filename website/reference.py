"""The reference: a page for each module that plugins may count on, and an index of them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# What plugins may count on, see docs/stability.md. Packages stand for their `__all__`.
PUBLIC: dict[str, tuple[str, ...]] = {
    "Plugins": (
        "marl.registry",
        "marl.registry.ranges",
        "marl.registry.specs",
        "marl.errors",
        "marl.types",
        "marl.testing",
        "marl.testing.games",
        "marl.testing.games.corridor",
        "marl.testing.games.kuhn",
        "marl.testing.games.pennies",
    ),
    "Environments": (
        "marl.env",
        "marl.space",
        "marl.games",
        "marl.tasks",
        "marl.rng",
        "marl.tree",
        "marl.exact",
        "marl.exact_game",
        "marl.adapters",
    ),
    "Playing": (
        "marl.policy",
        "marl.policies.random",
        "marl.arena",
        "marl.trajectory",
        "marl.snapshot",
        "marl.blobs",
        "marl.services",
        "marl.sink",
        "marl.drawer",
    ),
    "Learning": (
        "marl.algorithm",
        "marl.job",
        "marl.reward",
        "marl.curriculum",
        "marl.solver",
        "marl.tabular",
        "marl.training.algorithm",
        "marl.training.learner",
        "marl.training.hyper",
        "marl.training.experience",
        "marl.training.experience.on_policy",
        "marl.training.experience.replay",
        "marl.training.experience.episodes",
        "marl.training.behaviour",
        "marl.training.behaviour.epsilon_greedy",
        "marl.training.networks",
        "marl.training.networks.bodies",
        "marl.training.networks.dense",
        "marl.training.networks.team_model",
        "marl.training.auxiliary",
        "marl.training.team",
        "marl.training.update",
    ),
    "Runs": ("marl.deprecation", "marl.scenario", "marl.cli.command", "marl.roster", "marl.metrics", "marl.datasets"),
    "Leagues": (
        "league.hookspecs",
        "league.strategy",
        "league.strategies.founders",
        "league.orders",
        "league.player",
        "league.view",
        "league.services",
        "league.metasolvers",
        "league.diversity",
        "league.payoffs",
        "league.payoffs.row",
        "league.payoffs.source",
        "league.measures",
        "league.reader",
    ),
    "Tournaments": (
        "league.schedules",
        "league.schedules.listed",
        "league.schedules.field",
        "league.schedules.sprt",
        "league.schedules.swiss",
        "league.ratings",
        "league.ratings.rating",
        "league.ratings.bradley_terry",
        "league.sandbox",
        "league.sandbox.plain",
        "league.referee",
        "league.referee.bot",
        "league.referee.check",
        "league.referee.fairness",
    ),
}


def public() -> list[str]:
    """The modules that plugins may count on."""
    return [name for names in PUBLIC.values() for name in names]


def pages() -> Iterator[tuple[str, str]]:
    """Each page and its text."""
    yield "reference/index.md", _index()
    for name in public():
        yield f"reference/{name}.md", f"# {name}\n\n::: {name}\n    options: {{show_submodules: false}}\n"


@cache
def said(name: str) -> str:
    """The first line of a module's docstring. Raises FileNotFoundError where there is no such module."""
    base = ROOT.joinpath(*name.split("."))
    file = base / "__init__.py" if base.is_dir() else base.with_suffix(".py")
    text = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    return " ".join(text.split("\n\n")[0].split())


def _index() -> str:
    lines = [
        "# Reference\n",
        "What plugins are written with. It [stays within one version of the hook API](../stability.md); whatever else "
        "is in `marl` and `league` may be read and used too, and may change with any release.\n",
    ]
    for title, names in PUBLIC.items():
        lines += [f"## {title}\n", "| module | |", "|---|---|", *(_row(name) for name in names), ""]
    return "\n".join(lines)


def _row(name: str) -> str:
    return f"| [`{name}`]({name}.md) | {said(name).replace('|', chr(92) + '|')} |"
