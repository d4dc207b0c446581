"""Sweeps: a matrix of cells, each a run, and how they are run."""
