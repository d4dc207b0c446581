"""Meta-prompt templates as data: reached with importlib.resources, never imported from."""
