"""Networks that play and learn: torch modules, action distributions, and the policy and snapshots made of them.

Nothing here needs Ray. Importing this package pins torch to one thread: small networks are slower on several, and the
number of threads changes how products round.
"""

import torch

from marl.training.model import ModelConfig, Sharing
from marl.training.networks.build import module_ids, networks
from marl.training.networks.distributions import Distribution, distribution
from marl.training.networks.heads import Heads
from marl.training.networks.network import Network, Output
from marl.training.networks.players import player, restore
from marl.training.networks.policy import NetworkPolicy

torch.set_num_threads(1)

__all__ = [
    "Distribution",
    "Heads",
    "ModelConfig",
    "Network",
    "NetworkPolicy",
    "Output",
    "Sharing",
    "distribution",
    "module_ids",
    "networks",
    "player",
    "restore",
]
