"""Value decomposition: teams that learn what is good for all of them, and act each on its own."""
