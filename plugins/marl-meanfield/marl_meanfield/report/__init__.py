"""The report of a mean-field run: one self-contained HTML file."""
