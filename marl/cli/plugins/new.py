"""`marl plugins new`: writes a distribution from the templates beside this file.

A template is a text: facts first, then `=== PATH` and what stands in that file; `{{word}}` is filled in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from marl.cli.command import argument, option
from marl.cli.plugins.switch import found
from marl.cli.plugins.uses import use_of
from marl.errors import UserError
from marl.registry import Descriptor
from marl.registry.words import article

Kind = Literal[
    "environment",
    "algorithm",
    "reward",
    "policy",
    "strategy",
    "metasolver",
    "measure",
    "schedule",
    "rating",
    "model",
    "drawer",
    "runner",
]
KINDS: tuple[str, ...] = get_args(Kind)
_BRINGS = f"What it brings: {', '.join(KINDS)}."
_PLURALS = {"policy": "policies", "strategy": "strategies"}
_TEMPLATES = Path(__file__).with_name("templates")
_NAME = re.compile(r"[a-z][a-z0-9_]*\Z")


@dataclass(frozen=True)
class Template:
    """`facts`: what it says of itself (`summary`, `page`, `needs`). `files`: by path, with words to be filled in."""

    facts: dict[str, str]
    files: dict[str, str]


def new(
    name: str = argument(help="The plugin's name, as in nim; the distribution is called marl-nim."),
    kind: Kind = option("environment", "--kind", metavar="KIND", help=_BRINGS),
) -> None:
    """Write a new plugin: a whole distribution, with an example that works.

    It comes into a folder of its own here, with tests, types, a README, a scenario that uses it, and a CI file; the
    tests pass before anything is changed or installed.
    """
    plain = name.removeprefix("marl-").removeprefix("marl_").replace("-", "_")
    if not _NAME.match(plain):
        raise UserError(
            f"{name!r} is no name for a plugin: small letters, digits and '_', with a letter first, as in nim"
        )
    if taken := [plugin for plugin in found() if plugin.name == plain]:
        raise UserError(f"the plugin name {plain!r} is taken by {taken[0].origin}: choose another one")
    folder = Path(f"marl-{plain.replace('_', '-')}")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserError(f"{folder} is there already, and not empty: nothing was written")
    for path, text in written(plain, kind).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    print(f"{folder} is a distribution that brings {article(kind)}, {plain}/{plain}. What comes next:\n")
    print(f"  cd {folder}")
    print("  marl plugins check .                        # it works as it is")
    print("  python -m pytest")
    print(f"  {_TRY.format(name=plain)}")
    print("  marl plugins install -e .                   # from now on it is there without --plugin-dir")
    print(f"\nChange {_code(plain, kind)} first; {_template(kind).facts['page']} says what holds.")


_TRY = "marl --plugin-dir . run scenario.yaml       # a scenario that uses it"


def written(name: str, kind: str) -> dict[str, str]:
    """The files of a new distribution, by path; `name` is the plugin's."""
    common, own = _template("common"), _template(kind)
    words = _words(name, kind, own)
    files = {**common.files, **own.files}
    return {_filled(path, words): _filled(text, words) for path, text in files.items()}


def _words(name: str, kind: str, own: Template) -> dict[str, str]:
    package = f"marl_{name}"
    needs = ["marl-league", *own.facts.get("needs", "").split()]
    about = Descriptor(name, "x:y", "-", plugin=name, kind=_PLURALS.get(kind, f"{kind}s"))
    words = {
        "name": name,
        "distribution": f"marl-{name.replace('_', '-')}",
        "package": package,
        "class": "".join(part.capitalize() for part in name.split("_")),
        "title": name.replace("_", " ").capitalize(),
        "summary": own.facts["summary"],
        "page": own.facts["page"],
        "article": article(kind),
        "dependencies": ", ".join(f'"{one}"' for one in needs),
        "use": use_of(about),
        "try": _TRY.format(name=name),
    }
    rows = [path for path in own.files if path != "{{package}}/plugin.py" and not path.startswith("tests/")]
    shown = {path: own.files[path].partition("\n")[0].strip('"# ').rstrip(".") for path in rows}
    words["files"] = "\n".join(f"| `{_filled(path, words)}` | {_filled(text, words)} |" for path, text in shown.items())
    return words


def _template(kind: str) -> Template:
    head, *parts = re.split(r"^=== ", (_TEMPLATES / f"{kind}.txt").read_text(encoding="utf-8"), flags=re.MULTILINE)
    facts = dict(line.split(": ", 1) for line in head.splitlines() if line)
    files = dict(part.partition("\n")[::2] for part in parts)
    return Template(facts, files)


def _filled(text: str, words: dict[str, str]) -> str:
    for word, value in words.items():
        text = text.replace("{{" + word + "}}", value)
    return text


def _code(name: str, kind: str) -> str:
    own = next(path for path in _template(kind).files if not path.endswith("plugin.py"))
    return _filled(own, {"package": f"marl_{name}"})
