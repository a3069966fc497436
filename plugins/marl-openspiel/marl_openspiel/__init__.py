"""Every OpenSpiel game as a marl environment."""
