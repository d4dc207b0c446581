"""Comparison of optimizers: a matrix of runs over tasks and seeds, its statistics and its tables."""
