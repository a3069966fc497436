"""league: populations, payoff tables, meta-solvers and their ledger, registered with `marl` as a plugin."""
