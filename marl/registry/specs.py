"""The hooks of the core. A plugin implements those it needs; each kind of thing has one hook.

Except for `marl_addhooks`, a hook takes nothing and returns descriptors, without importing anything heavy: the host
calls it on every start. What a descriptor's target must be is said for each hook.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from marl.registry.descriptor import Descriptor
from marl.registry.markers import hookspec


class HookAdder(Protocol):
    """What `marl_addhooks` is given."""

    def add_hookspecs(self, namespace: Any) -> None:
        """Add every function of `namespace` (a module) that is marked with `hookspec`."""


@hookspec
def marl_addhooks(pluginmanager: HookAdder) -> None:
    """Add hooks of your own, for other plugins to implement.

    :param pluginmanager: call its `add_hookspecs(module)`. A hook `yours_things` makes the kind `things`; its
        implementations take nothing and return descriptors. It is called before any other hook, of any plugin.

    .. versionadded:: 0.1
    """


@hookspec
def marl_environments() -> Iterable[Descriptor]:
    """Environments.

    :return: descriptors whose target is called as `target(lanes: int, params: P) -> marl.env.Environment`.

    .. versionadded:: 0.1
    """
    return ()


@hookspec
def marl_algorithms() -> Iterable[Descriptor]:
    """Algorithms: what turns a job into a snapshot.

    :return: descriptors whose target is called as `target(params: P) -> marl.algorithm.Algorithm`.

    .. versionadded:: 0.1
    """
    return ()


@hookspec
def marl_rewards() -> Iterable[Descriptor]:
    """Rewards: named channels of what a learner is paid for, computed on windows of rows; they may learn.

    :return: descriptors whose target is called as `target(spec: EnvSpec, params: P) -> marl.reward.Reward`; it raises
        ValueError or UserError for a game that it does not fit.

    .. versionadded:: 0.1
    """
    return ()


@hookspec
def marl_models() -> Iterable[Descriptor]:
    """Models: what networks are below their heads. A name is a `model.kind`, its parameters are `model.params`.

    :return: descriptors whose target is called as `target(observation: Space, params: P) ->
        marl.training.networks.bodies.Body`. Where the model normalises, what the body is shown is normalised already.

    .. versionadded:: 0.1
    """
    return ()


@hookspec
def marl_team_models() -> Iterable[Descriptor]:
    """Team models: what stands between the encoders of a team's agents and their heads, and lets them hear or see what
    teammates do. Algorithms name one (`Heads.team`).

    :return: descriptors whose target is called as
        `target(size: TeamSize, features: int, params: P) ->
        marl.training.networks.team_model.TeamModel`, a torch module.

    .. versionadded:: 0.1
    """
    return ()


@hookspec
def marl_losses() -> Iterable[Descriptor]:
    """Auxiliary losses: terms that are added to the loss of an algorithm (`algorithm.auxiliary`).

    :return: descriptors whose target is called as `target(params: P) -> marl.training.auxiliary.AuxiliaryLoss`.

    .. versionadded:: 0.1
    """
    return ()


@hookspec
def marl_curricula() -> Iterable[Descriptor]:
    """Curricula: which of an environment's tasks a learner practises, `tasks:` of `kind: train`.

    :return: descriptors whose target is called as `target(spec: EnvSpec, params: P) -> marl.curriculum.Curriculum`; the
        spec has tasks.

    .. versionadded:: 0.1
    """
    return ()


@hookspec
def marl_policies() -> Iterable[Descriptor]:
    """Policies: scripted bots, and the classes that snapshots are restored with.

    :return: descriptors whose target is called as
        `target(spec: EnvSpec, snapshot: Snapshot | None = None, params: P) -> marl.policy.Policy`.

    .. versionadded:: 0.1
    """
    return ()


@hookspec
def marl_runners() -> Iterable[Descriptor]:
    """Runners: who runs a scenario of which `kind:`. The descriptor's name is the kind.

    :return: descriptors whose `params` is the dataclass that a scenario file of this kind fills in, and whose target
        is called as `target(scenario, registry, out: pathlib.Path, resume: bool) -> None`.

    .. versionadded:: 0.1
    """
    return ()


@hookspec
def marl_rosters() -> Iterable[Descriptor]:
    """Rosters: who is in a run directory, for `marl evaluate` and `marl watch`. The descriptor's name is the kind.

    :return: descriptors whose target is called as `target(run: pathlib.Path) -> marl.roster.Roster`.

    .. versionadded:: 0.1
    """
    return ()


@hookspec
def marl_reports() -> Iterable[Descriptor]:
    """Reports: what `marl report` writes of a run directory. The descriptor's name is the kind.

    :return: descriptors whose target is called as `target(run: Path, out: Path | None) -> Path`; it writes a
        self-contained page of what is in the directory, there or to the file `out`, and returns the page's path.

    .. versionadded:: 0.1
    """
    return ()


@hookspec
def marl_report_sections() -> Iterable[Descriptor]:
    """Sections of plugins in the reports of training runs and leagues, above "How to read this".

    :return: descriptors whose target is called as `target(run: pathlib.Path) -> str`; it gives HTML, `<section>`
        elements as `marl.page.figure.section` makes them, of what is in the run directory, or "" where it has nothing
        to say about it. What it raises is told on the page in its place.

    .. versionadded:: 0.2
    """
    return ()


@hookspec
def marl_sinks() -> Iterable[Descriptor]:
    """Sinks: where the numbers of a run go beside metrics.jsonl, `sinks:` of `kind: train` and `kind: league`.

    :return: descriptors whose target is called as `target(run: pathlib.Path, scenario: Mapping[str, Any], params: P) ->
        marl.sink.Sink`. `run` is the run directory, `scenario` the resolved scenario. It raises UserError where a
        package is missing: then the run goes on without it.

    .. versionadded:: 0.2
    """
    return ()


@hookspec
def marl_drawers() -> Iterable[Descriptor]:
    """Drawers: how matches of an environment are drawn, of the same plugin or of another: `marl watch --drawer`, pages
    of tournaments and red teams. Tags that are full names of environments say which ones it is for.

    :return: descriptors whose target is called as `target(environment: Environment, params: P) ->
        marl.drawer.Drawer`; it raises ValueError or UserError for an environment that it does not draw.

    .. versionadded:: 0.2
    """
    return ()


@hookspec
def marl_scenarios() -> Iterable[Descriptor]:
    """Scenarios: files that `marl run PLUGIN/NAME` runs, and `marl scenarios list` lists.

    :return: descriptors whose target is called as `target() -> pathlib.Path` of the YAML file.

    .. versionadded:: 0.2
    """
    return ()


@hookspec
def marl_commands() -> Iterable[Descriptor]:
    """Commands of `marl`. The descriptor's name is the command, its summary the line in `marl --help`.

    :return: descriptors whose target is a `marl.cli.command.Commands` (a group) or a function (one command).

    .. versionadded:: 0.1
    """
    return ()
