"""Red teams: exploiters trained against one player for a stated budget, what they found, and the games that it lost.

`team` trains, measures and records; `findings` is what comes of it; `page` and `told` show it.
"""
