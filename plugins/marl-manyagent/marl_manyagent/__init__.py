"""Many agents: mean-field Q and actor-critic, and worlds of hundreds to thousands of agents to learn in.

Source: Yang et al., "Mean field multi-agent reinforcement learning", ICML 2018.
"""
