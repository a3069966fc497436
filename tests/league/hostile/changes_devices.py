"""Takes /dev/null away from everybody."""

import os

from bot import main


def attack(device="/dev/null"):
    mode = os.stat(device).st_mode & 0o777
    os.chmod(device, mode)
    return "changed"


if __name__ == "__main__":
    main(attack)
