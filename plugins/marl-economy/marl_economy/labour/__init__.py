"""Workers choose how much they work: the economy of the textbook, whose Stackelberg solution is known."""
