"""Requests of single steps before any run: rendered with examples of a task, and the reading of a reply."""
