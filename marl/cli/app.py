"""The `marl` command: its own commands, and those that plugins bring."""

from __future__ import annotations

import os
from typing import Any

import click

import marl
from marl.cli.command import Commands
from marl.cli.merge import brought, own, sentence_about
from marl.registry import Descriptor
from marl.registry.settings import SAFE_MODE

OWN = (
    Descriptor("run", "marl.cli.run:run", "Run a scenario."),
    Descriptor(
        "resume",
        "marl.cli.run:resume",
        "Go on with a run that was stopped or is finished, perhaps longer, otherwise, or elsewhere.",
    ),
    Descriptor("evaluate", "marl.cli.evaluate:evaluate", "Play matches and say how a player did, with 95 % intervals."),
    Descriptor("watch", "marl.cli.watch:watch", "Watch a match in the terminal: between players, or a replay."),
    Descriptor("report", "marl.cli.report:report", "Write a run's report again, from its files, and say where it is."),
    Descriptor("record", "marl.cli.record:record", "Play matches and write them down, to learn from without playing."),
    Descriptor(
        "dataset", "marl.cli.record:dataset", "Say what is in a dataset, and check that nothing of it is damaged."
    ),
    Descriptor("compare", "marl.cli.compare:compare", "Which method is better, over seeds and tasks, with intervals."),
    Descriptor("plugins", "marl.cli.plugins:app", "Plugins: find, install, check and write them."),
    Descriptor(
        "scenarios",
        "marl.cli.scenarios:app",
        "Scenarios that can be run by name, and bundles of runs: list, show, bundle.",
    ),
)


class Marl(Commands):
    """A group whose commands are its own and, after them, those of `marl_commands`, imported only when used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, own ones first."""
        return [*self.commands, *brought(self.commands)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A command, or None."""
        return self.commands.get(cmd_name) or brought(self.commands).get(cmd_name)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """As usual, but an unknown command gets a sentence that knows about plugins."""
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            ctx.fail(sentence_about(args[0], self.list_commands(ctx)))
        return super().resolve_command(ctx, args)


def _safe_mode(ctx: click.Context, param: click.Parameter, on: bool) -> None:
    if on:
        os.environ[SAFE_MODE] = "1"  # workers that the command starts are safe too


def _plugin_dir(ctx: click.Context, param: click.Parameter, path: str | None) -> None:
    if path is not None:
        from marl.registry.local import use

        use(path)


def _version(ctx: click.Context, param: click.Parameter, on: bool) -> None:
    if on:
        print(f"marl {marl.__version__}")
        ctx.exit()


def _switch(name: str, callback: Any, help: str) -> click.Option:
    return click.Option([name], is_flag=True, is_eager=True, expose_value=False, callback=callback, help=help)


app = Marl(
    "Multi-agent learning and game AI: training, leagues and tournaments, where everything is a match.",
    "marl",
    commands=own(OWN),
    params=[
        click.Option(
            ["--plugin-dir"],
            metavar="DIR",
            is_eager=True,
            expose_value=False,
            callback=_plugin_dir,
            help="Load the plugins in this folder too: files with hooks, or a checkout. MARL_PLUGIN_DIR does the same.",
        ),
        _switch("--safe-mode", _safe_mode, "Load built-in plugins only."),
        _switch("--version", _version, "Show the version."),
    ],
)
