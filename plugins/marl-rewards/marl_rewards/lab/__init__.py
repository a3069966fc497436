"""The reward lab: look at rewards before a run, find out what each did in one, and try a scenario without each."""
