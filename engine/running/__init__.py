"""Run a checked graph: steps, loops, generation, scoring and the held-out comparison."""
