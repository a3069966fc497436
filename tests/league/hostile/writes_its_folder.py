"""Changes its own files, for the next match to find."""

from bot import main


def attack(place="."):
    with open(f"{place}/left-behind", "w") as file:
        file.write("hello from the last match")
    return "wrote"


if __name__ == "__main__":
    main(attack)
