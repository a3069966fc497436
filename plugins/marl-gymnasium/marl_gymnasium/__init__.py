"""Gymnasium's single-agent environments as marl environments, and fast native CartPole and Pendulum.

Source: Towers et al., "Gymnasium: A Standard Interface for Reinforcement Learning Environments" (arXiv:2407.17032).
"""
