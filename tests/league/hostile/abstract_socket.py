"""Talks to a service of the host over a socket without a file."""

import socket

from bot import main


def attack(name="/tmp/.X11-unix/X0"):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(2)
        connection.connect("\0" + name)
        return connection.recv(10)


if __name__ == "__main__":
    main(attack)
