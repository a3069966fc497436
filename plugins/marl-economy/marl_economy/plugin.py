"""What the plugin registers. Importing this file imports neither torch nor numpy."""

from __future__ import annotations

from collections.abc import Iterable

from marl.registry import Descriptor, hookimpl

MARL_API = ">=2,<3"

_ZHENG = "Zheng et al., The AI Economist, Science Advances 8, 2022"
_KARTEN = "Karten et al., LLM Economist, arXiv:2507.15815, 2025"
_SAEZ = "Saez, Using elasticities to derive optimal income tax rates, Review of Economic Studies 68, 2001"


@hookimpl
def marl_environments() -> Iterable[Descriptor]:
    """Economies: side 0 is a planner, side 1 the workers."""
    yield Descriptor(
        "town",
        "marl_economy.town.town:Town",
        "gather, trade and build: workers of unlike skills, and a planner that sets their taxes once a year",
        params="marl_economy.town.params:TownParams",
        source=_ZHENG,
        tags=("simultaneous", "team", "chance"),
    )
    yield Descriptor(
        "labour",
        "marl_economy.labour.labour:Labour",
        "workers choose how much they work: the one-step economy of the textbook, or year after year",
        params="marl_economy.labour.labour:LabourParams",
        source=f"{_SAEZ}; {_ZHENG}",
        tags=("simultaneous", "team"),
    )


@hookimpl
def marl_algorithms() -> Iterable[Descriptor]:
    """Learning on two levels."""
    yield Descriptor(
        "two_level",
        "marl_economy.two_level:TwoLevelPPO",
        "PPO for a leader and followers: the leader learns later, slower, and with an entropy bonus that falls",
        params="marl_economy.params:TwoLevelParams",
        source=_ZHENG,
        tags=("networks", "on-policy"),
    )


@hookimpl
def marl_policies() -> Iterable[Descriptor]:
    """Planners and workers that do not learn."""
    yield Descriptor(
        "schedule",
        "marl_economy.planners:Schedule",
        "a planner whose tax rates stay; without any it is a free market",
        params="marl_economy.planners:ScheduleParams",
        tags=("scripted",),
    )
    yield Descriptor(
        "us_federal",
        "marl_economy.planners:USFederal",
        "a planner that taxes as the United States did in 2018",
        params="marl_economy.planners:USFederalParams",
        tags=("scripted",),
    )
    yield Descriptor(
        "saez",
        "marl_economy.planners:Saez",
        "a planner that follows Saez's formula, given an elasticity",
        params="marl_economy.planners:SaezParams",
        source=_SAEZ,
        tags=("scripted",),
    )
    yield Descriptor(
        "builder",
        "marl_economy.town.builder:Builder",
        "a worker of the town that gathers and builds as long as it pays",
        params="marl_economy.town.builder:BuilderParams",
        tags=("scripted",),
    )
    yield Descriptor(
        "rational",
        "marl_economy.labour.rational:Rational",
        "a worker of the economy of effort that does what is best for it",
        tags=("scripted",),
    )
    yield Descriptor(
        "language",
        "marl_economy.language.policy:Language",
        "a language model that plans, or works by personas; any endpoint that speaks OpenAI's protocol",
        params="marl_economy.language.params:LanguageParams",
        source=_KARTEN,
        tags=("language",),
    )
    yield Descriptor(
        "council",
        "marl_economy.language.council:Council",
        "taxes by whoever the workers elect every few years, all of them language models",
        params="marl_economy.language.params:CouncilParams",
        source=_KARTEN,
        tags=("language",),
    )


@hookimpl
def marl_runners() -> Iterable[Descriptor]:
    """Runs scenarios of `kind: economy`."""
    yield Descriptor(
        "economy",
        "marl_economy.running.runner:run",
        "a planner and workers, year after year",
        params="marl_economy.running.config:EconomyConfig",
    )


@hookimpl
def marl_reports() -> Iterable[Descriptor]:
    """The report of a run of `kind: economy`."""
    yield Descriptor("economy", "marl_economy.running.page:rewrite", "welfare, rates and incomes over the years")


@hookimpl
def marl_commands() -> Iterable[Descriptor]:
    """`marl economy ...`."""
    yield Descriptor(
        "economy",
        "marl_economy.commands:app",
        "Look into economies: how elastic incomes are, and the best taxes where they can be computed.",
    )
