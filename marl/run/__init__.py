"""What every run has in common, whatever its kind: its directory, its lock, its journal, and how it goes on."""
