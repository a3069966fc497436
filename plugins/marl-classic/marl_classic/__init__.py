"""Vectorised numpy environments for marl: matrix games, Kuhn and Leduc poker, tic-tac-toe, Connect Four."""
