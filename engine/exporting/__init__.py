"""Exports of a run's prompt to other tools."""
