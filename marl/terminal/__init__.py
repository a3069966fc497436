"""What is drawn in a terminal. Text and tables need the standard library alone, so that lists are there at once."""
