"""Overcooked: agents cook onion soups together and serve them.

| file | holds |
|---|---|
| `kitchens` | the five classic layouts, and how a layout is read from text |
| `rules` | what an interaction does, as one table |
| `game` | the environment: who moves where, what pots do, what is paid |
| `layers`, `features`, `state` | what is seen: layers of a grid, a vector for each agent, the true state |
| `picture` | how a match is drawn |
"""
