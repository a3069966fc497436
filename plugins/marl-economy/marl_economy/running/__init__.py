"""Runs of `kind: economy`: one planner, one sort of workers, year after year."""
