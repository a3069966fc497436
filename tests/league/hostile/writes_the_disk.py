"""Writes wherever it may."""

from bot import main


def attack(*places):
    for place in places or ("/", "/usr", "/etc", "/var/tmp", "/home", "/root", "/dev", "/run", "/opt"):
        try:
            with open(f"{place}/left-behind", "w") as file:
                file.write("x")
        except OSError as error:
            last = error
        else:
            return f"wrote to {place}"
    raise last


if __name__ == "__main__":
    main(attack)
