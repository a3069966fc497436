"""How agents form sides and groups."""

from __future__ import annotations

import re
from collections.abc import Sequence

from marl.errors import UserError, suggestion
from marl_pettingzoo.catalogue import Teams

Sides = tuple[tuple[int, ...], ...]
RULES = ("auto", "each", "all", "prefix")


def prefix(name: str) -> str:
    """The name without its number: `adversary_0 -> adversary`."""
    return re.sub(r"[_-]?\d+$", "", name) or name


def sides(agents: Sequence[str], teams: str | Sequence[Sequence[str]], usual: Teams) -> Sides:
    """The sides, by agents' indices; raises UserError for an unknown rule, or lists that miss or repeat an agent."""
    if teams == "auto":
        return _usual(agents, usual)
    if isinstance(teams, str):
        if teams not in RULES:
            raise UserError(f"unknown teams {teams!r}{suggestion(teams, RULES)} (or lists of agents' names)")
        return _usual(agents, teams)
    named = [name for team in teams for name in team]
    for name in named:
        if name not in agents:
            raise UserError(f"teams name an agent {name!r} that is not there{suggestion(name, agents)}")
        if named.count(name) > 1:
            raise UserError(f"teams name the agent {name!r} twice, but it can be on one side only")
    missing = [name for name in agents if name not in named]
    if missing or not all(teams):
        raise UserError(f"teams leave out {missing[0]!r}" if missing else "teams hold a side without agents")
    return tuple(tuple(sorted(agents.index(name) for name in team)) for team in teams)


def _usual(agents: Sequence[str], rule: Teams) -> Sides:
    count = range(len(agents))
    if rule == "all":
        return (tuple(count),)
    if rule == "each":
        return tuple((agent,) for agent in count)
    kinds = [prefix(name) for name in agents]
    families = tuple((kind,) for kind in dict.fromkeys(kinds)) if rule == "prefix" else tuple(rule)
    parts = [tuple(agent for agent in count if kinds[agent] in family) for family in families]
    return tuple(part for part in parts if part)


def group_names(groups: Sequence[Sequence[str]]) -> list[str]:
    """A name for each group of agents, from their own: "adversary", "bob+alice", "agent 1" where that is taken."""
    names: list[str] = []
    for agents in groups:
        kinds = list(dict.fromkeys(prefix(name) for name in agents))
        base = "+".join(kinds) if len(kinds) < 4 else "agents"
        names.append(base if base not in names else f"{base} {len(names)}")
    return names
