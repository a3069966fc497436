"""`python -m marl.arena FILE` plays a match again in which an environment raised; see `marl.arena.failure`."""

import sys

from marl.arena.failure import main

main(sys.argv[1:])
