"""`marl scenarios`: what comes with marl and can be run by name."""

from __future__ import annotations

from pathlib import Path

from marl.cli.command import Commands, argument, option
from marl.cli.show import as_json, table
from marl.printable import printable

_SHOWN = 8  # names of files
app = Commands("Scenarios that can be run by name, and bundles of runs: list, show, bundle.")


@app.command("list")
def list_scenarios(json: bool = option(False, "--json", help="Print JSON.")) -> None:
    """List the scenarios that can be run by name: marl's, and those of plugins."""
    from marl.registry import load_registry
    from marl.scenario.library import available, brought

    rows = [{"name": name, "summary": _summary(file), "file": str(file)} for name, file in available().items()]
    theirs = brought(load_registry())
    rows += [{"name": name, "summary": found.summary, "file": found.target} for name, found in theirs.items()]
    if json:
        as_json(rows)
    elif rows:
        table(["scenario", "summary"], [[row["name"], row["summary"]] for row in rows])
    else:
        print("No scenarios came with this marl; `marl run FILE` runs a file of yours.")


@app.command()
def show(
    scenario: str = argument(help="A scenario's name, or a YAML file."),
    overrides: list[str] = argument(None, metavar="[KEY=VALUE]...", help="Change keys, as for `marl run`."),
    json: bool = option(False, "--json", help="Print JSON."),
) -> None:
    """Show a scenario as it would run: checked, with every default filled in."""
    from marl.registry import load_registry
    from marl.scenario import load_scenario, plain, provenance
    from marl.scenario.references import masked

    registry = load_registry()
    loaded = load_scenario(scenario, overrides or [], registry)
    if json:
        used = provenance(registry, loaded)
        as_json(
            {"name": loaded.name, "kind": loaded.kind, "source": str(loaded.source), "uses": used}
            | {"config": masked(plain(loaded.config))}
        )
    else:
        print(printable(f"# {loaded.source}\n{loaded.text}", lines=True), end="")


@app.command()
def bundle(
    run: Path = argument(metavar="RUN", help="The run directory."),
    out: Path | None = option(None, "--out", metavar="FILE", help="The file to write.  [default: NAME.zip]"),
) -> None:
    """Write a zip file with what somebody else needs to repeat a run: scenario, lock file, requirements, plugins.

    Plugins that pip cannot get elsewhere (single files, checkouts) are in it, and nothing of what the run has done.
    """
    from marl.registry import load_registry
    from marl.run.bundle import bundle

    file = out or Path(f"{run.resolve().name}.zip")
    names = bundle(run, file, load_registry())
    print(f"{file} has {len(names)} files: {', '.join(names[:_SHOWN])}{' ...' if len(names) > _SHOWN else ''}")
    print(f"Its README.md says how to repeat {run} with them.")


def _summary(file: Path) -> str:
    """The first comment of a scenario file says in a line what it is."""
    first = file.read_text(encoding="utf-8").lstrip().partition("\n")[0]
    return first.lstrip("# ").strip() if first.startswith("#") else ""
