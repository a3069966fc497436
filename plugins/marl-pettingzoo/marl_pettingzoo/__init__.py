"""PettingZoo's environments as marl environments.

Source: Terry et al., "PettingZoo: Gym for Multi-Agent Reinforcement Learning", NeurIPS 2021 (arXiv:2009.14471).
"""
