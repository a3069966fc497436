"""A world of tiles in which agents forage, fight, die and are born, hundreds at a time.

Source: Suarez et al., "Neural MMO: a massively multiagent game environment for training and evaluating intelligent
agents", 2019 (arXiv:1903.00784), whose foraging, fighting and measures of exploration it follows in spirit; the numbers
are its own.
"""
