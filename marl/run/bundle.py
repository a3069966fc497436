"""A bundle: a zip file with what somebody else needs to repeat a run."""

from __future__ import annotations

import os
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

from marl.blobs import Blobs
from marl.errors import RunError, UserError
from marl.registry import Plugin, Registry
from marl.registry.plugin import DISTRIBUTION
from marl.run import pins
from marl.scenario import FILE, load_run, lock
from marl.scenario.lock import Lock, Locked

PLUGINS = "plugins"
RUN = "run"
_TAKEN = ("pyproject.toml", "README.md", "LICENSE")
_PUBLIC = "+"  # what follows in a version is a build's own, and no index has it


def bundle(run: Path, file: Path, registry: Registry) -> list[str]:
    """Write the zip `file` of what is needed to repeat `run`; its names. Nothing of what the run has done is in it.

    Raises UserError where `run` is no run directory, its plugins are not here as it had them, or `file` is there.
    """
    scenario = load_run(run, registry)
    if not (run / lock.FILE).is_file():
        raise UserError(f"{run} has no {lock.FILE}: an older marl began it; `marl resume {run}` writes one")
    then = lock.read(run)
    lock.hold(then, registry, str(run))
    if file.exists():
        raise UserError(f"{file} is there already: choose another --out")
    top = file.stem
    content: dict[str, bytes | Path] = {FILE: run / FILE, lock.FILE: run / lock.FILE}
    content["requirements.txt"] = requirements(then).encode()
    places = []
    for one in then.used:
        if taken := _plugin(registry.plugin(one.name), one):
            place, files = taken
            content |= files
            places.append(place)
    content |= _players(run)
    content["README.md"] = _readme(scenario.name, top, then, places, any(name.startswith(RUN) for name in content))
    draft = file.with_name(f".{file.name}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, what in content.items():
                data = what.read_bytes() if isinstance(what, Path) else what
                archive.writestr(f"{top}/{name}", data)
        draft.replace(file)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise RunError(f"{file} cannot be written: {error.strerror or error}") from error
    return list(content)


def requirements(found: Lock) -> str:
    """A requirements.txt: all that the used plugins need, in the versions that were here."""
    bundled = {one.distribution for one in found.used if one.folder and not one.source}
    sources = {one.distribution: one.source for one in found.used if one.source}
    lines = [f"# Python {found.python}, marl {found.marl}"]
    for name, version in found.requirements.items():
        if name in sources:
            lines.append(f"{name} @ {sources[name]}")
        elif name in bundled:
            where = "of a checkout: install that of yours" if name == DISTRIBUTION else f"in {PLUGINS}/"
            lines.append(f"# {name} {version} is {where}")
        else:
            lines.append(f"{name}=={version.partition(_PUBLIC)[0]}")
    return "\n".join(lines) + "\n"


def _plugin(plugin: Plugin, one: Locked) -> tuple[str, dict[str, bytes | Path]] | None:
    """Where a plugin's files are in the bundle, and these; None for what pip gets from elsewhere, and for marl.

    They are those that run here, wherever its distribution says that it was installed from.
    """
    if one.source or not one.folder or one.distribution == DISTRIBUTION:
        return None
    file = Path(str(sys.modules[one.package].__file__))
    if file.name != "__init__.py" and plugin.place:
        beside = sorted(file.parent.glob("*.py")) if Path(plugin.place).is_dir() else [file]
        return PLUGINS, {f"{PLUGINS}/{path.name}": path for path in beside}  # modules that it may import
    package = file.parent if file.name == "__init__.py" else None
    root, place = package.parent if package else file.parent, f"{PLUGINS}/{one.distribution}"
    about = root.parent if root.name == "src" else root
    files = [about / name for name in _TAKEN if (about / name).is_file()] + (
        list(_files(package)) if package else [file]
    )
    return place, {f"{place}/{path.relative_to(about).as_posix()}": path for path in files}


def _files(package: Path) -> Iterator[Path]:
    for folder, names, files in os.walk(package):
        names[:] = sorted(name for name in names if name != "__pycache__")
        yield from (Path(folder) / name for name in sorted(files))


def _players(run: Path) -> dict[str, bytes | Path]:
    """Whom the run meets of other runs: their names, and their snapshots."""
    file = run / pins.FILE
    if not file.is_file():
        return {}
    blobs = Blobs(run / "blobs")
    found: dict[str, bytes | Path] = {f"{RUN}/{pins.FILE}": file}
    return found | {f"{RUN}/blobs/{path.name}": path for one in pins.snapshots(file) for path in blobs.files(one)}


def _readme(name: str, top: str, then: Lock, places: list[str], players: bool) -> bytes:
    """How to repeat it."""
    named = f"MARL_PLUGIN_DIR={os.pathsep.join(dict.fromkeys(places))} " if places else ""
    text = f"""# {name}

What is needed to repeat a run of marl {then.marl} on Python {then.python}.

    unzip {top}.zip && cd {top}
    python -m venv .venv && . .venv/bin/activate
    pip install -r requirements.txt
    {named}marl run --locked {FILE} --out {RUN}

`--locked` refuses plugins that are others than those in `{lock.FILE}`, and says how to get them. Plugins run with your
rights: look at what is in `{PLUGINS}/`, and at where `requirements.txt` takes things from, before you run them.
"""
    if players:
        text += f"\nThe run meets players of other runs: they are in `{RUN}/`, so it must run there.\n"
    return text.encode()
