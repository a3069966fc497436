"""Plays the first legal action: what the others are measured by."""

from bot import honest, play

if __name__ == "__main__":
    play(honest)
