"""Jobs: a league's orders on their way from what is asked for to what joins."""
