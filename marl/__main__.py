"""`python -m marl` is `marl`."""

from marl.cli.main import main

main()
