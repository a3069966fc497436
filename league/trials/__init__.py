"""Trials of what plugins bring to a league, for `marl plugins check`: walked to an end on results that are made up.

Each takes the registry, a full name and parameters; it gives "" or why nothing could be tried, and raises RunError for
what breaks a promise. `Kind.trial` names them.
"""
