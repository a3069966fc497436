"""Two armies on a grid, hundreds to thousands of soldiers each, who move, strike and die."""
