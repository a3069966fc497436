"""Leaves a process behind that ignores signals, in a session of its own."""

import os
import signal
import sys
import time

from bot import main


def attack(marker="left-behind"):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGPIPE):
                signal.signal(number, signal.SIG_IGN)
            null = os.open("/dev/null", os.O_RDWR)
            for number in (0, 1, 2):
                os.dup2(null, number)
            os.execve(sys.executable, [sys.executable, "-c", "import time; time.sleep(8)", marker], {})
        os._exit(0)
    time.sleep(0.3)
    return "left"


if __name__ == "__main__":
    main(attack)
