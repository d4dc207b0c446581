"""Bounds of calls and estimates of cost, before a run."""
