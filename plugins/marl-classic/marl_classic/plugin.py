"""What the plugin registers. Importing this file imports no game and no numpy."""

from __future__ import annotations

from collections.abc import Iterable

from marl.registry import Descriptor, hookimpl

MARL_API = ">=2,<3"

_MATRIX = {
    "rock_paper_scissors": "Rock, paper, scissors: the smallest zero-sum cycle",
    "matching_pennies": "Matching pennies: zero-sum, not symmetric",
    "prisoners_dilemma": "Prisoner's dilemma: defecting dominates, cooperating pays",
    "stag_hunt": "Stag hunt: a safe equilibrium and a better one",
    "chicken": "Chicken: two pure equilibria, each player's own",
}


@hookimpl
def marl_environments() -> Iterable[Descriptor]:
    """Native, vectorised numpy games; their tensors and action numbers are OpenSpiel's."""
    yield Descriptor(
        "matrix",
        "marl_classic.matrix:matrix",
        "Any matrix (normal-form) game, by name or by payoffs, for one round or more",
        params="marl_classic.matrix:MatrixParams",
        tags=("simultaneous", "exact"),
    )
    for name, summary in _MATRIX.items():
        params = "marl_classic.matrix:RoundsParams"
        yield Descriptor(name, f"marl_classic.matrix:{name}", summary, params=params, tags=("simultaneous", "exact"))
    yield Descriptor(
        "kuhn_poker",
        "marl_classic.kuhn_poker:KuhnPoker",
        "Kuhn poker: one card each, one bet; for two players or more",
        params="marl_classic.kuhn_poker:KuhnParams",
        source="Kuhn, Contributions to the Theory of Games 1 (1950)",
        tags=("turns", "chance", "imperfect-information", "zero-sum", "exact"),
    )
    yield Descriptor(
        "leduc_poker",
        "marl_classic.leduc_poker:LeducPoker",
        "Leduc poker: six cards, two rounds of betting, a public card",
        source="Southey et al., UAI 2005",
        tags=("turns", "chance", "imperfect-information", "zero-sum", "exact"),
    )
    board = ("turns", "perfect-information", "zero-sum")
    yield Descriptor("tic_tac_toe", "marl_classic.tic_tac_toe:TicTacToe", "Tic-tac-toe on 3 by 3 cells", tags=board)
    yield Descriptor(
        "connect_four",
        "marl_classic.connect_four:ConnectFour",
        "Connect Four on 6 by 7 cells",
        params="marl_classic.connect_four:ConnectFourParams",
        tags=board,
    )
    yield Descriptor(
        "rooms",
        "marl_classic.rooms:Rooms",
        "A grid world of many tasks: rooms in a row, locked doors, lava",
        params="marl_classic.rooms:RoomsParams",
        source="in the style of Minigrid, NeurIPS 2023",
        tags=("turns", "1 player", "tasks", "chance"),
    )
    yield Descriptor(
        "deep_sea",
        "marl_classic.deep_sea:DeepSea",
        "A grid whose treasure chance hardly ever reaches, to see whether a learner explores",
        params="marl_classic.deep_sea:DeepSeaParams",
        source="Osband et al., Behaviour suite, ICLR 2020 (arXiv:1908.03568)",
        tags=("turns", "1 player"),
    )
    yield Descriptor(
        "tech_tree",
        "marl_classic.tech_tree:TechTree",
        "Things to gather and to make, each of which needs others first and pays once: ten achievements deep",
        params="marl_classic.tech_tree:TechTreeParams",
        source="in the style of Crafter, Hafner, ICLR 2022 (arXiv:2109.06780)",
        tags=("turns", "1 player", "chance"),
    )
    yield Descriptor(
        "two_step",
        "marl_classic.two_step:TwoStep",
        "A team's game in two steps that sums of values cannot represent",
        source="Rashid et al., QMIX, ICML 2018",
        tags=("simultaneous", "team"),
    )
    yield Descriptor(
        "whispers",
        "marl_classic.whispers:Whispers",
        "One agent sees a symbol that the other has to say: for teams that tell each other something outside the game",
        params="marl_classic.whispers:WhispersParams",
        tags=("simultaneous", "team", "chance", "imperfect-information"),
    )
    yield Descriptor(
        "team_matrix",
        "marl_classic.team_matrix:TeamMatrix",
        "A team's matrix game: climbing, penalty, or any payoffs that all agents share",
        params="marl_classic.team_matrix:TeamMatrixParams",
        source="Claus and Boutilier, AAAI 1998",
        tags=("simultaneous", "team"),
    )
    yield Descriptor(
        "foraging",
        "marl_classic.foraging:Foraging",
        "Level-based foraging: agents collect food together that is too heavy for one",
        params="marl_classic.foraging:ForagingParams",
        source="Christianos et al., NeurIPS 2020; lbforaging 2.0.0",
        tags=("simultaneous", "team", "chance"),
    )
