"""Deep CFR: regret minimisation on matches that are traversed, with networks in place of tables."""
