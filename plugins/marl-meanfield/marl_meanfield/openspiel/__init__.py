"""OpenSpiel's mean-field games, as arrays."""
