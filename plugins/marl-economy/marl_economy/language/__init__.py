"""Language models as planners, workers and voters, behind any endpoint that speaks OpenAI's protocol."""
