"""Pipelines as data: reached with importlib.resources, never imported from."""
