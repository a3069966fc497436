"""Opens a socket to the hypervisor, which no network namespace confines."""

import socket

from bot import main


def attack():
    with socket.socket(40, socket.SOCK_STREAM):
        return "a vsock"


if __name__ == "__main__":
    main(attack)
