"""Opens a setting of the kernel for writing (and writes nothing)."""

from bot import main


def attack():
    with open("/proc/sys/kernel/core_pattern", "r+b", buffering=0):
        return "opened"


if __name__ == "__main__":
    main(attack)
