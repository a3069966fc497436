"""Kills somebody else: its parent, or everybody."""

import os
import signal

from bot import main


def attack(victim=""):
    if victim:
        os.kill(int(victim), signal.SIGKILL)
    elif os.getppid() == 1:  # only inside a sandbox: outside, this would be the host
        os.kill(1, signal.SIGKILL)
        os.kill(-1, signal.SIGTERM)
    return "killed"


if __name__ == "__main__":
    main(attack)
