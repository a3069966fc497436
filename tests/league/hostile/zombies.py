"""Hundreds of children that nobody waits for."""

from bot import child, main


def attack():
    for _ in range(300):
        child(lambda: None)
    return "300 zombies"


if __name__ == "__main__":
    main(attack)
