"""Compiled graph: steps, port types, ordering and cycles."""
