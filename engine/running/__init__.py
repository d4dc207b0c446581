"""Running a checked graph: scopes, nodes, loops, scores, and the report."""
