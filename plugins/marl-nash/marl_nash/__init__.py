"""Self-play that goes to an equilibrium, with networks: what is played last converges, not an average."""
