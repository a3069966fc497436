"""The `marl` command: its own commands, and those that plugins bring."""

from __future__ import annotations

import os
from typing import Any

import typer
from typer.core import TyperGroup

import marl
from marl.cli import evaluate, plugins, report, run, scenarios, watch
from marl.cli.merge import brought, sentence_about
from marl.registry.settings import SAFE_MODE


class MarlGroup(TyperGroup):
    """A group whose commands are its own and, after them, those of `marl_commands`, loaded only when used."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The names, own ones first."""
        return [*self.commands, *brought(self.commands)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """A command, or None."""
        return self.commands.get(cmd_name) or brought(self.commands).get(cmd_name)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """As usual, but an unknown command gets a sentence that knows about plugins."""
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            ctx.fail(sentence_about(args[0], self.list_commands(ctx)))
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=MarlGroup,
    help="Multi-agent learning and game AI: training, leagues and tournaments, where everything is a match.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
)
app.add_typer(plugins.app, name="plugins")
app.add_typer(scenarios.app, name="scenarios")
app.command("run")(run.run)
app.command("resume")(run.resume)
app.command("evaluate")(evaluate.evaluate)
app.command("watch")(watch.watch)
app.command("report")(report.report)


def command() -> Any:
    """The whole as a click command."""
    return typer.main.get_command(app)


def _safe_mode(on: bool) -> None:
    if on:
        os.environ[SAFE_MODE] = "1"  # workers that the command starts are safe too


def _version(on: bool) -> None:
    if on:
        print(f"marl {marl.__version__}")
        raise typer.Exit


@app.callback()
def _root(
    safe_mode: bool = typer.Option(
        False, "--safe-mode", callback=_safe_mode, is_eager=True, help="Load built-in plugins only."
    ),
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Show the version."),
) -> None:
    pass
