"""Import of promptfoo's configurations: a config becomes the mapping of a task file and rows of data."""
