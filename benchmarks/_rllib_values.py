"""Our value network, layer by layer, as the module of RLlib's own DQN at PettingZoo's Connect Four."""

from __future__ import annotations

from typing import Any


def value_network() -> Any:
    """A new network as our DQN makes it: 64x64 relu, duelling."""
    from marl.space import Box, Discrete
    from marl.training.networks import Heads, ModelConfig
    from marl.training.networks.network import Network

    model = ModelConfig(hidden=[64, 64], activation="relu")
    return Network(Box((6, 7, 2), 0, 1, "int8"), Discrete(7), model, Heads("duelling", value=False, start="uniform"))


def value_module() -> Any:
    """The class of RLlib's module: values of legal actions, explored as RLlib's own module does, within the mask."""
    import torch
    from ray.rllib.algorithms.dqn.default_dqn_rl_module import QF_NEXT_PREDS, QF_PREDS, QF_TARGET_NEXT_PREDS
    from ray.rllib.core.columns import Columns
    from ray.rllib.core.learner.utils import make_target_network
    from ray.rllib.core.rl_module.apis import QNetAPI, TargetNetworkAPI
    from ray.rllib.core.rl_module.torch import TorchRLModule
    from ray.rllib.utils.schedules.scheduler import Scheduler

    def values(network: Any, observation: Any) -> dict[str, Any]:
        mask = observation["action_mask"].bool()
        return {QF_PREDS: network(observation["observation"].float(), mask).inputs}

    class Values(TorchRLModule, QNetAPI, TargetNetworkAPI):
        """Illegal actions are worth -1e9, so that neither play nor the targets of double Q-learning choose them."""

        def setup(self) -> None:
            self.network = value_network()
            self.epsilon = Scheduler(fixed_value_or_schedule=self.model_config["epsilon"], framework="torch")

        def _forward_inference(self, batch: Any, **_: Any) -> Any:
            return {Columns.ACTIONS: self.compute_q_values(batch)[QF_PREDS].argmax(1)}

        def _forward_exploration(self, batch: Any, t: int, **_: Any) -> Any:
            self.epsilon.update(t)
            best = self.compute_q_values(batch)[QF_PREDS].argmax(1)
            drawn = torch.multinomial(batch[Columns.OBS]["action_mask"].float(), 1)[:, 0]
            return {Columns.ACTIONS: torch.where(torch.rand(len(best)) < self.epsilon.get_current_value(), drawn, best)}

        def _forward_train(self, batch: Any, **_: Any) -> Any:
            return {
                QF_PREDS: values(self.network, batch[Columns.OBS])[QF_PREDS],
                QF_NEXT_PREDS: values(self.network, batch[Columns.NEXT_OBS])[QF_PREDS],
                QF_TARGET_NEXT_PREDS: self.forward_target({Columns.OBS: batch[Columns.NEXT_OBS]})[QF_PREDS],
            }

        def compute_q_values(self, batch: Any) -> Any:
            return values(self.network, batch[Columns.OBS])

        def make_target_networks(self) -> None:
            self.older = make_target_network(self.network)

        def get_target_network_pairs(self) -> Any:
            return [(self.network, self.older)]

        def forward_target(self, batch: Any) -> Any:
            return values(self.older, batch[Columns.OBS])

        def get_non_inference_attributes(self) -> list[str]:
            return ["older"]

    return Values
