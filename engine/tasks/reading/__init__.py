"""Formats of data files: each module reads one format into rows."""
