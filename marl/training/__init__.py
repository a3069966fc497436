"""Training with networks: rows from the arena, advantages in numpy, RLlib's learners, checkpoints of arrays and JSON.

Data flows one way: `marl.arena.Sampler` -> `Rollout` (advantages, columns) -> `ColumnLearner.fit` -> the live policy.
Importing this package imports neither torch nor Ray; its modules do, when they are used.
"""
