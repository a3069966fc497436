"""marl: a plugin-based framework for multi-agent learning and game AI.

Everything is a match. The floor-0 nouns live in `marl.env`, `marl.policy`, `marl.algorithm`, `marl.reward`,
`marl.job` and `marl.snapshot`; nothing is imported here, so that `import marl` costs nothing.
"""

__version__ = "0.1.0"
