"""`marl plugins search`."""

from __future__ import annotations

import json as reader
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from marl.cli.command import argument, option
from marl.cli.plugins.listing import things
from marl.cli.plugins.shown import described
from marl.cli.show import as_json, table
from marl.registry import Descriptor, Registry, load_registry
from marl.registry.descriptor import singular

_CATALOGUE = Path(__file__).with_name("catalogue.json")
_INDEX = "pypi.org has no search for programs: to look there, https://pypi.org/search/?q=marl"


@dataclass(frozen=True)
class Known:
    """A plugin of the catalogue that comes with marl: what it is, and words to find it by."""

    distribution: str
    plugin: str
    summary: str
    brings: tuple[str, ...]
    tags: tuple[str, ...]


def search(
    words: list[str] = argument(metavar="WORD...", help="What to look for: a game, a method, a paper's author, a tag."),
    json: bool = option(False, "--json", help="Print JSON."),
) -> None:
    """Search what is installed, and the plugins that marl knows of.

    All words must be found: in the names, summaries, sources, kinds and tags of what is installed, and in the catalogue
    that comes with marl. The package index is not asked, since pypi.org has no search that programs may use.
    """
    wanted = [word.casefold() for word in words]
    registry = load_registry()
    here = [one for one in things(registry) if _has(_text_of(one), wanted)]
    known = [one for one in catalogue() if not _installed(registry, one) and _has(_text_of_known(one), wanted)]
    if json:
        as_json({"installed": [described(one) for one in here], "catalogue": [vars(one) for one in known]})
        return
    if here:
        table(["installed", "", ""], [[one.full_name, singular(one.kind), one.summary] for one in here])
    if known:
        print("" if not here else "\n", end="")
        table(["not installed", "", ""], [[one.plugin, ", ".join(one.brings), one.summary] for one in known])
        print("".join(f"  {_how(one)}\n" for one in known), end="")
    if not here and not known:
        print(f"Nothing that is installed, or that marl knows of, has {' and '.join(map(repr, words))}.")
    print(f"{_INDEX}+{'+'.join(words)}")


def catalogue() -> list[Known]:
    """The plugins that marl knows of, installed or not."""
    rows: list[dict[str, Any]] = reader.loads(_CATALOGUE.read_text(encoding="utf-8"))
    return [Known(**{**row, "brings": tuple(row["brings"]), "tags": tuple(row["tags"])}) for row in rows]


def _how(known: Known) -> str:
    """How to install it: from the checkout that this marl runs from, where it does."""
    folder = Path(__file__).parents[3] / "plugins" / known.distribution
    if folder.is_dir():
        return f"marl plugins install {folder}"
    return f"marl plugins install plugins/{known.distribution}    # in a checkout of marl"


def _installed(registry: Registry, known: Known) -> bool:
    return any(plugin.name == known.plugin for plugin in registry.plugins)


def _text_of(one: Descriptor) -> str:
    return " ".join([one.full_name, one.kind, singular(one.kind), one.summary, one.source, *one.tags])


def _text_of_known(one: Known) -> str:
    return " ".join([one.distribution, one.plugin, one.summary, *one.brings, *one.tags])


def _has(text: str, wanted: list[str]) -> bool:
    return all(word in text.casefold() for word in wanted)
