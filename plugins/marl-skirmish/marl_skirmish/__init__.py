"""Skirmish: a vectorised combat environment for teams, in the manner of SMAC and SMACv2."""
