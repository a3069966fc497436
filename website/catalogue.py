"""The catalogue: all that plugins bring, from their descriptors, with parameters and the scenarios that run it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from marl.cli.parameters import Parameter, parameters
from marl.cli.plugins.uses import use_of
from marl.errors import UserError
from marl.registry import Descriptor, Registry, load_registry
from marl.registry.descriptor import singular
from marl.scenario import load_scenario
from marl.scenario.library import available
from marl.scenario.record import components

_ORDER = ("environments", "algorithms", "rewards", "strategies", "metasolvers", "measures", "policies")


def pages() -> dict[str, str]:
    """Each page's text, by its path."""
    registry = load_registry()
    uses = _uses(registry)
    kinds = sorted(
        (kind for kind in registry.kinds if registry.all(kind)),
        key=lambda kind: (_ORDER.index(kind) if kind in _ORDER else len(_ORDER), kind),
    )
    made = {f"catalogue/{kind}.md": _page(registry, kind, uses) for kind in kinds}
    return {"catalogue/index.md": _index(registry, kinds), **made, "catalogue/scenarios.md": _scenarios(uses)}


def _index(registry: Registry, kinds: Iterable[str]) -> str:
    lines = [
        "# Catalogue\n",
        "What the plugins bring that come with `marl`: the same as `marl plugins list --kind KIND` and "
        "`marl plugins info PLUGIN/NAME` say, which also know of yours.\n",
        "| kind | things | plugins |",
        "|---|---|---|",
    ]
    for kind in kinds:
        found = registry.all(kind)
        plugins = ", ".join(dict.fromkeys(one.plugin for one in found))
        lines.append(f"| [{kind.replace('_', ' ')}]({kind}.md) | {len(found)} | {plugins} |")
    return "\n".join([*lines, f"| [scenarios](scenarios.md) | {len(available())} | |", ""])


def _page(registry: Registry, kind: str, uses: Mapping[str, list[str]]) -> str:
    found = registry.all(kind)
    lines = [f"# {kind.replace('_', ' ').capitalize()}\n", "| name | what it is |", "|---|---|"]
    lines += [f"| [`{one.full_name}`](#{_anchor(one)}) | {_cell(one.summary)} |" for one in found]
    before: list[Parameter] = []
    for one in found:
        schema = registry.schema(one)
        has = parameters(schema) if schema else []
        lines += ["", *_thing(one, has, before, uses)]
        before = has
    return "\n".join([*lines, ""])


def _thing(
    one: Descriptor, has: list[Parameter], before: list[Parameter], uses: Mapping[str, list[str]]
) -> Iterable[str]:
    yield f"## {one.full_name} {{ #{_anchor(one)} }}\n"
    yield f"{_cell(one.summary)}\n"
    facts = {
        "source": one.source,
        "tags": ", ".join(f"`{tag}`" for tag in one.tags),
        "runs in": ", ".join(f"[{name}](scenarios.md#{name})" for name in uses.get(one.full_name, [])),
        "code": f"`{one.target}`",
    }
    yield from (f"- **{label}**: {text}" for label, text in facts.items() if text)
    use = use_of(one)
    if use and not uses.get(one.full_name):
        yield f"- **in use**: `{use}`"
    if has and has == before:
        yield "\nIts parameters are those of the one above."
    elif has:
        yield f"\n| parameter of this {singular(one.kind)} | default | type | |"
        yield "|---|---|---|---|"
        for each in has:
            yield f"| `{each.name}` | {_code(each.default)} | {_code(each.type)} | {_cell(each.meaning)} |"


def _scenarios(uses: Mapping[str, list[str]]) -> str:
    lines = ["# Scenarios\n", "What comes with `marl` and runs by its name: `marl run NAME`.\n"]
    things = defaultdict(list)
    for thing, names in uses.items():
        for name in names:
            things[name].append(thing)
    for name, file in available().items():
        lines += [f"## {name} {{ #{name} }}\n", f"Uses {', '.join(f'`{one}`' for one in sorted(things[name]))}.\n"]
        lines += ["``` { .yaml }", Path(file).read_text(encoding="utf-8").strip(), "```\n"]
    return "\n".join(lines)


def _uses(registry: Registry) -> dict[str, list[str]]:
    """The scenarios that use each thing, by its full name."""
    found: dict[str, list[str]] = defaultdict(list)
    for name in available():
        try:
            scenario = load_scenario(name, [], registry)
        except UserError:  # of a plugin that is not installed here
            continue
        for thing in sorted({*components(scenario.config), registry.find("runners", scenario.kind).full_name}):
            found[thing].append(name)
    return found


def _anchor(one: Descriptor) -> str:
    return "".join(sign if sign.isalnum() or sign in "_-." else "-" for sign in one.full_name)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("[", "\\[").replace("\n", " ")


def _code(text: str) -> str:
    return f"`{text}`".replace("|", "\\|") if text else ""
