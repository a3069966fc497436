"""What the plugin registers. Importing this file imports no numpy."""

from __future__ import annotations

from collections.abc import Iterable

from marl.registry import Descriptor, hookimpl

MARL_API = ">=2,<3"


@hookimpl
def marl_algorithms() -> Iterable[Descriptor]:
    """Solvers of games that have a sequence form."""
    for name, target, summary, params, source in (
        (
            "cfr",
            "CounterfactualRegret",
            "counterfactual regret minimisation",
            "Params",
            "Zinkevich et al., NeurIPS 2007",
        ),
        ("cfr_plus", "RegretMatchingPlus", "CFR whose regrets never fall below 0", "Params", "Tammelin, 2014"),
        (
            "linear_cfr",
            "LinearRegret",
            "CFR whose iteration t counts t times",
            "Params",
            "Brown and Sandholm, AAAI 2019",
        ),
        (
            "dcfr",
            "DiscountedRegret",
            "CFR that forgets early iterations",
            "DiscountedParams",
            "Brown and Sandholm, AAAI 2019",
        ),
    ):
        yield Descriptor(
            name,
            f"marl_tabular.cfr:{target}",
            summary,
            params=f"marl_tabular.cfr:{params}",
            source=source,
            tags=("exact", "tables"),
        )
    yield Descriptor(
        "xfp",
        "marl_tabular.fictitious:ExtensiveFictitiousPlay",
        "fictitious play with exact best responses and average policies",
        params="marl_tabular.fictitious:Params",
        source="Heinrich, Lanctot and Silver, ICML 2015",
        tags=("exact", "tables"),
    )
    yield Descriptor(
        "xdo",
        "marl_tabular.double_oracle:ExtensiveDoubleOracle",
        "extensive-form double oracle: solves the part of the game that best responses have found, again and again",
        params="marl_tabular.double_oracle:DoubleOracleParams",
        source="McAleer et al., XDO, NeurIPS 2021",
        tags=("exact", "tables"),
    )
    yield Descriptor(
        "mmd",
        "marl_tabular.mirror:MagneticMirrorDescent",
        "magnetic mirror descent, whose last policy converges; its magnet may follow (R-NaD)",
        params="marl_tabular.mirror:MirrorParams",
        source="Sokota et al., ICLR 2023; Perolat et al., ICML 2021",
        tags=("exact", "tables"),
    )
    yield Descriptor(
        "rnad",
        "marl_tabular.rnad:RegularisedNashDynamics",
        "regularised Nash dynamics: rewards pull towards a reference that follows, so the last policy converges",
        params="marl_tabular.rnad:DynamicsParams",
        source="Perolat et al., ICML 2021; Perolat et al., Science 378, 2022",
        tags=("exact", "tables"),
    )
    yield Descriptor(
        "nash_md",
        "marl_tabular.nash_md:NashMD",
        "mirror descent from, and against, a geometric mixture with a reference: its last policy converges",
        params="marl_tabular.nash_md:NashMDParams",
        source="Munos et al., Nash learning from human feedback, ICML 2024",
        tags=("exact", "tables"),
    )
    yield Descriptor(
        "mccfr",
        "marl_tabular.mccfr:MonteCarloRegret",
        "external-sampling Monte Carlo CFR, on matches that are played: for trees that are too large",
        params="marl_tabular.mccfr:MonteCarloParams",
        source="Lanctot et al., NeurIPS 2009",
        tags=("tables",),
    )


@hookimpl
def marl_scenarios() -> Iterable[Descriptor]:
    """A first run."""
    yield Descriptor(
        "kuhn", "marl_tabular.scenarios:kuhn", "Kuhn poker by CFR+, to its equilibrium", tags=("exact", "tables")
    )
