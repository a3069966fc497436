"""Policy gradient algorithms for marl on RLlib's learners: PPO, A2C, magnetic mirror descent."""
