"""The mean-field games of the plugin."""
