"""VMAS (vectorised multi-agent simulator) as marl environments, batched: its environments are our lanes."""
