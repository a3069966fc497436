"""`marl plugins list`."""

from __future__ import annotations

from marl.cli.command import option
from marl.cli.plugins.shown import counted, described, remark, summary
from marl.cli.show import as_json, table
from marl.errors import UserError, suggestion
from marl.registry import Descriptor, Registry, load_registry
from marl.registry.descriptor import singular


def list_plugins(
    kind: str | None = option(None, "--kind", metavar="KIND", help="What is brought of a kind: environment, measure."),
    tag: list[str] = option(None, "--tag", metavar="TAG", help="What is brought that has this tag (all, if repeated)."),
    json: bool = option(False, "--json", help="Print JSON."),
) -> None:
    """List all plugins with their states, or what they bring.

    With --kind or --tag: what they bring, thing by thing.
    """
    registry = load_registry()
    if kind is not None or tag:
        _list_things(registry, kind, set(tag or ()), json)
        return
    if json:
        as_json([summary(plugin) for plugin in registry.plugins])
        return
    rows = [
        [plugin.name, plugin.state, plugin.origin, plugin.error or counted(plugin.descriptors)]
        for plugin in registry.plugins
    ]
    table(["plugin", "state", "distribution", ""], rows)
    remark(registry, registry.plugins)


def things(registry: Registry) -> list[Descriptor]:
    """Everything that the loaded plugins bring, by kind."""
    return [descriptor for kind in registry.kinds for descriptor in registry.all(kind)]


def kind_called(registry: Registry, word: str) -> str:
    """The kind that a word means, "policy" or "policies". Raises UserError for none."""
    names = {
        known: name for name in registry.kinds for known in (name, singular(name), singular(name).replace(" ", "_"))
    }
    if word not in names:
        raise UserError(f"there is no kind {word!r}{suggestion(word, map(singular, registry.kinds))}")
    return names[word]


def _list_things(registry: Registry, word: str | None, tags: set[str], json: bool) -> None:
    kind = kind_called(registry, word) if word is not None else None
    found = [one for one in things(registry) if kind in (None, one.kind) and tags <= set(one.tags)]
    if tags and not found and kind is None:
        known = {tag for one in things(registry) for tag in one.tags}
        for tag in sorted(tags - known):
            raise UserError(f"nothing here has the tag {tag!r}{suggestion(tag, known)}")
    if json:
        as_json([described(one) for one in found])
        return
    if not found:
        print(f"No plugin here brings {'a ' + singular(kind) if kind else 'that'}{' with these tags' if tags else ''}.")
        return
    rows = [[one.full_name, singular(one.kind), ", ".join(one.tags), one.summary] for one in found]
    table(["name", "kind", "tags", ""], rows)
