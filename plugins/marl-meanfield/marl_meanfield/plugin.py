"""What the plugin registers. Importing this file imports neither numpy nor OpenSpiel."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from marl.registry import Descriptor, hookimpl
from marl.registry.specs import HookAdder

MARL_API = ">=2,<3"
PERRIN = "Perrin et al., Fictitious play for mean field games, NeurIPS 2020"
PEROLAT = "Perolat et al., Scaling up mean field games with online mirror descent, AAMAS 2022"
MULLER = "Muller et al., Learning equilibria in mean-field games: introducing mean-field PSRO, AAMAS 2022"
LAURIERE = "Lauriere et al., Scalable deep RL algorithms for mean field games, ICML 2022"
CUI = "Cui and Koeppl, Approximately solving mean field games via entropy-regularized deep RL, AISTATS 2021"


@hookimpl
def marl_addhooks(pluginmanager: HookAdder) -> None:
    """Other plugins may bring games and solvers too."""
    from marl_meanfield import hookspecs

    pluginmanager.add_hookspecs(hookspecs)


@hookimpl
def marl_runners() -> Iterable[Descriptor]:
    """Runs scenarios of `kind: meanfield`."""
    return [
        Descriptor(
            "meanfield",
            "marl_meanfield.runner:run",
            "solve a mean-field game",
            params="marl_meanfield.config:MeanFieldConfig",
        )
    ]


@hookimpl
def marl_reports() -> Iterable[Descriptor]:
    """The report of a run of `kind: meanfield`."""
    return [Descriptor("meanfield", "marl_meanfield.report.page:rewrite", "exploitability, and who is where when")]


@hookimpl
def marl_environments() -> Iterable[Descriptor]:
    """The game of N agents."""
    yield Descriptor(
        "finite",
        "marl_meanfield.finite.game:finite",
        "N agents of any mean-field game, which is the limit of many",
        params="marl_meanfield.finite.game:Params",
        source="Saldi, Basar, Raginsky, Markov-Nash equilibria in mean-field games with discounted cost, 2018",
        tags=("simultaneous", "many agents", "general-sum"),
    )


@hookimpl
def marl_policies() -> Iterable[Descriptor]:
    """What a run solved, as a player among N agents."""
    yield Descriptor(
        "solved",
        "marl_meanfield.finite.policy:solved",
        "the policy that a run of kind: meanfield has found, in meanfield/finite",
        params="marl_meanfield.finite.policy:Params",
        tags=("exact",),
    )


@hookimpl
def marl_commands() -> Iterable[Descriptor]:
    """`marl meanfield ...`."""
    yield Descriptor(
        "meanfield",
        "marl_meanfield.commands:app",
        "Look into mean-field runs: how good a policy is among N agents, curves, a film.",
    )


@hookimpl
def meanfield_games() -> Iterable[Descriptor]:
    """The games of the plugin, and OpenSpiel's."""
    return [
        _game("crowd:Crowd", "crowd modelling on a circle: near the bar it is nice, and where nobody else is", PERRIN),
        _game("crowd_grid:CrowdGrid", "crowd modelling on a grid, perhaps in four rooms", PEROLAT),
        _game(
            "linear_quadratic:LinearQuadratic",
            "agents on a line want to be near the mean of all, and not to hurry",
            "Perrin et al., NeurIPS 2020; Carmona, Fouque, Sun, Mean field games and systemic risk, 2015",
        ),
        _game("epidemic:Epidemic", "an epidemic (SIS): keep away from others, or risk to be infected", CUI),
        _game(
            "cybersecurity:Cybersecurity",
            "computers that are defended, or not, and infect each other",
            "Kolokoltsov and Bensoussan, Mean-field-game model for botnet defense in cyber-security, 2016",
        ),
        _game(
            "routing:Routing",
            "travellers choose roads that fill up, on Sioux Falls or any network; each trip is a population",
            "Cabannes et al., Solving N-player dynamic routing games with congestion, AAMAS 2022",
        ),
        _game(
            "economy:Economy",
            "workers choose how much they earn, and what a tax brings is shared out evenly; one step",
            "Saez, Review of Economic Studies 68, 2001; Zheng et al., The AI Economist, Science Advances 8, 2022",
        ),
        _game("predator_prey:PredatorPrey", "several populations that hunt and flee in a circle", PEROLAT),
        Descriptor(
            "openspiel",
            "marl_meanfield.openspiel.game:OpenSpielGame",
            "any mean-field game of OpenSpiel's, as arrays",
            params="marl_meanfield.openspiel.game:Params",
            source="Lanctot et al., OpenSpiel, arXiv:1908.09453",
        ),
    ]


@hookimpl
def meanfield_solvers() -> Iterable[Descriptor]:
    """The solvers of the plugin."""
    return [
        _solver("fixed_point:FixedPoint", "everybody follows the response to the step before", "Guo et al., 2019"),
        _solver("fictitious_play:FictitiousPlay", "responses to the average population so far", PERRIN),
        _solver("mirror_descent:MirrorDescent", "online mirror descent: the softmax of all values so far", PEROLAT),
        _solver(
            "accelerated:Accelerated",
            "online mirror descent with momentum, and rates that need no tuning",
            "Krichene, Bayen, Bartlett, Accelerated mirror descent in continuous and discrete time, NeurIPS 2015",
        ),
        _solver(
            "munchausen:Munchausen",
            "online mirror descent without a sum of values",
            LAURIERE,
        ),
        _solver("psro:PSRO", "mean-field PSRO: a population of best responses, and their Nash equilibrium", MULLER),
        _solver("coarse_correlated:CoarseCorrelated", "coarse correlated equilibria by mean-field PSRO", MULLER),
        _solver("correlated:Correlated", "correlated equilibria by mean-field PSRO", MULLER),
        _solver("policy_iteration:PolicyIteration", "Boltzmann policy iteration: the softmax of the last values", CUI),
        _deep("deep_munchausen", "D-MOMD: mirror descent with a network; needs torch", "MunchausenParams", LAURIERE),
        _deep("deep_average", "D-AFP: fictitious play with an average network; needs torch", "AverageParams", LAURIERE),
        _deep(
            "mean_field_ppo",
            "PPO against the flow of an iteration, held near the population's policy; needs torch",
            "PPOParams",
            "Algumaei et al., Regularization of the policy updates for stabilizing mean field games, PAKDD 2023",
        ),
    ]


def _described(room: str, target: str, summary: str, source: str) -> Descriptor:
    """`target`: "module:Class" in a room; the module names what it describes, and has its `Params`."""
    module, _ = target.split(":")
    where = f"marl_meanfield.{room}"
    return Descriptor(module, f"{where}.{target}", summary, params=f"{where}.{module}:Params", source=source)


def _deep(name: str, summary: str, params: str, source: str) -> Descriptor:
    """A solver with networks."""
    where = "marl_meanfield.deep"
    return Descriptor(name, f"{where}.load:{name}", summary, params=f"{where}.params:{params}", source=source)


_game, _solver = partial(_described, "games"), partial(_described, "solvers")
