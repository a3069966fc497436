"""Looks for the host's secrets in environments: its own, and those of other processes."""

import glob

from bot import main


def attack(word="SECRET"):
    for place in glob.glob("/proc/[0-9]*/environ"):
        try:
            with open(place, "rb") as file:
                if word.encode() in file.read():
                    return place
        except OSError:
            pass
    raise LookupError(word)


if __name__ == "__main__":
    main(attack)
