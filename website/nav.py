"""The order of the pages. One that stands in no section is put where its name begins like others, or in About."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

# title: pages of docs/, in reading order; a page that does not exist (any more) is left out
SECTIONS: dict[str, tuple[str, ...]] = {
    "Tutorials": (
        "tutorials/index.md",
        "tutorials/environment.md",
        "tutorials/algorithm.md",
        "tutorials/reward.md",
        "tutorials/strategy.md",
    ),
    "Plugins": (
        "plugins.md",
        "environments.md",
        "algorithms.md",
        "rewards.md",
        "curricula.md",
        "drawers.md",
        "hooks.md",
        "stability.md",
    ),
    "Training": (
        "training.md",
        "scenarios.md",
        "players.md",
        "reading-a-report.md",
        "scaling.md",
        "arena.md",
        "offline.md",
    ),
    "Teams": ("teams.md", "cooperative-games.md", "skirmish.md", "carball.md", "swarms.md"),
    "Leagues": (
        "league.md",
        "league-strategies.md",
        "psro.md",
        "league-evaluation.md",
        "league-operations.md",
        "league-plugins.md",
        "solving.md",
        "search.md",
        "mean-field.md",
        "economy.md",
    ),
    "Tournaments": ("tournaments.md", "bots.md", "sandboxes.md", "schedules-and-ratings.md"),
}
_WORDS = {"Leagues": ("league",), "Training": ("train",), "Tournaments": ("tournament",), "Plugins": ("plugin",)}
_FOLDERS = {"results": "Results", "decisions": "Decisions"}


def nav(pages: Iterable[str], made: Mapping[str, list[Any]]) -> list[Any]:
    """mkdocs' nav of all `pages` (paths below docs/). `made`: the sections that are made, by title."""
    left = dict.fromkeys(pages)
    sections: dict[str, list[Any]] = {}
    for title, wanted in SECTIONS.items():
        sections[title] = [page for page in wanted if page in left]
    placed = {page for chosen in sections.values() for page in chosen}
    for page in sorted(left.keys() - placed):
        if page not in ("index.md", "changelog.md", "license.md"):
            sections.setdefault(_section(page), []).append(page)
    more = sections.pop("More", [])
    last = {title: sections.pop(title) for title in _FOLDERS.values() if title in sections}
    tail = [{"Changelog": "changelog.md"}, {"Licence": "license.md"}, *more]
    tail += [{title: [*sorted(pages, key=_index_first)]} for title, pages in last.items()]
    return [
        {"Home": "index.md"},
        *({title: pages} for title, pages in sections.items() if pages),
        *({title: pages} for title, pages in made.items()),
        {"About": tail},
    ]


def _section(page: str) -> str:
    folder = page.split("/")[0]
    if folder in _FOLDERS:
        return _FOLDERS[folder]
    return next((title for title, words in _WORDS.items() if page.startswith(words)), "More")


def _index_first(page: str) -> tuple[bool, str]:
    return not page.endswith("index.md"), page
