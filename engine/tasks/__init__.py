"""Tasks: task files, data files and the examples in them."""
