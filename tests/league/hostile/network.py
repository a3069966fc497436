"""Calls out."""

import socket

from bot import main


def attack(port="80"):
    with socket.create_connection(("127.0.0.1", int(port)), timeout=2) as connection:
        return connection.recv(10)


if __name__ == "__main__":
    main(attack)
