"""Memory in many small processes: each is modest, the herd is not."""

import os
import time

from bot import child, main


def attack():
    def hoard():
        grown = bytearray()
        for _ in range(50):
            grown += b"x" * (2 << 20)
            time.sleep(0.01)
        time.sleep(0.5)
        os.write(1, b"one is done\n")

    children = [child(hoard) for _ in range(6)]
    done = [os.waitpid(pid, 0)[1] for pid in children]
    if any(done):
        raise MemoryError(done)
    return "600 MiB in 6 processes"


if __name__ == "__main__":
    main(attack)
