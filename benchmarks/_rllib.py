"""RLlib's own PPO at Connect Four, self-play, the peer of several benchmarks: its best configuration on two cores."""

from __future__ import annotations

import logging
import os
import warnings
from typing import Any

ROWS, MINIBATCH, EPOCHS = 4096, 512, 4


def masked_module() -> Any:
    """The class of RLlib's module. Its network is our own, layer by layer, so that both pipelines train the same."""
    from ray.rllib.core.columns import Columns
    from ray.rllib.core.learner.utils import make_target_network
    from ray.rllib.core.rl_module.apis import (
        TARGET_NETWORK_ACTION_DIST_INPUTS,
        TargetNetworkAPI,
        ValueFunctionAPI,
    )
    from ray.rllib.core.rl_module.torch import TorchRLModule

    from marl.space import Box, Discrete
    from marl.training.networks import ModelConfig
    from marl.training.networks.network import Network

    class Masked(TorchRLModule, ValueFunctionAPI, TargetNetworkAPI):
        """RLlib's own masking module wants another observation than PettingZoo's."""

        def setup(self) -> None:
            self.network = Network(Box((6, 7, 2), 0, 1, "int8"), Discrete(7), ModelConfig())

        def _forward(self, batch: Any, **_: Any) -> Any:
            return self._answer(batch, self._features(batch))

        def _forward_train(self, batch: Any, **_: Any) -> Any:
            features = self._features(batch)
            return {**self._answer(batch, features), Columns.EMBEDDINGS: features}

        def compute_values(self, batch: Any, embeddings: Any = None) -> Any:
            features = self._features(batch) if embeddings is None else embeddings
            return self.network.value_head(features)[:, 0]

        def make_target_networks(self) -> None:
            self.older = make_target_network(self.network)

        def get_target_network_pairs(self) -> Any:
            return [(self.network, self.older)]

        def forward_target(self, batch: Any) -> Any:
            features = self.older.encoder(batch[Columns.OBS]["observation"].float())
            return {TARGET_NETWORK_ACTION_DIST_INPUTS: self._inputs(self.older, batch, features)}

        def get_non_inference_attributes(self) -> list[str]:
            return ["older"]

        def _features(self, batch: Any) -> Any:
            return self.network.encoder(batch[Columns.OBS]["observation"].float())

        def _answer(self, batch: Any, features: Any) -> Any:
            return {Columns.ACTION_DIST_INPUTS: self._inputs(self.network, batch, features)}

        def _inputs(self, network: Any, batch: Any, features: Any) -> Any:
            mask = batch[Columns.OBS]["action_mask"].bool()
            return network.distribution.masked(network.policy_head(features), mask)

    return Masked


def connect_four_ppo(seed: int | None = None, **training: Any) -> Any:
    """PettingZoo's Connect Four with one policy on both sides, 64x64 tanh, sampled by 2 runners x 16 environments.

    `training`: further settings for `PPOConfig.training`. It starts Ray; end it with `stop`.
    """
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    os.environ["RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO"] = "0"
    import ray
    import torch
    from ray.rllib.algorithms.ppo import PPOConfig

    ray.init(num_cpus=2, include_dashboard=False, logging_level="ERROR", log_to_driver=False)
    torch.set_num_threads(1)
    return (
        connect_four(PPOConfig())
        .env_runners(num_env_runners=2, num_envs_per_env_runner=16, rollout_fragment_length="auto")
        .training(train_batch_size_per_learner=ROWS, minibatch_size=MINIBATCH, num_epochs=EPOCHS, **training)
        .debugging(log_level="ERROR", seed=seed)
        .build_algo()
    )


def connect_four(config: Any, module: Any = None, **model: Any) -> Any:
    """A configuration of RLlib's, for PettingZoo's Connect Four with one network, our own, on both sides.

    `module`: the class of its module (None: `masked_module`), and `model` what it is told.
    """
    from pettingzoo.classic import connect_four_v3
    from ray.rllib.core.rl_module.multi_rl_module import MultiRLModuleSpec
    from ray.rllib.core.rl_module.rl_module import RLModuleSpec
    from ray.rllib.env.wrappers.pettingzoo_env import PettingZooEnv
    from ray.tune.registry import register_env

    register_env("connect_four", lambda _: PettingZooEnv(connect_four_v3.env()))
    shared = RLModuleSpec(module_class=module or masked_module(), model_config=model)
    policies: dict[str, Any] = {"policies": {"shared"}, "policy_mapping_fn": lambda *_, **__: "shared"}
    return (
        config.environment("connect_four")
        .multi_agent(**policies, count_steps_by="env_steps")
        .rl_module(rl_module_spec=MultiRLModuleSpec(rl_module_specs={"shared": shared}))
    )


def played_network(algorithm: Any, spec: Any, network: Any = None) -> Any:
    """What an algorithm on `connect_four` has learned, as one of our policies.

    `network`: one of the kind that it has (None: as in `masked_module`).
    """
    import torch

    from marl.training.networks import NetworkPolicy, networks

    policy = NetworkPolicy(spec, {"player": network} if network else networks(spec))
    state = algorithm.learner_group.get_weights()["shared"]
    weights = {
        key.removeprefix("network."): torch.as_tensor(v) for key, v in state.items() if key.startswith("network.")
    }
    policy.networks["player"].load_state_dict(weights)
    return policy


def stop(algorithm: Any) -> None:
    """End the algorithm and Ray."""
    import ray

    algorithm.stop()
    ray.shutdown()
