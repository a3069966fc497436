"""What every run has in common, whatever its kind: its directory, its lock, its lineage, and how it goes on."""
