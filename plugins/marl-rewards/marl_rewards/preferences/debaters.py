"""A judge who sees a few numbers of a state, and two debaters who choose which: the networks of `rewards/debate`."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from marl_rewards.preferences.model import Fitted


def layers(inputs: int, hidden: int, outputs: int, generator: torch.Generator) -> nn.Sequential:
    """One hidden layer, drawn from the generator alone."""
    parts: list[nn.Module] = []
    for before, after, gain in ((inputs, hidden, 2**0.5), (hidden, outputs, 0.1)):
        layer = nn.Linear(before, after)
        nn.init.orthogonal_(layer.weight, gain, generator=generator)
        nn.init.zeros_(layer.bias)
        parts += [layer, nn.Tanh()]
    return nn.Sequential(*parts[:-1])


class Judge(Fitted):
    """How good an action looks, by the evidence alone. `size` numbers of a state, `actions` choices."""

    def __init__(self, size: int, actions: int, hidden: int, lr: float, generator: torch.Generator) -> None:
        super().__init__(layers(2 * size, hidden, actions, generator), lr)

    def scores(self, states: Tensor, shown: Tensor) -> Tensor:
        """Of every action, `[K, A]`; of states `[K, D]` only what is `shown` `[K, D]` counts."""
        scores: Tensor = self.network(torch.cat([states * shown, shown], dim=1))
        return scores

    def prefers(self, states: Tensor, shown: Tensor, pair: Tensor) -> Tensor:
        """The logarithm of the odds that the first of two actions `[K, 2]` is the better one, `[K]`."""
        both = self.scores(states, shown).gather(1, pair)
        return both[:, 0] - both[:, 1]

    def learn(self, states: Tensor, shown: Tensor, pair: Tensor, label: Tensor) -> float:
        """One step towards what an expert prefers, `label` `[K]` (Bradley-Terry); the loss before it."""
        return self.step(F.binary_cross_entropy_with_logits(self.prefers(states, shown, pair), label))


class Debaters(Fitted):
    """Who shows what next, for the one action and against the other; one network for both sides."""

    def __init__(self, size: int, actions: int, hidden: int, lr: float, generator: torch.Generator) -> None:
        super().__init__(layers(2 * size + 2 * actions, hidden, size, generator), lr)
        self.actions = actions

    def debate(
        self, states: Tensor, pair: Tensor, pieces: int, chance: torch.Generator | None
    ) -> tuple[Tensor, Tensor]:
        """What is shown in the end, `[K, D]`, and the logarithm of the probability of each side's choices, `[K, 2]`.

        They take turns, `pieces` each, beginning with who speaks for the first action; nothing is shown twice. Without
        `chance` each shows what it holds to be best.
        """
        shown, said = torch.zeros_like(states), []
        ones = F.one_hot(pair, self.actions).float()
        for turn in range(2 * pieces):
            side = turn % 2
            given = torch.cat([states, shown, ones[:, side], ones[:, 1 - side]], dim=1)
            logits = self.network(given).masked_fill(shown > 0, -1e9)
            logp = F.log_softmax(logits, dim=1)
            choice = logits.argmax(1) if chance is None else torch.multinomial(logp.exp(), 1, generator=chance)[:, 0]
            said.append(logp.gather(1, choice[:, None])[:, 0])
            shown = shown + F.one_hot(choice, states.shape[1])
        return shown, torch.stack([sum(said[side::2], torch.zeros(len(states))) for side in (0, 1)], dim=1)

    def learn(self, judge: Judge, states: Tensor, pair: Tensor, pieces: int, chance: torch.Generator) -> float:
        """One step of both sides of a zero-sum game whose payoff is the judge's probability (REINFORCE); its mean."""
        shown, logp = self.debate(states, pair, pieces, chance)
        with torch.no_grad():
            won = judge.prefers(states, shown, pair).sigmoid()
        advantage = (won - won.mean()) / (won.std() + 1e-6)
        self.step((advantage * (logp[:, 1] - logp[:, 0])).mean())
        return float(won.mean())
