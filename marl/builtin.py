"""The built-in plugin `marl`: what the core itself brings."""

from __future__ import annotations

from marl.registry import Descriptor, hookimpl

MARL_API = ">=2,<3"


@hookimpl
def marl_runners() -> list[Descriptor]:
    """Runs scenarios of `kind: train`."""
    return [
        Descriptor("train", "marl.training.runner:run", "train one learner", params="marl.training.config:TrainConfig"),
    ]


@hookimpl
def marl_rosters() -> list[Descriptor]:
    """Who is in a run of `kind: train`."""
    return [Descriptor("train", "marl.training.roster:roster", "a player for every slice")]


@hookimpl
def marl_reports() -> list[Descriptor]:
    """The report of a run of `kind: train`."""
    return [Descriptor("train", "marl.training.report.rewrite:rewrite", "measurements, learning and speed")]


@hookimpl
def marl_models() -> list[Descriptor]:
    """The models that need no plugin."""
    bodies = "marl.training.networks.bodies"
    return [
        Descriptor(name, f"{bodies}:{target}", summary, params=f"marl.training.model:{params}")
        for name, target, summary, params in (
            ("mlp", "dense", "dense layers", "DenseParams"),
            ("cnn", "cnn", "convolutions over images, then dense layers", "ConvolutionParams"),
            ("gru", "gru", "dense layers, then a gated recurrent unit", "MemoryParams"),
            ("lstm", "lstm", "dense layers, then a long short-term memory", "MemoryParams"),
        )
    ]


@hookimpl
def marl_sinks() -> list[Descriptor]:
    """The sinks that need no plugin, but packages of others."""
    here = "marl.sinks"
    return [
        Descriptor("tensorboard", f"{here}.tensorboard:TensorBoard", "TensorBoard's files, below tensorboard/"),
        Descriptor("wandb", f"{here}.wandb:Wandb", "Weights & Biases", params=f"{here}.wandb:WandbParams"),
        Descriptor("mlflow", f"{here}.mlflow:Mlflow", "MLflow", params=f"{here}.mlflow:MlflowParams"),
        Descriptor("trackio", f"{here}.trackio:Trackio", "Trackio", params=f"{here}.trackio:TrackioParams"),
    ]


@hookimpl
def marl_drawers() -> list[Descriptor]:
    """The drawer that needs no plugin."""
    state = "marl.drawers.state"
    summary = "the state of any environment that declares one, a cell for each number"
    return [Descriptor("state", f"{state}:StateDrawer", summary, params=f"{state}:Params")]


@hookimpl
def marl_curricula() -> list[Descriptor]:
    """The curricula that need no plugin."""
    return [
        Descriptor("uniform", "marl.curricula.uniform:Uniform", "every task alike", source="Tobin et al., IROS 2017"),
        Descriptor(
            "frontier",
            "marl.curricula.frontier:Frontier",
            "tasks that are won about half the time, most",
            params="marl.curricula.frontier:FrontierParams",
            source="Tzannetos et al., TMLR 2023",
        ),
        Descriptor(
            "progress",
            "marl.curricula.progress:Progress",
            "tasks whose returns change fastest, most",
            params="marl.curricula.progress:ProgressParams",
            source="Matiisen et al., IEEE TNNLS 2020",
        ),
    ]


@hookimpl
def marl_policies() -> list[Descriptor]:
    """The policies that need no plugin."""
    return [
        Descriptor(
            "random", "marl.policies.random:Random", "plays uniformly over the legal actions", tags=("scripted",)
        ),
        Descriptor("first", "marl.policies.first:First", "plays the first legal action", tags=("scripted",)),
        Descriptor("tabular", "marl.tabular:restore", "plays a table of probabilities, from a snapshot"),
        Descriptor(
            "network",
            "marl.training.networks.players:restore",
            "plays torch networks, from a snapshot",
            params="marl.training.networks.policy:NetworkParams",
        ),
    ]
