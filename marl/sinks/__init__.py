"""The sinks that come with marl. Each stands on a package of others, which is imported when the sink is made."""
