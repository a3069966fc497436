"""Tree search over copies of matches: MCTS with random playouts, and AlphaZero."""
