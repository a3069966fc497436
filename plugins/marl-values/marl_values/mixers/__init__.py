"""Mixers: one value of a team from what its agents chose, and networks that value joint actions without a limit."""
