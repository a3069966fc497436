"""Every OpenSpiel game as a marl environment.

Source: Lanctot et al., "OpenSpiel: A Framework for Reinforcement Learning in Games", 2019 (arXiv:1908.09453).
"""
