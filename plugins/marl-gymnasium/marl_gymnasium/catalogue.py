"""The environments that Gymnasium brings, written down here so that listing the plugin does not import Gymnasium."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Listed:
    """One environment: Gymnasium's id, a line about it, and the extra of Gymnasium that it needs ("" for none).

    `limit`: after how many ticks a match is cut short where Gymnasium itself sets none. `fresh`: a match needs a new
    environment, because `reset` leaves something of the last match behind (Box2D's world, which is not made anew).
    """

    id: str
    summary: str
    extra: str = ""
    limit: int | None = None
    fresh: bool = False

    @property
    def attribute(self) -> str:
        """The id as a Python name: `CartPole_v1`."""
        return self.id.replace("-", "_")


LISTED = (
    Listed("CartPole-v1", "Balance a pole on a cart; see also the faster gymnasium/cartpole"),
    Listed("Pendulum-v1", "Swing a pendulum up by a torque; see also the faster gymnasium/pendulum"),
    Listed("MountainCar-v0", "Rock a weak car out of a valley by pushing left or right"),
    Listed("MountainCarContinuous-v0", "Rock a weak car out of a valley with a force of any strength"),
    Listed("Acrobot-v1", "Swing two linked rods up by a torque on the joint between them"),
    Listed("Blackjack-v1", "Beat the dealer's hand without going over 21", limit=100),
    Listed("FrozenLake-v1", "Cross a slippery frozen lake of 4 by 4 cells"),
    Listed("FrozenLake8x8-v1", "Cross a slippery frozen lake of 8 by 8 cells"),
    Listed("CliffWalking-v1", "Walk along a cliff to the other side", limit=1000),
    Listed("CliffWalkingSlippery-v1", "Walk along a slippery cliff to the other side", limit=1000),
    Listed("Taxi-v3", "Fetch a passenger and take them where they want to go"),
    Listed("LunarLander-v3", "Land a spacecraft with four choices of engine", "box2d"),
    Listed("LunarLanderContinuous-v3", "Land a spacecraft with engines of any power", "box2d"),
    Listed("BipedalWalker-v3", "Walk on two legs over rough ground", "box2d", fresh=True),
    Listed("BipedalWalkerHardcore-v3", "Walk on two legs over stumps, stairs and pits", "box2d", fresh=True),
    Listed("CarRacing-v3", "Drive a race track seen from above, from pixels", "box2d", fresh=True),
    Listed("Ant-v5", "Run with four legs (MuJoCo)", "mujoco"),
    Listed("HalfCheetah-v5", "Run with two legs in a plane (MuJoCo)", "mujoco"),
    Listed("Hopper-v5", "Hop on one leg (MuJoCo)", "mujoco"),
    Listed("Humanoid-v5", "Run as a humanoid (MuJoCo)", "mujoco"),
    Listed("HumanoidStandup-v5", "Stand up as a humanoid (MuJoCo)", "mujoco"),
    Listed("InvertedDoublePendulum-v5", "Balance two linked poles on a cart (MuJoCo)", "mujoco"),
    Listed("InvertedPendulum-v5", "Balance a pole on a cart with a force of any strength (MuJoCo)", "mujoco"),
    Listed("Pusher-v5", "Push an object to a goal with a robot arm (MuJoCo)", "mujoco"),
    Listed("Reacher-v5", "Reach a point with an arm of two joints (MuJoCo)", "mujoco"),
    Listed("Swimmer-v5", "Swim in a plane (MuJoCo)", "mujoco"),
    Listed("Walker2d-v5", "Walk on two legs in a plane (MuJoCo)", "mujoco"),
)


def listed(id: str) -> Listed:
    """What is written down of an environment; one that is not from here needs nothing special."""
    return next((entry for entry in LISTED if entry.id == id), Listed(id, id))
