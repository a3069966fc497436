"""What a league hands to workers: jobs, cells of its payoffs, parts of its measures, and questions about jobs.

Everything is an item of one queue; the pool behind it is this process, worker processes, or a Ray cluster.
"""
