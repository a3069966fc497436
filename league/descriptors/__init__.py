"""What the league brings, described; apart from the code, whose packages import numpy."""
