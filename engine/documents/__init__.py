"""Text files with positions: YAML read as data, misfits in plain words, and what is shipped."""
