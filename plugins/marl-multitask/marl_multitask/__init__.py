"""Several tasks at once: one environment made of several, and networks whose last layers serve all of them."""
