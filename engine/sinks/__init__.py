"""Sinks: other programs' servers that a run is sent to while it works, or afterwards from its folder."""
