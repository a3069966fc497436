"""Pushes characters into a terminal, as if the host had typed them."""

import errno
import fcntl
import termios

from bot import main


def attack():
    try:
        fcntl.ioctl(0, termios.TIOCSTI, b"x")
    except OSError as error:
        if error.errno == errno.EPERM:
            raise
        return f"tried, and only lacked a terminal: {error}"
    return "typed"


if __name__ == "__main__":
    main(attack)
