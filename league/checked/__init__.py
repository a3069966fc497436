"""What plugins bring to a league, asked with care: an error, or a wrong answer, is a sentence that names the plugin."""
