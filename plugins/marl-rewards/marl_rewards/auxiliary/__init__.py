"""Auxiliary tasks: what features of a network should also be good for. Terms of the loss, for any actor-critic."""
