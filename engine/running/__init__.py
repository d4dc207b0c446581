"""Running a checked graph: steps, loops, generation, scoring, evaluation."""
