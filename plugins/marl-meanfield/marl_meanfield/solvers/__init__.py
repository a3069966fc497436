"""The solvers of the plugin: one file each."""
