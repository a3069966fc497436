"""Reads other bots' files, and the ledger."""

from bot import main


def attack(*places):
    for place in places or ("/etc/shadow", "/root/.ssh", "../other/bot.yaml", "../../ledger.db"):
        try:
            with open(place, "rb") as file:
                return file.read(100)
        except OSError as error:
            last = error
    raise last


if __name__ == "__main__":
    main(attack)
