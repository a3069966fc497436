"""Changing a league that may be running: who is asked, what is taken when, and copies of it as it was.

`ask` checks what somebody wants and writes it into the ledger; `taking` is the league's side of it; `fork` makes a run
of a league as it was at the end of an iteration.
"""
